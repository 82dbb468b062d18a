"""Units of work and group commit: many callers, one transaction, one fsync.

Owns: running units of work (sync functions on a :class:`Tx`) in batches and answering each caller only
after the COMMIT. Must not: know what a unit of work does.

A unit that fails before it wrote anything fails alone; one that fails after writing, or with values the
database refuses, spoils its batch, which is rolled back and run again one by one. See ADR 0003.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError

from bridge.errors import BridgeError, StaleRow, StoreError
from bridge.store import driver
from bridge.store.ahead import Answers, Question, asked
from bridge.store.engine import unavailable
from bridge.store.pending import Pending
from bridge.store.prepared import Name, Prepared, Values

T = TypeVar("T")

MAX_BATCH = 256
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
    answers: Answers = field(default_factory=Answers)
    own: Pending = field(default_factory=Pending)
    dirty: bool = False
    then: list[Callable[[], None]] = field(default_factory=list)
    apart: bool = False

    def read(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Run a query."""
        self._begin()
        return self.connection.execute(statement, parameters)

    def write(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement that changes rows."""
        self._begin()
        self.dirty = True
        self.answers.forget()
        return self.connection.execute(statement, parameters)

    def fetch(self, statement: Prepared, values: Values, of: Name | None = None) -> list[Any]:
        """Run a prepared query and return its rows."""
        form = statement.form(self.connection.dialect)
        parameters = form.parameters(values)
        known: Sequence[driver.Row] | None = self.answers.find(form, parameters, of)
        if known is None:
            self._settle(of)
            known = driver.fetch(self.connection, form.sql, parameters)
        return form.rows(known)

    def run(self, statement: Prepared, values: Values, of: Name | None = None) -> int:
        """Run a prepared statement that changes rows and return how many it changed."""
        self._settle(of)
        driver.begin(self.connection)
        self.dirty = True
        self.answers.forget()
        form = statement.form(self.connection.dialect)
        return driver.run(self.connection, form.sql, form.parameters(values))

    def change(self, statement: Prepared, values: Values) -> list[Any]:
        """Run a prepared statement that changes rows which nobody puts or asks ahead; returns them as they are now."""
        if not self.apart:
            driver.begin(self.connection)
        self.dirty = True
        form = statement.form(self.connection.dialect)
        return form.rows(driver.fetch(self.connection, form.sql, form.parameters(values)))

    def put(self, statement: Prepared, rows: Iterable[Values], *names: Name) -> None:
        """Write rows at the end of the batch at the latest; ``names`` say what they stand for."""
        self.own.add(statement.form(self.connection.dialect), rows, names)
        self.answers.written.update(names)

    def amend(self, statement: Prepared, values: Values, name: Name, missing: StoreError) -> None:
        """Change the row that ``name`` stands for at the end of the batch at the latest.

        If it is not there then, ``missing`` is raised: to the unit where it runs alone, else its batch is spoiled.
        """
        self._settle(name)
        self.own.add(statement.form(self.connection.dialect), [values], [name], missing)
        self.answers.written.add(name)

    def flush(self) -> None:
        """Write what waits. Raises ``Spoiled`` if that is wrong with a unit before this one."""
        if self.batch.rows or self.own.rows:
            driver.begin(self.connection)
        try:
            self.batch.flush(self.connection)
        except StoreError as error:
            raise Spoiled from error
        if self.own.rows:
            self.dirty = True
            self.own.flush(self.connection)

    def _begin(self) -> None:
        """Write what waits, and let what comes now be committed together with what comes later."""
        self.flush()
        driver.begin(self.connection)

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
Phases = Generator[None, None, T]
Phased = Callable[[Tx], Phases[T]]
"""A unit of work that yields between its phases: what it asks, what it decides, what it writes."""


@dataclass(slots=True)
class Job:
    """A unit of work with the future its caller waits on, answered after the commit.

    Jobs of one ``key`` run in order. A ``slow`` one computes for more than a few milliseconds. ``ahead`` is what it will
    ask first; it may be asked before it runs. What :meth:`Tx.change` does in a job ``apart`` may be committed by itself.
    """

    unit: Unit[Any]
    future: asyncio.Future[Any]
    key: str | None = None
    slow: bool = False
    ahead: Sequence[Question] = ()
    apart: bool = False
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
    """A unit failed after writing, or saw what another replica has changed: the whole batch must be rolled back."""


_TRANSACTION_OVER = (DBAPIError, TimeoutError, ConnectionError)
"""What leaves a transaction that can only be rolled back. asyncpg's own time limit is no error of the database to
SQLAlchemy, and a COMMIT after it answers ROLLBACK without an error: whoever went on would acknowledge what is lost."""


def run_batch(connection: Connection, jobs: Sequence[Job]) -> None:
    """Run units one after the other in the open transaction; raises ``Spoiled`` if one failed after writing."""
    batch = Pending()
    run_jobs(connection, jobs, batch)
    run_rest(connection, batch)


def run_afar(connection: Connection, jobs: Sequence[Job]) -> Pending:
    """Run units where every statement is a trip: what they ask first is asked for all of them, and what they put is returned."""
    batch, answers = Pending(), asked(connection, [question for job in jobs for question in job.ahead])
    run_jobs(connection, jobs, batch, answers)
    return batch


def run_jobs(connection: Connection, jobs: Sequence[Job], batch: Pending, answers: Answers | None = None) -> None:
    """Run some units of a batch; what they put waits in ``batch``.

    Each phase is run of all of them before the next, so that what it needs of the program stays in the processor's caches.
    They see what was put before them, not what they put themselves: units of one key never go together, and two that meet
    all the same (in a unique key, the version of a case) spoil the batch, which then runs one by one.
    """
    answers = answers or Answers()
    for together in _of_different_keys(jobs):
        under_way = [_UnderWay(job, Tx(connection, batch, answers, apart=job.apart)) for job in together]
        while under_way:
            under_way = [each for each in under_way if each.goes_on()]


def _of_different_keys(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Split units where a key comes again."""
    together, keys = list[Job](), set[str | None]()
    for job in jobs:
        if job.key in keys and job.key is not None:
            yield together
            together, keys = [], set()
        together.append(job)
        keys.add(job.key)
    yield together


class _UnderWay:
    """A unit of a batch of which some phases have been run."""

    def __init__(self, job: Job, tx: Tx) -> None:
        self._job, self._tx = job, tx
        self._phases = _phases(job, tx)

    def goes_on(self) -> bool:
        """Run the next phase; tells whether there may be another. Raises ``Spoiled`` if it failed after writing."""
        try:
            next(self._phases)
        except StopIteration as end:
            self._job.result, self._job.error, self._job.then = end.value, None, self._tx.then
            self._tx.keep()
        except (*_TRANSACTION_OVER, Spoiled):
            raise
        except Exception as error:
            if self._tx.dirty or isinstance(error, StaleRow):
                raise Spoiled from error
            self._job.error = error
        else:
            return True
        return False


def _phases(job: Job, tx: Tx) -> Phases[Any]:
    """Run a unit phase by phase; one without phases has but one."""
    made = job.unit(tx)
    return (yield from made) if isinstance(made, Generator) else made


def whole(phases: Phases[T]) -> T:
    """Run every phase and return the result."""
    while True:
        try:
            next(phases)
        except StopIteration as end:
            result: T = end.value
            return result


def run_rest(connection: Connection, batch: Pending) -> None:
    """Write what waits at the end of a batch."""
    try:
        batch.flush_last(connection)
    except _TRANSACTION_OVER:
        raise
    except Exception as error:
        raise Spoiled from error


def run_alone(connection: Connection, job: Job) -> None:
    """Run one unit in the open transaction, which is ended at once if the unit fails."""
    try:
        tx = Tx(connection)
        job.result, job.error, job.then = whole(_phases(job, tx)), None, tx.then
        tx.flush()
    except _TRANSACTION_OVER:
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

    def submit(self, job: Job) -> None:
        """Queue a unit of work. Raises Unavailable once it is stopping."""

    async def lull(self) -> None:
        """Wait until the loop's thread is not needed for units of work, for what better runs in a row than between them."""

    async def start(self) -> None:
        """Begin to work."""

    async def stop(self) -> None:
        """Finish what was submitted and stop."""


async def take(queue: asyncio.Queue[Job | None], at_most: int = MAX_BATCH) -> list[Job]:
    """Wait for work and return all there is, at most so many; nothing once the queue has ended."""
    jobs: list[Job] = []
    job = await queue.get()
    while job is not None:
        jobs.append(job)
        if len(jobs) == at_most or queue.empty():
            return jobs
        job = queue.get_nowait()
    if jobs:
        queue.put_nowait(None)
    return jobs


def settle_all(jobs: Sequence[Job]) -> None:
    """Answer every caller."""
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
