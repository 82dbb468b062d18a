"""What more replicas and more concurrency bring: processor time a case, and deliveries to slow units.

One, two and three daemons over one PostgreSQL; units that take 200 ms to answer. Nothing here asserts a time.
``make bench`` prints the figures and writes ``build/bench/replicas.json``; ``docs/explanation/scaling.md`` quotes them.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.ledger import Json
from bridge.testing.counterparts.temper import Temper
from bridge.testing.fleet import EVERY_ROLE, Fleet
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.conftest import empty_database

COUNT = int(os.environ.get("REPLICA_TICKETS", "300"))
IDLE_SECONDS = 6.0
DELIVERIES = 120
SLOW = Temper(delay_seconds=(0.2, 0.2))
ENVIRONMENT = {"BRIDGE_REVIEW": "false", "BRIDGE_WEB__DRAIN_SECONDS": "0"}
REPORT = Path("build/bench/replicas.json")
PATIENCE_SECONDS = 600.0


def keep(name: str, figures: Json) -> None:
    """Put figures into the report beside those that are there."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    REPORT.write_text(json.dumps(found | {name: figures}, indent=2), encoding="utf-8")


def used_by(fleet: Fleet) -> float:
    """Return the processor time all daemons have used so far, in seconds."""
    return sum(bridge.cpu_seconds() for bridge in fleet.bridges)


def idle_share(fleet: Fleet) -> float:
    """Return how much of a core the daemons use together when nothing is to be done."""
    before, began = used_by(fleet), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (used_by(fleet) - before) / (time.monotonic() - began)


def everything_is_taken(fleet: Fleet) -> bool:
    return not fleet.hotline.state()["unanswered"]


def drafts(prefix: str, count: int) -> list[Json]:
    return [draft.body for draft in islice(tickets(random.Random(prefix), prefix, datetime.now(UTC)), count)]


@pytest.fixture
async def databases(postgres: str) -> AsyncIterator[list[str]]:
    async with empty_database(postgres) as one, empty_database(postgres) as two, empty_database(postgres) as three:
        yield [one, two, three]


def test_processor_time_a_case_with_more_replicas(tmp_path: Path, databases: list[str]) -> None:
    figures: dict[str, dict[str, float]] = {}
    for number, database_url in enumerate(databases, 1):
        directory = tmp_path / f"fleet-{number}"
        directory.mkdir()
        with Fleet(directory, database_url, roles=(EVERY_ROLE,) * number, environment=ENVIRONMENT) as fleet:
            idle = idle_share(fleet)
            before, began = used_by(fleet), time.monotonic()
            fleet.hotline.load(drafts(f"CPU{number}", COUNT))
            Storm(fleet, random.Random(0), kills=0).calm(PATIENCE_SECONDS)
            seconds = time.monotonic() - began
            used = used_by(fleet) - before
        figures[str(number)] = {
            "cpu_ms_a_case": used / COUNT * 1_000,
            "without_idle_ms": (used - idle * seconds) / COUNT * 1_000,
            "idle_share_each": idle / number,
            "seconds": seconds,
        }
        one, these = figures["1"], figures[str(number)]
        ratios = [these[name] / one[name] for name in ("cpu_ms_a_case", "without_idle_ms")]
        print(
            f"\n{number} replicas: {these['cpu_ms_a_case']:.1f} ms CPU a case ({ratios[0]:.2f} x one), without their idle "
            f"{idle / number:.1%} of a core each {these['without_idle_ms']:.1f} ms ({ratios[1]:.2f} x); {seconds:.0f} s"
        )
    keep("cpu", figures)
    assert set(figures) == {"1", "2", "3"}


def test_deliveries_to_slow_units_scale_with_concurrency(tmp_path: Path, databases: list[str]) -> None:
    figures: dict[str, dict[str, float]] = {}
    for database_url, at_once in zip(databases, (1, 8, 32), strict=True):
        directory = tmp_path / f"fleet-{at_once}"
        directory.mkdir()
        environment = ENVIRONMENT | {"BRIDGE_WORKER__PER_TARGET": str(at_once)}
        roles = ("web,clock", "worker")
        with Fleet(
            directory, database_url, roles=roles, environment=environment, temper=SLOW, automatic=False
        ) as fleet:
            desk, worker = fleet.desks[0], fleet.bridges[1]
            worker.kill()
            fleet.hotline.load(drafts(f"SLOW{at_once}", DELIVERIES))
            wait_until(partial(everything_is_taken, fleet), timeout_seconds=300, what="every ticket")
            worker.start()
            wait_until(desk.received, timeout_seconds=60, what="the first delivery")
            began, first = time.monotonic(), len(desk.received())
            seen, ended = first, began
            while Storm(fleet, random.Random(0), 0).unsettled():
                if (now := len(desk.received())) > seen:
                    seen, ended = now, time.monotonic()
            rate = (seen - first) / (ended - began)
        figures[str(at_once)] = {
            "deliveries_a_second": rate,
            "ratio": rate / figures["1"]["deliveries_a_second"] if figures else 1.0,
        }
        print(f"\n{at_once} at once: {rate:.1f} deliveries/s to units that take 200 ms")
    keep("slow_units", figures)
    assert set(figures) == {"1", "8", "32"}
