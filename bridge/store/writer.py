"""Units of work and group commit: many callers, one transaction, one fsync.

Owns: running units of work (sync functions on a :class:`Tx`) in batches and answering each caller only
after the COMMIT. Must not: know what a unit of work does.

A unit that fails before it wrote anything fails alone; one that fails after writing, or with values the
database refuses, spoils its batch, which is rolled back and run again one by one. See ADR 0003.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError

from bridge.errors import BridgeError
from bridge.store.engine import unavailable
from bridge.store.prepared import Name, Pending, Prepared, Values, fetch, run

T = TypeVar("T")

MAX_BATCH = 256
ATTEMPTS = 40
"""How often a unit runs that lost a race; each loss means that somebody else got on, so this ends with the contention."""
_OWN_FAULT_CLASSES = {"22", "23"}
_RETRYABLE = {"40001", "40P01", "23505"}


@dataclass(slots=True)
class Tx:
    """One unit of work's view of a transaction; remembers whether it has written.

    Rows :meth:`put` in wait to be written together with those of the whole batch. A statement that names what it
    looks at (``of``) makes them go in first only if one of them stands for that; any other statement always does.
    """

    connection: Connection
    batch: Pending = field(default_factory=Pending)
    own: Pending = field(default_factory=Pending)
    dirty: bool = False
    then: list[Callable[[], None]] = field(default_factory=list)

    def read(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Run a query."""
        self.flush()
        return self.connection.execute(statement, parameters)

    def write(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement that changes rows."""
        self.flush()
        self.dirty = True
        return self.connection.execute(statement, parameters)

    def fetch(self, statement: Prepared, values: Values, of: Name | None = None) -> list[Any]:
        """Run a prepared query and return its rows."""
        self._settle(of)
        return fetch(self.connection, statement.form(self.connection.dialect), values)

    def run(self, statement: Prepared, values: Values, of: Name | None = None) -> int:
        """Run a prepared statement that changes rows and return how many it changed."""
        self._settle(of)
        self.dirty = True
        return run(self.connection, statement.form(self.connection.dialect), values)

    def put(self, statement: Prepared, rows: Iterable[Values], *names: Name) -> None:
        """Write rows at the end of the batch at the latest; ``names`` say what they stand for."""
        self.own.add(statement.form(self.connection.dialect), rows, names)

    def flush(self) -> None:
        """Write what waits."""
        self.batch.flush(self.connection)
        if self.own.rows:
            self.dirty = True
            self.own.flush(self.connection)

    def keep(self) -> None:
        """Hand the rows of a unit that went well to its batch."""
        self.batch.take(self.own)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call ``call`` when the transaction is durable, in the writer's thread; never if it is rolled back."""
        self.then.append(call)

    def _settle(self, of: Name | None) -> None:
        if of is None or of in self.own.names or of in self.batch.names:
            self.flush()


Unit = Callable[[Tx], T]


@dataclass(slots=True)
class Job:
    """A unit of work with the future its caller waits on."""

    unit: Unit[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    then: Sequence[Callable[[], None]] = ()

    def settle(self) -> None:
        """Answer the caller; one who has gone away is left alone."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Spoiled(Exception):
    """A unit failed after writing: the whole batch must be rolled back."""


def run_batch(connection: Connection, jobs: Sequence[Job]) -> None:
    """Run units one after the other in the open transaction; raises ``Spoiled`` if one failed after writing."""
    batch = Pending()
    for job in jobs:
        tx = Tx(connection, batch)
        try:
            job.result, job.error, job.then = job.unit(tx), None, tx.then
            tx.keep()
        except DBAPIError:
            raise
        except Exception as error:
            if tx.dirty:
                raise Spoiled from error
            job.error = error
    try:
        batch.flush(connection)
    except DBAPIError:
        raise
    except Exception as error:
        raise Spoiled from error


def run_alone(connection: Connection, job: Job) -> None:
    """Run one unit in the open transaction, which is ended at once if the unit fails."""
    try:
        tx = Tx(connection)
        job.result, job.error, job.then = job.unit(tx), None, tx.then
        tx.flush()
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001 - every failure belongs to the caller of the unit
        job.error = error
        connection.rollback()


def committed(jobs: Sequence[Job]) -> None:
    """Do what committed units left for after the commit."""
    for job in jobs:
        for call in job.then if job.error is None else ():
            call()


class Writer(Protocol):
    """Runs units of work durably."""

    async def submit(self, unit: Unit[T], key: str | None = None) -> T:
        """Run a unit and return its result after the commit. Units of one ``key`` run in order."""

    async def start(self) -> None:
        """Begin to work."""

    async def stop(self) -> None:
        """Finish what was submitted and stop."""


@dataclass(slots=True)
class SqliteWriter:
    """The only writer of a SQLite file: a thread with one connection."""

    engine: Engine
    _queue: deque[Job] = field(default_factory=deque)
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None
    _stopping: bool = False

    async def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Let the thread finish its queue, then join it."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def submit(self, unit: Unit[T], key: str | None = None) -> T:  # noqa: ARG002 - one writer needs no partition
        """Queue a unit; it is committed together with whatever else is queued."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        with self._wake:
            if self._stopping:
                raise unavailable(RuntimeError("stopping"))
            self._queue.append(Job(unit, loop, future))
            self._wake.notify()
        return await future  # type: ignore[no-any-return]

    def _run(self) -> None:
        while jobs := self._take():
            self.commit(jobs)
            jobs[0].loop.call_soon_threadsafe(settle_all, jobs)

    def _take(self) -> list[Job]:
        with self._wake:
            while not self._queue and not self._stopping:
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), MAX_BATCH))]

    def commit(self, jobs: list[Job]) -> None:
        """Run the units in one transaction and note in each its result or error; in the calling thread."""
        try:
            with self.engine.connect() as connection, connection.begin():
                run_batch(connection, jobs)
            committed(jobs)
        except Spoiled:
            self._commit_each(jobs)
        except Exception as error:  # noqa: BLE001 - a database that fails must answer every caller
            if len(jobs) > 1 and is_own_fault(error):
                self._commit_each(jobs)
            else:
                fail(jobs, error)

    def _commit_each(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                with self.engine.connect() as connection, connection.begin():
                    run_alone(connection, job)
                committed([job])
            except Exception as error:  # noqa: BLE001 - what is committed already stays answered as committed
                fail([job], error)


def settle_all(jobs: Sequence[Job]) -> None:
    """Answer every caller; call it in their loop's thread."""
    for job in jobs:
        job.settle()


def is_own_fault(error: BaseException) -> bool:
    """Tell whether a statement failed for its own values: the unit fails, the others of its batch need not."""
    if isinstance(error, (DataError, IntegrityError, InterfaceError)):
        return not error.connection_invalidated
    original = getattr(error, "orig", None)
    return str(getattr(original, "sqlstate", None) or "")[:2] in _OWN_FAULT_CLASSES


def is_conflict(error: BaseException) -> bool:
    """Tell whether a unit of work may simply run again (serialization failure, deadlock, a key somebody else inserted first)."""
    original = getattr(error, "orig", None)
    return getattr(original, "sqlstate", None) in _RETRYABLE or getattr(original, "pgcode", None) in _RETRYABLE


def fail(jobs: Sequence[Job], error: BaseException) -> None:
    """Give every caller this error, translated if it is a driver's."""
    for job in jobs:
        job.error = error if isinstance(error, BridgeError) else unavailable(error)
