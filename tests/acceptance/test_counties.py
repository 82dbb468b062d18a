"""Two counties, a daemon and a ``bridge.toml`` each, on one PostgreSQL: neither sees, answers or disturbs the other."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.fleet import EVERY_ROLE, Fleet
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.test_kill_storm import Findings, every_case
from tests.conftest import empty_database

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.slow]

ENVIRONMENT = {"BRIDGE_REVIEW": "false", "BRIDGE_WEB__DRAIN_SECONDS": "0"}
COUNT = 12


@pytest.fixture
async def database_url(postgres: str) -> AsyncIterator[str]:
    async with empty_database(postgres) as url:
        yield url


def test_two_counties_share_a_database_and_nothing_else(tmp_path: Path, database_url: str) -> None:
    """Both hotlines use the same ticket numbers and webhook-ids; one daemon is killed while the other works."""
    drafts = [draft.body for draft in islice(tickets(random.Random(5), "SAME", datetime.now(UTC)), COUNT)]
    other_drafts = [{**body, "content": f"{body['content']}请尽快答复。"} for body in drafts]
    with (
        county(tmp_path / "here", database_url, "140525") as here,
        county(tmp_path / "there", database_url, "140526") as there,
    ):
        here.hotline.load(drafts)
        there.hotline.load(other_drafts)
        there.bridge.kill()
        there.bridge.start()
        there.bridge.wait_ready()
        for fleet in (here, there):
            Storm(fleet, random.Random(0), kills=0).calm()
            Findings(fleet).check([body["external_id"] for body in drafts])
        ids = {fleet.site.region_code: {case["id"] for case in every_case(fleet)} for fleet in (here, there)}
        assert ids["140525"].isdisjoint(ids["140526"])
        token = here.bridge.add_token("asking", "auditor")
        headers = {"authorization": f"Bearer {token}"}
        assert there.bridge.ask("GET", "/v1/cases", headers=headers).status == 401
        for case_id in list(ids["140526"])[:3]:
            assert here.bridge.ask("GET", f"/v1/cases/{case_id}", headers=headers).status == 404


def county(directory: Path, database_url: str, region_code: str) -> Fleet:
    directory.mkdir()
    return Fleet(directory, database_url, roles=(EVERY_ROLE,), environment=ENVIRONMENT, region_code=region_code)
