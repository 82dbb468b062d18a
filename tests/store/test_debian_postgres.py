"""PostgreSQL as a county runs it: behind PgBouncer in transaction mode, and as a synchronous pair that fails over."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bridge.pipeline.inbound import Answer
from bridge.pipeline.service import Service
from bridge.testing.debian_postgres import USER, Cluster, Pooler, missing
from bridge.testing.store_suite import Database
from bridge.testing.store_suite.database import draft, inbound
from bridge.testing.store_suite.replicas import count, until_answered

SESSIONS = 3
AT_ONCE = 40
AMID = 60
ALL = 150


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder the system user ``postgres`` may write; without Debian's packages an error in CI, else a skip."""
    if lacking := missing():
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    with tempfile.TemporaryDirectory(prefix="bridge-debian-", ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o777)
        yield path


@pytest.fixture
def primary(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder, "primary")
    cluster.create()
    cluster.start()
    cluster.sql("CREATE DATABASE bridge")
    yield cluster
    cluster.stop()


@pytest.fixture
def standby(folder: Path, primary: Cluster) -> Iterator[Cluster]:
    cluster = Cluster(folder, "standby")
    cluster.clone(primary)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
async def databases() -> AsyncIterator[list[Database]]:
    opened: list[Database] = []
    yield opened
    for database in opened:
        await database.close()


async def test_two_replicas_work_behind_a_pooler_with_fewer_sessions_than_they_have_connections(
    folder: Path, primary: Cluster, databases: list[Database]
) -> None:
    pooler = Pooler(folder, primary, SESSIONS)
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


async def test_a_synchronous_pair_fails_over_under_load_and_loses_nothing_acknowledged(
    primary: Cluster, standby: Cluster, databases: list[Database]
) -> None:
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    primary.sql("SELECT pg_reload_conf()")
    hosts = f"host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}&target_session_attrs=primary"
    database = Database(f"postgresql+asyncpg://{USER}@/bridge?{hosts}")
    databases.append(database)
    services = await database.services()
    acknowledged: dict[str, Answer] = {}

    async def keep(number: int) -> None:
        acknowledged[f"T{number}"] = await bring(services, number)

    before = asyncio.gather(*[keep(number) for number in range(AMID)])
    await before
    during = asyncio.gather(*[keep(number) for number in range(AMID, ALL)])
    await asyncio.to_thread(primary.stop)
    await asyncio.to_thread(standby.promote)
    await during
    store = await database.open()
    known = {
        name: await store.read(lambda tx, name=name: store.tickets.known(tx, "hotline", name))  # type: ignore[misc]
        for name in acknowledged
    }
    assert len(acknowledged) == ALL
    assert {name: found and found.id for name, found in known.items()} == {
        name: answer.body["ticket_id"] for name, answer in acknowledged.items()
    }
    assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == ALL


async def bring(services: list[Service], number: int) -> Answer:
    """Bring a ticket under one webhook-id until it is acknowledged."""
    service = services[number % len(services)]
    return await until_answered(lambda: service.accept_ticket("hotline", draft(f"T{number}"), inbound(f"w{number}")))
