"""Deliveries a second: with many messages waiting, beside another queue that does nothing, and to units that take time.

A daemon without a worker takes the tickets; started again with all roles it sends what waits, to a crowd that takes
messages and nothing more. Nothing here asserts a time.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import ROOT
from tests.benchmarks import report
from tests.benchmarks.bridges import Bench, result_of
from tests.benchmarks.test_speed import ROUNDS, TICKETS, Round
from tests.conftest import fresh_database

EVERY_ROLE = "web,worker,clock,feeds"
AT_ONCE = (1, 8, 32)
SLOW_SECONDS = 0.2
SLOW_DELIVERIES = {1: 80, 8: 160, 32: 320}
JOBS_AT_ONCE = 50


@pytest.fixture
async def databases(postgres: str) -> AsyncIterator[list[str]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(fresh_database(postgres)) for _ in range(2)]


def test_deliveries(tmp_path: Path, databases: list[str]) -> None:
    benches = {
        "sqlite": Bench(tmp_path / "sqlite", None, travels=True),
        "postgres": Bench(tmp_path / "postgres", databases[0], travels=True),
    }
    try:
        for bench in benches.values():
            bench.start()
        rounds = [_one_round(benches, databases[1]) for _ in range(ROUNDS)]
    finally:
        for bench in benches.values():
            bench.kill()
    report.write("deliveries", rounds)
    assert all(each["postgres"] > 0 for each in rounds)


def _one_round(benches: dict[str, Bench], queue: str) -> Round:
    figures: Round = {name: _delivered(bench, TICKETS) for name, bench in benches.items()}
    if importlib.util.find_spec("procrastinate"):
        figures["queue"] = _jobs_a_second(queue)
        figures |= {f"{name}_queue_ratio": figures[name] / figures["queue"] for name in benches}
    slow = {number: _delivered(benches["sqlite"], SLOW_DELIVERIES[number], SLOW_SECONDS, number) for number in AT_ONCE}
    return figures | {f"slow_{number}": rate for number, rate in slow.items()} | {
        f"slow_ratio_{number}": slow[number] / slow[1] for number in AT_ONCE[1:]
    }  # fmt: skip


def _delivered(bench: Bench, count: int, delay_seconds: float = 0.0, per_target: int = 8) -> float:
    """Let messages pile up while nobody delivers, then deliver them all; returns deliveries a second."""
    bench.live_as("web,clock").wait_ready()
    bench.load(count)
    crowd = bench.deliver(count, delay_seconds)
    bench.live_as(EVERY_ROLE, BRIDGE_WORKER__PER_TARGET=str(per_target))
    return result_of(crowd).rate


def _jobs_a_second(database_url: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.no_op_queue", database_url, str(TICKETS), str(JOBS_AT_ONCE)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return float(done.stdout)
