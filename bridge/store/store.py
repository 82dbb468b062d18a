"""What the pipeline holds: one object with the writer, the readers and every kind of query of a region.

Owns: opening a database (schema, durability, key check) and running units of work. Must not: decide.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge import refusals
from bridge.crypto import Vault
from bridge.errors import StoreError
from bridge.store import engine as engines
from bridge.store import migrate
from bridge.store.ahead import Question
from bridge.store.audit import AuditStore
from bridge.store.cases import CaseStore
from bridge.store.checkpoints import Checkpoints
from bridge.store.codec import table_of
from bridge.store.counts import CountStore
from bridge.store.documents import DocumentStore
from bridge.store.due import DueStore
from bridge.store.facts import FactStore
from bridge.store.history import HistoryStore
from bridge.store.inbound import InboundStore
from bridge.store.leases import LeaseStore
from bridge.store.migrate import SchemaState
from bridge.store.outbox import OutboxStore
from bridge.store.periods import PeriodStore
from bridge.store.postgres_writer import PostgresWriter
from bridge.store.pulling import PullStore
from bridge.store.queries import QueryStore
from bridge.store.replicas import ReplicaStore
from bridge.store.similar import SimilarStore
from bridge.store.sqlite_writer import SqliteWriter
from bridge.store.stopped import StoppedStore
from bridge.store.stuck import StuckStore
from bridge.store.tables import SettingRow
from bridge.store.tickets import TicketStore
from bridge.store.tokens import TokenStore
from bridge.store.writer import Job, Phased, Tx, Unit, Writer

T = TypeVar("T")

READERS = 4
LANES = 1
"""Lanes of the writer on PostgreSQL. A batch waits for the server twice; more lanes make smaller batches, which cost more
on both ends. Worth more than one only where a COMMIT takes long (a distant standby) and few tickets come at a time."""
_SETTINGS = table_of(SettingRow)
_CHECK = b"ticket bridge"


@dataclass
class Store:
    """The ledger of one region in one database."""

    url: URL
    region: str
    vault: Vault
    portable_claim: bool = False
    _writer: Writer = field(init=False)
    _readers: Engine | AsyncEngine = field(init=False)
    _pool: ThreadPoolExecutor | None = field(init=False, default=None)
    _close: list[Callable[[], object]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Prepare the query objects; nothing is opened yet."""
        self.cases = CaseStore(self.region, self.vault)
        self.tickets = TicketStore(self.region, self.vault)
        self.similar = SimilarStore(self.region, self.vault)
        self.outbox = OutboxStore(self.region, self.vault, portable=self.portable_claim)
        self.pulling = PullStore(self.region, self.vault)
        self.stopped = StoppedStore(self.region)
        self.inbound = InboundStore(self.region)
        self.history = HistoryStore(self.region, self.vault)
        self.audit = AuditStore(self.region, self.vault)
        self.counts = CountStore(self.region)
        self.documents = DocumentStore(self.region, self.vault)
        self.periods = PeriodStore(self.region, self.vault)
        self.leases = LeaseStore(self.region)
        self.replicas = ReplicaStore(self.region)
        self.queries = QueryStore(self.region)
        self.tokens = TokenStore(self.region)
        self.stuck = StuckStore(self.region)
        self.due = DueStore(self.region)
        self.facts = FactStore(self.region)

    @property
    def single(self) -> bool:
        """Whether this process is the only one on the database (SQLite)."""
        return engines.is_sqlite(self.url)

    async def start(self, *, migrate_postgres: bool = False) -> None:
        """Open the database, bring or check its schema, refuse a wrong key, start the writer.

        Raises ConfigError with the remedy; StoreError if the database cannot be reached.
        """
        if self.single:
            writer = engines.sqlite_engine(self.url)
            self._readers = engines.sqlite_engine(self.url, readers=READERS, read_only=True)
            self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
            await asyncio.to_thread(self._prepare_sqlite, writer)
            self._writer = SqliteWriter(writer, Checkpoints(engines.sqlite_engine(self.url)))
            self._close = [writer.dispose, self._readers.dispose]
        else:
            await self._prepare_postgres(migrate_postgres)
            self._readers = engines.postgres_engine(self.url, connections=LANES + 1 + READERS)
            self._writer = PostgresWriter(self._readers, LANES, engines.keeps_sessions(self.url))
        await self._writer.start()

    async def is_empty(self) -> bool:
        """Tell, before :meth:`start`, whether this region has nothing in the database yet; others may.

        Raises ConfigError, Unavailable.
        """
        return await self._look(self._has_nothing, absent=True)

    async def schema(self) -> SchemaState:
        """Tell, before :meth:`start`, where the database stands; nothing is changed. Raises ConfigError, Unavailable."""
        return await self._look(migrate.state, absent=SchemaState.EMPTY)

    async def _look(self, look: Callable[[Connection], T], *, absent: T) -> T:
        """Look at a database that is not opened; ``absent`` is the answer for a file that is not there."""
        try:
            if self.single:
                return await asyncio.to_thread(self._look_at_file, look, absent)
            async with closing_engine(self.url) as pool, pool.connect() as connection:
                return await connection.run_sync(look)
        except engines.FAILURES as error:
            raise engines.at_start(error) from error

    def _look_at_file(self, look: Callable[[Connection], T], absent: T) -> T:
        file = Path(self.url.database or "")
        if not file.exists() or file.stat().st_size == 0:
            return absent
        engine = engines.sqlite_engine(self.url, read_only=True)
        try:
            with engine.connect() as connection:
                return look(connection)
        finally:
            engine.dispose()

    async def stop(self) -> None:
        """Finish what was submitted and close every connection."""
        await self._writer.stop()
        if self._pool is not None:
            self._pool.shutdown()
        for close in self._close:
            close()
        if isinstance(self._readers, AsyncEngine):
            await self._readers.dispose()

    async def write(
        self,
        unit: Unit[T],
        key: str | None = None,
        *,
        slow: bool = False,
        ahead: Sequence[Question] = (),
        apart: bool = False,
    ) -> T:
        """Run a unit of work and return its result once it is durable. Units of one ``key`` run in order.

        A ``slow`` unit (one that computes for more than a few milliseconds) does not hold up the loop on SQLite. ``ahead`` is what
        the unit will ask first: where the database is far away, the units of a batch ask it together. A unit ``apart``
        begins with its one :meth:`Tx.change`, which is then durable whatever comes of the rest.
        """
        result: T = await self._queued(Job(unit, _future(), key, slow, ahead, apart))
        return result

    def submit(self, unit: Phased[T], key: str, *, ahead: Sequence[Question] = ()) -> asyncio.Future[T]:
        """Queue a unit like :meth:`write`, each of its phases to be run together with those of other units.

        What is queued before the loop goes on is committed together. What the unit changes must be guarded by ``key``, a
        unique key or the version of a case: between two of its phases units of other keys may write.
        """
        return self._queued(Job(unit, _future(), key, ahead=ahead))

    def _queued(self, job: Job) -> asyncio.Future[Any]:
        try:
            self._writer.submit(job)
        except StoreError as error:
            job.future.set_exception(error)
        return job.future

    async def lull(self) -> None:
        """Wait for a moment at which no unit of work runs in the loop's thread."""
        await self._writer.lull()

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, beside the writer, on one moment of the ledger. Raises Unavailable."""
        try:
            if isinstance(self._readers, AsyncEngine):
                async with self._readers.connect() as connection:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                    async with connection.begin():
                        return await connection.run_sync(lambda sync: unit(Tx(sync)))
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, unit)
        except engines.FAILURES as error:
            raise engines.unavailable(error) from error

    def _read(self, unit: Unit[T]) -> T:
        if isinstance(self._readers, AsyncEngine):
            raise TypeError("threads read SQLite only")
        with self._readers.connect() as connection, connection.begin():
            return unit(Tx(connection))

    def _prepare_sqlite(self, engine: Engine) -> None:
        try:
            with engine.connect() as connection:
                state = migrate.state(connection)
                connection.rollback()
                self._refuse_newer(state)
                if state is SchemaState.OLDER:
                    self._back_up_file()
                with connection.begin():
                    if state is not SchemaState.CURRENT:
                        migrate.upgrade(connection)
                    engines.check_durable(connection)
                    self._check_key(connection)
        except DBAPIError as error:
            raise engines.at_start(error) from error

    async def _prepare_postgres(self, migrate_it: bool) -> None:  # noqa: FBT001 - the caller's own flag
        """Bring or check the schema on a connection without time limits: a migration may take long."""
        try:
            async with closing_engine(self.url) as pool, pool.connect() as connection:
                state = await connection.run_sync(migrate.state)
                self._refuse_newer(state)
                if state is SchemaState.OLDER and not migrate_it:
                    raise refusals.older_schema()
                if state is not SchemaState.CURRENT:
                    await connection.run_sync(migrate.upgrade)
                await connection.run_sync(engines.check_durable)
                await connection.run_sync(self._check_key)
                await connection.commit()
        except engines.FAILURES as error:
            raise engines.at_start(error) from error

    def _refuse_newer(self, state: SchemaState) -> None:
        if state is SchemaState.NEWER:
            raise refusals.newer_schema()

    def _back_up_file(self) -> None:
        """Copy the file with SQLite's own backup before its schema is upgraded."""
        source = Path(self.url.database or "")
        target = source.with_name(f"{source.name}.before-{migrate.head()}")
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)

    def _has_nothing(self, connection: Connection) -> bool:
        return migrate.state(connection) is SchemaState.EMPTY or self._sealed_check(connection) is None

    def _sealed_check(self, connection: Connection) -> str | None:
        """Return what this region's key sealed when it first opened the database."""
        where = (_SETTINGS.c.region_code == self.region, _SETTINGS.c.name == "key_check")
        return connection.execute(select(_SETTINGS.c.value).where(*where)).scalar()

    def _check_key(self, connection: Connection) -> None:
        """Refuse to run with another key than the one the data was sealed with."""
        sealed = self._sealed_check(connection)
        aad = f"settings.key_check:{self.region}".encode()
        if sealed is None:
            value = self.vault.seal(_CHECK, aad).hex()
            row = {"region_code": self.region, "name": "key_check", "value": value}
            connection.execute(insert(_SETTINGS), [row])
            return
        try:
            self.vault.open(bytes.fromhex(sealed), aad)
        except StoreError as error:
            raise refusals.wrong_key() from error


@asynccontextmanager
async def closing_engine(url: URL) -> AsyncIterator[AsyncEngine]:
    """Open a small patient pool and close it again."""
    pool = engines.postgres_engine(url, connections=1, patient=True)
    try:
        yield pool
    finally:
        await pool.dispose()


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()
