"""What the hot work costs beside a thousand finished cases, a hundred thousand, and ``GROWTH`` if that is more.

The sizes are measured in turns on ledgers of their own, so that the ratios mean something on a noisy machine; CPU
seconds of the worker's thread would hide the database, so the clock on the wall counts, and of all turns the best.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Connection

from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.service import Service
from bridge.store.engine import parse, postgres_engine
from bridge.store.store import Store
from bridge.testing.growth import analyse, grow
from bridge.testing.store_suite.database import NOW, REGION, draft, inbound, service_on, vault
from tests.benchmarks import report
from tests.conftest import fresh_database

LARGEST = int(os.environ.get("GROWTH", "100000"))
SIZES = tuple(sorted({1_000, min(100_000, LARGEST), LARGEST}))
PORTION = 50_000
TURNS = int(os.environ.get("ROUNDS", "3")) * 10

Work = Callable[[Service], Awaitable[object]]
_numbers = count(1)


async def _intake(service: Service) -> object:
    number = f"N{next(_numbers)}"
    return await service.accept_ticket("hotline", draft(number), inbound(number))


async def _claim(service: Service) -> object:
    store, wall = service.runtime.store, service.runtime.wall() + timedelta(days=1)
    return await store.write(lambda tx: store.outbox.claim(tx, owner="w", count=8, wall=wall, until=wall))


async def _case_page(service: Service) -> object:
    known = await service.runtime.store.read(lambda tx: service.runtime.store.tickets.known(tx, "hotline", "FIRST"))
    return await service.case(known.case_id) if known else None


def _listing(**filters: object) -> Work:
    return lambda service: service.cases(CaseQuery(**filters))  # type: ignore[arg-type]


WORK: dict[str, Work] = {
    "intake": _intake,
    "claim": _claim,
    "sweep with nothing due": lambda service: service.sweep(),
    "case page": _case_page,
    "search by external id": _listing(external_id="G1000000500"),
    "list": _listing(),
    "list of a state": _listing(state="handling", limit=5),
    "list of a unit with few cases": _listing(unit="justice", limit=1),
    "outbox": lambda service: service.runtime.store.read(
        lambda tx: service.runtime.store.outbox.listing(tx, limit=50)
    ),
    "gauges of what is open (a hundredth)": lambda service: service.runtime.store.read(service.runtime.store.counts.open),
}  # fmt: skip


@asynccontextmanager
async def _ledger(url: str, size: int) -> AsyncIterator[Service]:
    """A ledger with so many finished cases and a real one."""
    store = Store(parse(url), REGION, vault())
    await store.start()

    for first in range(0, size, PORTION):
        await _fill(store, partial(_make, first, min(PORTION, size - first)))
    await _fill(store, analyse)
    service = service_on(store)
    await service.accept_ticket("hotline", draft("FIRST"), inbound("FIRST"))
    yield service
    await store.stop()


async def _fill(store: Store, make: Callable[[Connection], None]) -> None:
    """Make something in the database, on PostgreSQL without the time limits of a daemon's statements."""
    if store.single:
        await store.write(lambda tx: make(tx.connection), slow=True)
        return
    pool = postgres_engine(store.url, connections=1, patient=True)
    async with pool.begin() as connection:
        await connection.run_sync(make)
    await pool.dispose()


def _make(first: int, cases: int, connection: Connection) -> None:
    grow(connection, REGION, cases, NOW, first=first)


async def _best(service: Service, work: Work) -> float:
    began = time.perf_counter()
    await work(service)
    return 1_000 * (time.perf_counter() - began)


@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
async def test_growth(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with AsyncExitStack() as stack:
        services = {}
        for size in SIZES:
            url = f"sqlite+aiosqlite:///{tmp_path}/{size}.db"
            if database == "PostgreSQL":
                url = await stack.enter_async_context(fresh_database(request.getfixturevalue("postgres")))
            services[size] = await stack.enter_async_context(_ledger(url, size))
        best: dict[str, dict[str, float]] = {str(size): {} for size in SIZES}
        for _ in range(TURNS):
            for name, work in WORK.items():
                for size, service in services.items():
                    took, known = await _best(service, work), best[str(size)]
                    known[name] = min(took, known.get(name, took))
    _keep(database, best)
    assert all(len(figures) == len(WORK) for figures in best.values())


def _keep(database: str, best: dict[str, dict[str, float]]) -> None:
    file = report.FOLDER / "growth.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps(known | {database: best}, indent=2), encoding="utf-8")
    print("\n" + "\n".join(report.growth()))
