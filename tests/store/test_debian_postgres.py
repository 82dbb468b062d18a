"""PostgreSQL as a county runs it: behind PgBouncer in transaction mode, and as a synchronous pair that fails over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.errors import Unavailable
from bridge.pipeline.inbound import Answer
from bridge.pipeline.service import Service
from bridge.store import engine, postgres_writer
from bridge.store.store import Store
from bridge.testing.debian_postgres import USER, Cluster, Pooler, pair_url
from bridge.testing.store_suite import Database
from bridge.testing.store_suite.database import draft, inbound
from bridge.testing.store_suite.replicas import count, until_answered

SESSIONS = 3
AT_ONCE = 40
AMID = 20
ALL = 60


@pytest.fixture
async def databases() -> AsyncIterator[list[Database]]:
    opened: list[Database] = []
    yield opened
    for database in opened:
        await database.close()


async def test_two_replicas_work_behind_a_pooler_with_fewer_sessions_than_they_have_connections(
    debian_folder: Path, primary: Cluster, databases: list[Database]
) -> None:
    pooler = Pooler(debian_folder, primary, SESSIONS)
    pooler.start()
    try:
        database = Database(f"postgresql+asyncpg://{USER}@127.0.0.1:{pooler.port}/bridge?pooler=transaction")
        databases.append(database)
        services = await database.services()
        answers = await asyncio.gather(*[bring(services, number) for number in range(AT_ONCE)])
        store = await database.open()
        assert len({answer.body["case_id"] for answer in answers}) == AT_ONCE
        assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == AT_ONCE
        limits = await store.read(lambda tx: tx.connection.exec_driver_sql("SHOW lock_timeout").scalar_one())
        assert limits == "10s"
        await database.close()
        databases.clear()
    finally:
        pooler.stop()


async def test_a_restart_and_a_primary_that_only_reads_are_ridden_out(
    primary: Cluster, databases: list[Database]
) -> None:
    """Nothing is acknowledged meanwhile, everything once afterwards; no process has to be restarted."""
    database = Database(f"postgresql+asyncpg://{USER}@127.0.0.1:{primary.port}/bridge")
    databases.append(database)
    services = await database.services()
    before = asyncio.gather(*[bring(services, number) for number in range(AMID)])
    await asyncio.to_thread(primary.stop, "fast")
    assert [await once(services, number) for number in range(AMID, AMID + 2)] == [None, None]
    await asyncio.to_thread(primary.start)
    await before
    primary.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    primary.sql("SELECT pg_reload_conf()")
    number = AMID
    while await once(services, number) is not None:
        number += 1
    primary.sql("ALTER SYSTEM RESET default_transaction_read_only")
    primary.sql("SELECT pg_reload_conf()")
    answers = await asyncio.gather(*[bring(services, each) for each in range(number + 1)])
    store = await database.open()
    assert {answer.body["ticket_id"] for answer in answers} == await ticket_ids(store)
    assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == number + 1


@pytest.mark.parametrize("synchronous", [True, False], ids=["synchronous", "asynchronous"])
async def test_what_a_dead_primary_takes_with_it(
    primary: Cluster,
    standby: Cluster,
    databases: list[Database],
    monkeypatch: pytest.MonkeyPatch,
    *,
    synchronous: bool,
) -> None:
    """A standby that hears nothing any more, then the primary dies: only a synchronous pair keeps every promise."""
    monkeypatch.setattr(postgres_writer, "COMMIT_SECONDS", 1.0)
    monkeypatch.setitem(engine.LIMITS_MS, "lock_timeout", "500")
    if synchronous:
        primary.make_synchronous(standby)
    database = Database(pair_url(primary, standby))
    databases.append(database)
    services = await database.services()
    before = [await bring(services, number) for number in range(AMID)]
    with primary.silent_to_standbys():
        stalled = await asyncio.gather(*[once(services, number) for number in range(AMID, ALL)])
        again = await asyncio.gather(*[once(services, number) for number in range(AMID, ALL)])
        await asyncio.to_thread(primary.stop)
    await asyncio.to_thread(standby.promote)
    acknowledged = [answer for answer in (*before, *stalled, *again) if answer is not None]
    store = await reopened(database)
    lost = {answer.body["ticket_id"] for answer in acknowledged} - await ticket_ids(store)
    assert len(lost) == (0 if synchronous else ALL - AMID)
    assert len(acknowledged) == (AMID if synchronous else 2 * ALL - AMID)
    after = [await bring(services, number) for number in range(ALL)]
    assert {answer.body["ticket_id"] for answer in after} == await ticket_ids(store)
    assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == ALL


async def once(services: list[Service], number: int) -> Answer | None:
    """Bring a ticket once; None if it was not acknowledged."""
    service = services[number % len(services)]
    with contextlib.suppress(Unavailable):
        return await service.accept_ticket("hotline", draft(f"T{number}"), inbound(f"w{number}"))
    return None


async def reopened(database: Database) -> Store:
    """Open a store when somebody can write again."""
    while True:
        with contextlib.suppress(Unavailable):
            return await database.open()
        await asyncio.sleep(0.05)


async def ticket_ids(store: Store) -> set[str]:
    """Return the id of every ticket in the ledger."""
    return set(await store.read(lambda tx: tx.read(text("SELECT id FROM tickets")).scalars().all()))


async def bring(services: list[Service], number: int) -> Answer:
    """Bring a ticket under one webhook-id until it is acknowledged."""
    service = services[number % len(services)]
    return await until_answered(lambda: service.accept_ticket("hotline", draft(f"T{number}"), inbound(f"w{number}")))
