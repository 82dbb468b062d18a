"""Durable intake beside its limit: signed tickets over HTTP into the real daemon, against raw one-row commits.

Rounds are interleaved, so the ratio means something on a noisy machine; the absolute figures do not.
Nothing here asserts a time. ``make bench`` prints the table and writes ``build/bench/intake.json``.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import aiohttp
import pytest

from bridge.testing.counterparts.webhooks import signature
from bridge.testing.process import BridgeProcess, Site, free_port
from bridge.testing.tickets import tickets

ROUNDS = 3
TICKETS = 600
COMMITS = 2_000
CONCURRENCY = 32
REPORT = Path("build/bench/intake.json")


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[BridgeProcess]:
    """A daemon whose counterparts only pull: nothing but intake runs."""
    site = Site(tmp_path, free_port())
    site.write("", {})
    text = site.config.read_text(encoding="utf-8").replace('push_url = ""\n', "")
    site.config.write_text(text, encoding="utf-8")
    process = BridgeProcess(site)
    process.start()
    process.wait_ready()
    yield process
    process.stop()


def commits_per_second(file: Path) -> float:
    """Raw sqlite3, WAL, synchronous=FULL, one row of a ticket's size a commit."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY, body BLOB)")
    body, began = bytes(1_743), time.perf_counter()
    for _ in range(COMMITS):
        connection.execute("INSERT INTO raw (body) VALUES (?)", (body,))
    connection.close()
    return COMMITS / (time.perf_counter() - began)


async def intake(bridge: BridgeProcess, prefix: str) -> tuple[float, list[float]]:
    """Post tickets from ``CONCURRENCY`` senders; return tickets per second and every latency in milliseconds."""
    drafts = islice(tickets(random.Random(prefix), prefix, datetime.now(UTC)), TICKETS)
    queue, latencies = iter(list(drafts)), []

    async def send(http: aiohttp.ClientSession) -> None:
        for draft in queue:
            raw = json.dumps(draft.body, ensure_ascii=False).encode()
            number, at = draft.body["external_id"], str(int(time.time()))
            signed = signature(bridge.site.secrets["hotline"], number, at, raw)
            headers = {"webhook-id": number, "webhook-timestamp": at, "webhook-signature": signed}
            began = time.perf_counter()
            async with http.post(f"{bridge.site.url}/v1/feeds/hotline/tickets", data=raw, headers=headers) as answer:
                assert answer.status == 202, await answer.text()
            latencies.append((time.perf_counter() - began) * 1_000)

    began = time.perf_counter()
    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*[send(http) for _ in range(CONCURRENCY)])
    return TICKETS / (time.perf_counter() - began), latencies


def test_durable_intake_beside_raw_commits(bridge: BridgeProcess, tmp_path: Path) -> None:
    rounds = []
    for number in range(ROUNDS):
        limit = commits_per_second(tmp_path / "limit.db")
        rate, latencies = asyncio.run(intake(bridge, f"B{number}-"))
        p50, p99 = (statistics.quantiles(latencies, n=100)[cut] for cut in (49, 98))
        rounds.append({"limit": limit, "rate": rate, "ratio": rate / limit, "p50_ms": p50, "p99_ms": p99})
    report = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"median": report, "rounds": rounds}, indent=2), encoding="utf-8")
    print(f"\nraw sqlite3 FULL commits/s {report['limit']:.0f} · durable intake c{CONCURRENCY} {report['rate']:.0f}/s")
    print(f"ratio {report['ratio']:.3f} · p50 {report['p50_ms']:.1f} ms · p99 {report['p99_ms']:.1f} ms")
    assert all(each["rate"] > 0 for each in rounds)
