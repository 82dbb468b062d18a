"""Group commit on PostgreSQL: a few lanes over a pool, and an honest answer when nobody knows whether a COMMIT took place.

Owns: lanes, what is run again, the end of a transaction. Must not: run anything again whose COMMIT may have happened:
only the caller, under the same key, may do that.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bridge.errors import StaleRow
from bridge.store.ahead import Question
from bridge.store.engine import outcome_unknown, unavailable
from bridge.store.writer import (
    Job,
    Spoiled,
    Unit,
    committed,
    fail,
    is_conflict,
    is_own_fault,
    run_alone,
    run_batch,
    run_batch_afar,
    settle_all,
    take,
)

T = TypeVar("T")

ATTEMPTS = 40
"""How often a unit runs that lost a race; each loss means that somebody else got on, so this ends with the contention."""
COMMIT_SECONDS = 20.0
"""How long a COMMIT is waited for; shorter than the driver's own limit, which would ask the server to cancel it."""
_REFUSED_CLASSES = {"22", "23", "40"}
"""SQLSTATE classes by which the server says that a COMMIT did not take place."""


@dataclass(slots=True)
class PostgresWriter:
    """A few writer tasks over a pool; units of one key always go to the same task, so they never wait for each other."""

    engine: AsyncEngine
    lanes: int = 4
    _queues: list[asyncio.Queue[Job | None]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _turn: int = 0
    _stopping: bool = False

    async def start(self) -> None:
        """Start the writer tasks."""
        self._queues = [asyncio.Queue() for _ in range(self.lanes)]
        self._tasks = [asyncio.create_task(self._run(queue)) for queue in self._queues]

    async def stop(self) -> None:
        """Let every task finish its queue."""
        self._stopping = True
        for queue in self._queues:
            queue.put_nowait(None)
        await asyncio.gather(*self._tasks)

    async def submit(
        self, unit: Unit[T], key: str | None = None, *, slow: bool = False, ahead: Sequence[Question] = ()
    ) -> T:
        """Queue a unit in the lane of its key."""
        if self._stopping:
            raise unavailable(RuntimeError("stopping"))
        job = Job(unit, asyncio.get_running_loop().create_future(), slow, ahead)
        self._turn += 1
        lane = zlib.crc32(key.encode()) if key is not None else self._turn
        self._queues[lane % self.lanes].put_nowait(job)
        return await job.future  # type: ignore[no-any-return]

    async def _run(self, queue: asyncio.Queue[Job | None]) -> None:
        while jobs := await take(queue):
            await self._commit(jobs)
            settle_all(jobs)

    async def _commit(self, jobs: list[Job], *, again: bool = True) -> None:
        try:
            await self._commit_together(jobs)
        except Exception as error:  # noqa: BLE001 - whatever fails, every caller is answered and the lane lives on
            if isinstance(error, Spoiled) or is_conflict(error) or (len(jobs) > 1 and is_own_fault(error)):
                for job in jobs:
                    await self._commit_alone(job)
            elif again and _was_cut(error):
                await self._commit(jobs, again=False)
            else:
                fail(jobs, error)

    async def _commit_together(self, jobs: list[Job]) -> None:
        async with self._transaction() as connection:
            await connection.run_sync(run_batch_afar if len(jobs) > 1 else run_batch, jobs)
        committed(jobs)

    async def _commit_alone(self, job: Job) -> None:
        for attempt in range(ATTEMPTS):
            try:
                async with self._transaction() as connection:
                    await connection.run_sync(run_alone, job)
                committed([job])
            except Exception as error:  # noqa: BLE001 - as above
                if not is_conflict(error) or attempt == ATTEMPTS - 1:
                    fail([job], error)
                    return
            else:
                if not isinstance(job.error, StaleRow) or attempt == ATTEMPTS - 1:
                    return

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction and commit it at the end, unless it was rolled back. Raises OutcomeUnknown."""
        async with self.engine.connect() as connection:
            transaction = await connection.begin()
            yield connection
            if transaction.is_active:
                await _commit(connection)


def _was_cut(error: Exception) -> bool:
    """Whether the connection was found dead before the COMMIT, so that nothing of the batch can have been written."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


async def _commit(connection: AsyncConnection) -> None:
    """Commit; abandoned after a while, but never cancelled.

    A server that waits for its synchronous standby takes a cancellation for "do not wait": the commit then shows
    although it is on one machine only, and a retry would find and acknowledge it.
    Source: PostgreSQL documentation, 27.2.8 (synchronous replication).
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    abandon = asyncio.get_running_loop().call_later(COMMIT_SECONDS, driver.terminate)
    try:
        await connection.commit()
    except Exception as error:
        if was_refused(error):
            raise
        raise outcome_unknown(error) from error
    finally:
        abandon.cancel()


def was_refused(error: BaseException) -> bool:
    """Tell whether the server itself said that a COMMIT did not take place."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return str(getattr(original, "sqlstate", None) or "")[:2] in _REFUSED_CLASSES
