"""Two daemons over one PostgreSQL: their values, put together as the help texts say, are the county's."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.fleet import Fleet
from bridge.testing.process import BridgeProcess
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.scrapes import leads, scraped, total
from tests.conftest import empty_database

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.slow]

COUNT = 24


@pytest.fixture
async def database_url(postgres: str) -> AsyncIterator[str]:
    async with empty_database(postgres) as url:
        yield url


def test_counters_add_up_and_one_replica_tells_of_the_ledger(tmp_path: Path, database_url: str) -> None:
    dice = random.Random(5)
    bodies = [draft.body for draft in islice(tickets(dice, "FLEET", datetime.now(UTC)), COUNT)]
    with Fleet(tmp_path, database_url, environment={"BRIDGE_REVIEW": "false"}) as fleet:
        fleet.hotline.load(bodies)
        Storm(fleet, dice, kills=0).calm()
        wait_until(lambda: len(leaders(fleet)) == 1, what="one leader")
        wait_until(lambda: adds_up(fleet), what="counters that add up to the ledger")
        (leader,) = leaders(fleet)
        before = scraped(leader)["cases"]
        assert sum(before.values()) == COUNT

        leader.kill()
        (other,) = (bridge for bridge in fleet.bridges if bridge is not leader)
        wait_until(lambda: leads(scraped(other)), what="the other replica to lead")
        assert scraped(other)["cases"] == before


def leaders(fleet: Fleet) -> list[BridgeProcess]:
    return [bridge for bridge in fleet.bridges if leads(scraped(bridge))]


def adds_up(fleet: Fleet) -> bool:
    found = [scraped(bridge) for bridge in fleet.bridges]
    sent = sum(total(each, "delivery_attempts_total") - total(each, "delivery_failures_total") for each in found)
    accepted = sum(total(each, "tickets_accepted_total") for each in found)
    delivered = max(
        sum(value for (_, state), value in each.get("outbox_messages", {}).items() if state == "delivered")
        for each in found
    )
    return (accepted, sent) == (COUNT, delivered)
