"""Group commit on PostgreSQL: a few lanes over a pool, and an honest answer when nobody knows whether a COMMIT took place.

A batch whose units only asked and put takes two trips: what they ask, and one statement with all they put, which is
its own transaction. Only a unit that changes something on its way makes it begin one, and then it ends with a COMMIT.

Owns: lanes, what is run again, the end of a transaction. Must not: run anything again whose COMMIT may have happened:
only the caller, under the same key, may do that.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from bridge.errors import StaleRow
from bridge.store import driver
from bridge.store.engine import outcome_unknown, unavailable
from bridge.store.writer import (
    MAX_BATCH,
    Job,
    Spoiled,
    committed,
    fail,
    is_conflict,
    is_own_fault,
    run_afar,
    run_alone,
    run_rest,
    settle_all,
    take,
)

ATTEMPTS = 40
"""How often a unit runs that lost a race; each loss means that somebody else got on, so this ends with the contention."""
SMALL_BATCH = 8
"""Units that are worth a batch. Of more than those, a batch takes half of what waits and what came back last: while the
server works on one half the daemon receives the other, instead of both waiting for each other in turn."""
COMMIT_SECONDS = 20.0
"""How long a COMMIT is waited for; shorter than the driver's own limit, which would ask the server to cancel it."""
_REFUSED_CLASSES = {"22", "23", "25", "40", "42", "53", "54", "55"}
"""SQLSTATE classes by which the server says that a COMMIT did not take place."""


@dataclass(slots=True)
class PostgresWriter:
    """A few writer tasks over a pool; units of one key always go to the same task, so they never wait for each other."""

    engine: AsyncEngine
    lanes: int
    sessions: bool
    """Whether a connection is one session; behind a pooler it is so only for one transaction."""
    _queues: list[asyncio.Queue[Job | None]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _turn: int = 0
    _stopping: bool = False

    async def start(self) -> None:
        """Start the writer tasks."""
        self._queues = [asyncio.Queue() for _ in range(self.lanes + 1)]
        limits = [*[MAX_BATCH] * self.lanes, 1]
        self._tasks = [asyncio.create_task(self._run(*lane)) for lane in zip(self._queues, limits, strict=True)]

    async def stop(self) -> None:
        """Let every task finish its queue."""
        self._stopping = True
        for queue in self._queues:
            queue.put_nowait(None)
        await asyncio.gather(*self._tasks)

    def submit(self, job: Job) -> None:
        """Queue a unit in the lane of its key, or in the one for those that run one by one."""
        if self._stopping:
            raise unavailable(RuntimeError("stopping"))
        job.apart = job.apart and self.sessions
        self._turn += 1
        lane = zlib.crc32(job.key.encode()) if job.key is not None else self._turn
        self._queues[-1 if job.apart else lane % self.lanes].put_nowait(job)

    async def lull(self) -> None:
        """Give the lanes a turn; they wait for the server often enough."""
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop; no time passes

    async def _run(self, queue: asyncio.Queue[Job | None], at_most: int) -> None:
        jobs: list[Job] = []
        while jobs := await take(queue, min(at_most, max(SMALL_BATCH, (queue.qsize() + len(jobs) + 1) // 2))):
            await self._commit(jobs)
            settle_all(jobs)

    async def _commit(self, jobs: list[Job], *, again: bool = True) -> None:
        try:
            await self._commit_together(jobs)
        except Exception as error:  # noqa: BLE001 - whatever fails, every caller is answered and the lane lives on
            if isinstance(error, Spoiled) or is_conflict(error) or (len(jobs) > 1 and is_own_fault(error)):
                for job in jobs:
                    await self._commit_alone(job)
            elif again and _was_cut(error) and not any(job.apart for job in jobs):
                await self._commit(jobs, again=False)
            else:
                fail(jobs, error)

    async def _commit_together(self, jobs: list[Job]) -> None:
        await greenlet_spawn(self._run_together, jobs)
        committed(jobs)

    def _run_together(self, jobs: list[Job]) -> None:
        with self._transaction() as connection, self._beginning(connection):
            batch = run_afar(connection, jobs)
            with nullcontext() if driver.has_begun(connection) else _ending(connection):
                run_rest(connection, batch)

    def _beginning(self, connection: Connection) -> AbstractContextManager[None]:
        return driver.begun_late(connection) if self.sessions else nullcontext()

    async def _commit_alone(self, job: Job) -> None:
        for attempt in range(ATTEMPTS):
            try:
                await greenlet_spawn(self._run_alone, job)
                committed([job])
            except Exception as error:  # noqa: BLE001 - as above
                if not is_conflict(error) or attempt == ATTEMPTS - 1:
                    fail([job], error)
                    return
            else:
                if not isinstance(job.error, StaleRow) or attempt == ATTEMPTS - 1:
                    return

    def _run_alone(self, job: Job) -> None:
        with self._transaction() as connection:
            run_alone(connection, job)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Open a transaction and commit it at the end, unless it was rolled back. Raises OutcomeUnknown.

        SQLAlchemy's synchronous side, in the one greenlet of the batch: each step by its asynchronous side makes one.
        """
        with self.engine.sync_engine.connect() as connection:
            transaction = connection.begin()
            yield connection
            if transaction.is_active:
                with _ending(connection):
                    connection.commit()


def _was_cut(error: Exception) -> bool:
    """Whether the connection was found dead before the COMMIT, so that nothing of the batch can have been written.

    Not so of a unit that runs ``apart``: its statement commits by itself, and may have.
    """
    return isinstance(error, DBAPIError) and error.connection_invalidated


@contextmanager
def _ending(connection: Connection) -> Iterator[None]:
    """Wait for what ends a transaction; abandoned after a while, but never cancelled.

    A server that waits for its synchronous standby takes a cancellation for "do not wait": the commit then shows
    although it is on one machine only, and a retry would find and acknowledge it.
    Source: PostgreSQL documentation, 27.2.8 (synchronous replication).
    """
    wire: Any = connection.connection.driver_connection
    was_dead = wire.is_closed()
    abandon = asyncio.get_running_loop().call_later(COMMIT_SECONDS, wire.terminate)
    try:
        yield
    except Spoiled:
        raise
    except Exception as error:
        if was_dead or was_refused(error):
            raise
        raise outcome_unknown(error) from error
    finally:
        abandon.cancel()


def was_refused(error: BaseException) -> bool:
    """Tell whether the server itself said that a COMMIT did not take place."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return str(getattr(original, "sqlstate", None) or "")[:2] in _REFUSED_CLASSES
