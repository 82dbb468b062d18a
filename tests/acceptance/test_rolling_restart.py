"""Every daemon is replaced in turn while tickets and receipts keep coming: nobody is refused, nothing is doubled."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.temper import Temper
from bridge.testing.fleet import Fleet
from bridge.testing.process import BridgeProcess
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.test_kill_storm import Findings
from tests.conftest import empty_database

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.slow]

PORTION = 40
PACE = Temper(delay_seconds=(0.1, 0.4))
ENVIRONMENT = {"BRIDGE_REVIEW": "false", "BRIDGE_WEB__DRAIN_SECONDS": "1.5"}


@pytest.fixture
async def database_url(postgres: str) -> AsyncIterator[str]:
    async with empty_database(postgres) as url:
        yield url


def test_a_rolling_restart_under_load_refuses_nobody(tmp_path: Path, database_url: str) -> None:
    dice = random.Random(20260302)
    drafts = [draft.body for draft in islice(tickets(dice, "ROLL", datetime.now(UTC)), 3 * PORTION)]
    with Fleet(tmp_path, database_url, environment=ENVIRONMENT, temper=PACE) as fleet:
        fleet.hotline.load(drafts[:PORTION])
        for number, bridge in enumerate(fleet.bridges, 1):
            served = replaced(fleet, bridge)
            assert served > 0
            fleet.hotline.load(drafts[number * PORTION :][:PORTION])
        storm = Storm(fleet, dice, kills=0)
        storm.calm()
        found = Findings(fleet)
        found.check([body["external_id"] for body in drafts])
        for counterpart in (fleet.hotline, *fleet.desks):
            assert counterpart.state()["sent"]["lost"] == 0
            assert [entry.webhook_id for entry in counterpart.received() if entry.times > 1] == []
        assert max(fleet.balancer.answers) < 500
        assert [bridge.lives for bridge in fleet.bridges] == [2, 2]


def replaced(fleet: Fleet, bridge: BridgeProcess) -> int:
    """Stop a daemon in order and start it again; returns how many requests were answered meanwhile."""
    before = fleet.balancer.answers.total()
    assert bridge.stop() == 0
    served = fleet.balancer.answers.total() - before
    bridge.start()
    bridge.wait_ready()
    wait_until(lambda: bridge.site.url in fleet.balancer.ready, what="the balancer to notice")
    return served
