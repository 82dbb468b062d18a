"""What more replicas cost: processor time a case with one, two and three daemons over one PostgreSQL.

The fleets stand side by side, each on a database of its own, and take the same orders in turns; requests and answers go
to every daemon in turn. What the daemons use while nothing is to be done is part of it, and shown apart as well.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.benchmarks import report
from tests.benchmarks.bridges import Bench, server_cpu_seconds
from tests.benchmarks.limits import postmaster_of
from tests.benchmarks.test_speed import ROUNDS, TICKETS, Round
from tests.conftest import fresh_database

SIZES = (1, 2, 3)
SENDERS = 16
IDLE_SECONDS = 5.0


@pytest.fixture
async def databases(postgres: str) -> AsyncIterator[list[str]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(fresh_database(postgres)) for _ in SIZES]


async def test_processor_time_a_case_with_more_replicas(tmp_path: Path, databases: list[str]) -> None:
    postmaster = await postmaster_of(databases[0])
    fleets = {
        size: Bench(tmp_path / f"fleet-{size}", url, travels=True, replicas=size)
        for size, url in zip(SIZES, databases, strict=True)
    }
    try:
        for fleet in fleets.values():
            fleet.start()
            fleet.order(SENDERS, SENDERS)
        idle = _idle_shares(fleets)
        rounds = [_one_round(fleets, postmaster) | idle for _ in range(ROUNDS)]
    finally:
        for fleet in fleets.values():
            fleet.kill()
    report.write("replicas", rounds)
    assert all(each["cpu_ms_1"] > 0 for each in rounds)


def _idle_shares(fleets: dict[int, Bench]) -> Round:
    """Return how much of a core each fleet uses when nothing is to be done."""
    before, began = {size: fleet.cpu_seconds() for size, fleet in fleets.items()}, time.monotonic()
    time.sleep(IDLE_SECONDS)
    took = time.monotonic() - began
    return {f"idle_{size}": (fleet.cpu_seconds() - before[size]) / took for size, fleet in fleets.items()}


def _one_round(fleets: dict[int, Bench], postmaster: int) -> Round:
    figures: Round = {}
    for size, fleet in fleets.items():
        before, server = fleet.cpu_seconds(), server_cpu_seconds(postmaster)
        whole = fleet.order(TICKETS, SENDERS)
        figures[f"cpu_ms_{size}"] = 1_000 * (fleet.cpu_seconds() - before) / TICKETS
        figures[f"server_ms_{size}"] = 1_000 * (server_cpu_seconds(postmaster) - server) / TICKETS
        figures[f"travels_{size}"] = whole.rate
    for size in SIZES[1:]:
        figures[f"cpu_ratio_{size}"] = figures[f"cpu_ms_{size}"] / figures["cpu_ms_1"]
        figures[f"server_ratio_{size}"] = figures[f"server_ms_{size}"] / figures["server_ms_1"]
    return figures
