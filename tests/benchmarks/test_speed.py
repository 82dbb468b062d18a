"""Intake and whole travels on both databases, each round beside its limit and beside the naive way.

Rounds are interleaved and every ratio is taken within its round, so that it means something on a noisy machine; the
absolute figures do not. Nothing here asserts a time. ``make bench`` writes ``build/bench/speed-*.json``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import ROOT, wait_until
from bridge.testing.counterparts.webhooks import new_secret
from bridge.testing.process import free_port
from tests.benchmarks import report
from tests.benchmarks.bridges import Bench
from tests.benchmarks.limits import postgres_commits, sqlite_commits
from tests.conftest import fresh_database

ROUNDS = int(os.environ.get("ROUNDS", "3"))
TICKETS = int(os.environ.get("TICKETS", "400"))

Round = dict[str, float]


@pytest.fixture
async def urls(request: pytest.FixtureRequest) -> AsyncIterator[list[str]]:
    """Four PostgreSQL databases: for intake, for travels, for the bare driver, for the naive way."""
    base = request.getfixturevalue("postgres")
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(fresh_database(base)) for _ in range(4)]


@contextmanager
def naive(database_url: str) -> Iterator[tuple[str, str]]:
    """Run the naive server; yields its address and secret."""
    port, secret = free_port(), new_secret()
    command = [sys.executable, "-m", "tests.benchmarks.naive", database_url, str(port), secret]
    process = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(address), timeout_seconds=60, what="the naive server")
        yield address, secret
    finally:
        process.terminate()
        process.wait()


def one_round(intake: Bench, travels: Bench, limit: float) -> Round:
    """Measure everything once, between two looks at the limit."""
    alone, crowd = intake.order(TICKETS // 8, 1), intake.order(TICKETS, 32)
    batch = intake.order(2 * TICKETS, 1, batch=True)
    before = travels.cpu_seconds()
    whole = travels.order(TICKETS, 16)
    return {
        "limit": limit,
        "c1_p50_ms": alone.p50,
        "intake": crowd.rate,
        "intake_ratio": crowd.rate / limit,
        "c32_p99_ms": crowd.p99,
        "batch": batch.rate,
        "batch_ratio": batch.rate / crowd.rate,
        "travels": whole.rate,
        "travels_ratio": whole.rate / limit,
        "travels_intake_p99_ms": whole.p99,
        "cpu_ms_a_case": 1_000 * (travels.cpu_seconds() - before) / TICKETS,
    }


def test_sqlite(tmp_path: Path) -> None:
    intake, travels = Bench(tmp_path / "si", None, travels=False), Bench(tmp_path / "st", None, travels=True)
    with naive(f"sqlite:///{tmp_path}/naive.db") as yardstick:
        rounds = _rounds(intake, travels, yardstick, lambda: sqlite_commits(tmp_path / "limit.db"))
    report.write("speed-sqlite", rounds)
    assert all(each["travels"] > 0 for each in rounds)


def test_postgres(tmp_path: Path, urls: list[str]) -> None:
    intake, travels = Bench(tmp_path / "pi", urls[0], travels=False), Bench(tmp_path / "pt", urls[1], travels=True)
    with naive(urls[3]) as yardstick:
        rounds = _rounds(intake, travels, yardstick, lambda: asyncio.run(postgres_commits(urls[2])))
    report.write("speed-postgres", rounds)
    assert all(each["travels"] > 0 for each in rounds)


def _rounds(intake: Bench, travels: Bench, yardstick: tuple[str, str], limit: Callable[[], float]) -> list[Round]:
    """Measure the rounds, the naive way in each of them."""
    address, secret = yardstick
    rounds = []
    try:
        intake.start()
        travels.start()
        for _ in range(ROUNDS):
            measured = one_round(intake, travels, limit())
            plain = intake.order(TICKETS // 8, 32, url=address, secret=secret)
            rounds.append({**measured, "naive": plain.rate, "naive_ratio": measured["intake"] / plain.rate})
    finally:
        intake.kill()
        travels.kill()
    return rounds


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/", timeout=1)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
