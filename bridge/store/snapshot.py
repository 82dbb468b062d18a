"""A whole ledger as one SQLite file, taken at one moment beside running daemons, and put back into an empty database.

Owns: taking, counting and putting back. Must not: know what a backup file looks like (:mod:`bridge.backup` does).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, inspect, select
from sqlalchemy.engine import URL

from bridge import refusals
from bridge.errors import StoreError
from bridge.store import engine as engines
from bridge.store import migrate, move
from bridge.store.codec import CASES
from bridge.store.migrate import SchemaState
from bridge.store.tables import LeaseRow, ReplicaRow


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a snapshot holds: its schema, rows by table, and one hash over the heads of all the cases' chains."""

    schema: str
    rows: dict[str, int]
    chain_head: str


def url_of(file: Path) -> URL:
    """Return the URL of a SQLite file."""
    return engines.parse(f"sqlite:///{file}")


def take_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite ledger into a new file, as it is at one moment; writers go on meanwhile. Raises StoreError."""
    try:
        with closing(sqlite3.connect(source)) as ledger:
            ledger.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        why = "磁盘已满" if engines.is_out_of_space(error) else type(error).__name__
        raise StoreError(f"账本复制不成（{why}）；请检查备份所在磁盘的空间和权限") from None


async def take_postgres(source: URL, region: str, target: Path, tell: move.Progress) -> None:
    """Copy a county's ledger in PostgreSQL into a new SQLite file on one snapshot of the server; replicas go on meanwhile."""
    server = engines.postgres_engine(source, connections=1, patient=True)
    file = engines.sqlite_engine(url_of(target))
    try:
        async with server.connect() as connection:
            reading = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with file.begin() as writing:
                migrate.upgrade(writing)
                await reading.run_sync(lambda sync: _copy(sync, writing, region, tell))
    except engines.FAILURES as error:
        raise engines.unavailable(error) from error
    finally:
        file.dispose()
        await server.dispose()


def _copy(source: Connection, target: Connection, region: str, tell: move.Progress) -> None:
    if migrate.state(source) is not SchemaState.CURRENT:
        raise StoreError("数据库的结构不是本程序的版本：请用与它同版本的程序备份，或用 pg_dump")
    move.copy(source.execution_options(stream_results=True), target, [region], tell)


def without_processes(file: Path) -> None:
    """Drop who led and who ran: that belongs to processes, not to the ledger."""
    engine = engines.sqlite_engine(url_of(file))
    try:
        with engine.begin() as connection:
            for row in (LeaseRow, ReplicaRow):
                connection.execute(delete(row))
    finally:
        engine.dispose()


def inventory(file: Path) -> Inventory:
    """Count what a snapshot holds."""
    engine = engines.sqlite_engine(url_of(file), read_only=True)
    try:
        with engine.connect() as connection:
            return _inventory(connection)
    finally:
        engine.dispose()


def _inventory(connection: Connection) -> Inventory:
    there = set(inspect(connection).get_table_names())
    tables = [table for table in move.moving() if table.name in there]
    rows = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
    return Inventory(migrate.revision(connection), rows, _chain_head(connection))


def _chain_head(connection: Connection) -> str:
    cases, digest = CASES.table.c, hashlib.sha256()
    query = select(cases.region_code, cases.id, cases.event_seq, cases.event_hash)
    for row in connection.execute(query.order_by(cases.region_code, cases.id)):
        digest.update(f"{row[0]}\n{row[1]}\n{row[2]}\n{row[3]}\n".encode())
    return digest.hexdigest()


def bring_up(file: Path) -> None:
    """Upgrade a snapshot of an earlier program to this one's schema. Raises ConfigError for a later one's."""
    engine = engines.sqlite_engine(url_of(file))
    try:
        with engine.begin() as connection:
            state = migrate.state(connection)
            if state is SchemaState.NEWER:
                raise refusals.newer_schema()
            if state is SchemaState.OLDER:
                migrate.upgrade(connection)
    finally:
        engine.dispose()


def put_sqlite(snapshot: Path, target: Path) -> None:
    """Move a snapshot to where the ledger is to be. Raises StoreError if there is one already."""
    if target.exists() and target.stat().st_size:
        raise StoreError(f"{target} 已有数据，不覆盖；请先把它移走，或换一个 database_url")
    engines.make_file(target)
    for leftover in (f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(leftover).unlink(missing_ok=True)
    snapshot.replace(target)
    target.chmod(0o600)
    handle = os.open(target.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


async def put_postgres(snapshot: Path, target: URL, tell: move.Progress) -> None:
    """Copy a snapshot into a PostgreSQL database without this county, in one transaction. Raises StoreError if it is there."""
    file = engines.sqlite_engine(url_of(snapshot), read_only=True)
    server = engines.postgres_engine(target, connections=1, patient=True)
    try:
        with file.connect() as reading:
            async with server.begin() as writing:
                regions = move.regions_of(reading)
                await writing.run_sync(move.prepare_target, regions)
                await writing.run_sync(lambda sync: move.copy(reading, sync, regions, tell))
    except engines.FAILURES as error:
        raise engines.at_start(error) from error
    finally:
        file.dispose()
        await server.dispose()
