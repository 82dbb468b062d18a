"""Nothing is lost or doubled when daemons over one PostgreSQL are killed with -9 in turn, whatever each of them does.

5 % of the counterparts' answers fail. ``STORM_SEED`` repeats a storm; ``make soak`` runs it with 3,000 tickets.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.counterparts.temper import Temper
from bridge.testing.fleet import EVERY_ROLE, Fleet
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.test_kill_storm import Findings
from tests.conftest import empty_database

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.slow]

ENVIRONMENT = {"BRIDGE_REVIEW": "false", "BRIDGE_WEB__DRAIN_SECONDS": "0"}
TWO = (EVERY_ROLE, EVERY_ROLE)
THREE = (EVERY_ROLE, EVERY_ROLE, EVERY_ROLE)
MIXED = ("web,clock", "web,worker", "worker,feeds")
SOAK = (pytest.mark.soak, pytest.mark.timeout(1800))


@pytest.fixture
async def database_url(postgres: str) -> AsyncIterator[str]:
    async with empty_database(postgres) as url:
        yield url


@pytest.mark.parametrize(
    ("roles", "count", "kills"),
    [
        pytest.param(MIXED, 120, 5, id="three of different roles"),
        pytest.param(TWO, 3_000, 30, marks=SOAK, id="two, at length"),
        pytest.param(THREE, 3_000, 30, marks=SOAK, id="three, at length"),
        pytest.param(MIXED, 3_000, 30, marks=SOAK, id="three of different roles, at length"),
    ],
)
def test_every_ticket_survives_a_storm_over_the_replicas(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str], roles: Sequence[str], count: int, kills: int
) -> None:
    seed = int(os.environ.get("STORM_SEED") or random.randrange(10**6))
    dice = random.Random(seed)
    drafts = [draft.body for draft in islice(tickets(dice, "STORM", datetime.now(UTC)), count)]
    temper = Temper(error_rate=0.05, duplicate_rate=0.02, delay_seconds=(0.0, 0.02), seed=seed)
    with Fleet(tmp_path, database_url, roles=roles, environment=ENVIRONMENT, temper=temper) as fleet:
        storm, began = Storm(fleet, dice, kills), time.monotonic()
        storm.rage(drafts)
        raged = time.monotonic()
        storm.calm()
        seconds = f"{raged - began:.0f}+{time.monotonic() - raged:.0f}"
        found = Findings(fleet)
        lives = [bridge.lives for bridge in fleet.bridges]
        with capsys.disabled():
            print(f"\nstorm roles={list(roles)} seed={seed} seconds={seconds} lives={lives} {found.summary()}")
        found.check([body["external_id"] for body in drafts])
        assert storm.unsettled() == {}
        assert sum(lives) == len(lives) + kills
        assert [bridge.stop() for bridge in fleet.bridges] == [0] * len(lives)
