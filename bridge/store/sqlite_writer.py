"""Group commit on SQLite: one task with the only connection that writes.

Owns: what runs in the loop's thread and what beside it. Must not: run where another process serves the same file.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Transaction

from bridge.store.checkpoints import Checkpoints
from bridge.store.engine import BUSY_MS, be_patient, is_locked, unavailable
from bridge.store.pending import Pending
from bridge.store.writer import (
    Job,
    Spoiled,
    committed,
    fail,
    is_own_fault,
    run_alone,
    run_batch,
    run_jobs,
    run_rest,
    settle_all,
    take,
)

TURN = 8
"""Units of a batch that run before the loop does something else."""

QUICK_SECONDS = 0.005
"""A COMMIT as quick as this costs less than handing it to another thread and waking up for its end."""


@dataclass(slots=True)
class SqliteWriter:
    """The only writer of a SQLite file: a task with one connection.

    Units run in the loop's own thread, where nothing else wants the interpreter: a thread of their own would wait for
    it after every statement (ADR 0011). Only the COMMIT of several units or on a slow disk, and ``slow`` units, run
    beside it.
    """

    engine: Engine
    checkpoints: Checkpoints | None = None
    _queue: asyncio.Queue[Job | None] = field(default_factory=asyncio.Queue)
    _beside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "store-writer"))
    _lull: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _stopping: bool = False
    _held: Connection | None = None
    _commit_took: float = math.inf

    async def start(self) -> None:
        """Start the task."""
        self._task = asyncio.create_task(self._run(), name="store-writer")

    async def stop(self) -> None:
        """Let the task finish its queue."""
        self._stopping = True
        self._queue.put_nowait(None)
        if self._task is not None:
            await self._task
        self._let_go()
        self._beside.shutdown()
        if self.checkpoints is not None:
            self.checkpoints.stop()

    def submit(self, job: Job) -> None:
        """Queue a unit; it is committed together with whatever else is queued."""
        if self._stopping:
            raise unavailable(RuntimeError("stopping"))
        self._queue.put_nowait(job)

    async def lull(self) -> None:
        """Wait until a COMMIT goes on beside the loop, or there is nothing to do; the loop gets a turn in any case."""
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop; no time passes
        await self._lull.wait()

    async def _run(self) -> None:
        self._lull.set()
        while jobs := await take(self._queue):
            self._lull.clear()
            if any(job.slow for job in jobs):
                self._let_go()
                await self._in_thread(self.commit, jobs)
            else:
                await self._commit_here(jobs)
            settle_all(jobs)
            self._lull.set()

    async def _in_thread(self, call: Callable[..., None], *arguments: Any) -> None:
        self._lull.set()
        await asyncio.get_running_loop().run_in_executor(self._beside, call, *arguments)
        self._lull.clear()

    async def _commit_here(self, jobs: list[Job]) -> None:
        """Like :meth:`commit`, in turns of a few units so that the loop stays lively; never waits for a lock."""
        try:
            await self._work(self._hold(), jobs)
            committed(jobs)
        except Exception as error:  # noqa: BLE001 - a database that fails must answer every caller
            self._let_go()
            again = self.commit if is_locked(error) else partial(self._recover, error=error)
            await self._in_thread(again, jobs)
        if self.checkpoints is not None and self._held is not None:
            self.checkpoints.note(self._held)

    def _hold(self) -> Connection:
        """Return the connection of the loop's thread, which is opened once and after every failure."""
        if self._held is None:
            self._held = self.engine.connect()
            be_patient(self._held, 0)
        return self._held

    def _let_go(self) -> None:
        """Give the connection back, for the writer's thread or to begin anew."""
        held, self._held = self._held, None
        if held is not None:
            if not held.invalidated:
                be_patient(held, BUSY_MS)
            held.close()

    async def _work(self, connection: Connection, jobs: list[Job]) -> None:
        with connection.begin() as transaction:
            batch = Pending()
            for start in range(0, len(jobs), TURN):
                if start:
                    await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop; no time passes
                run_jobs(connection, jobs[start : start + TURN], batch)
            run_rest(connection, batch)
            await self._end(transaction, alone=len(jobs) == 1)

    async def _end(self, transaction: Transaction, *, alone: bool) -> None:
        """Wait for the disk: beside the loop, unless one unit waits alone for a disk that was quick and is not copying.

        When the disk turns slow the loop waits for one COMMIT, no more: the next goes beside it.
        """
        began = time.monotonic()
        copying = self.checkpoints is not None and self.checkpoints.running
        if alone and not copying and self._commit_took < QUICK_SECONDS:
            transaction.commit()
        else:
            await self._in_thread(transaction.commit)
        self._commit_took = time.monotonic() - began

    def commit(self, jobs: list[Job]) -> None:
        """Run the units in one transaction and note in each its result or error; in the calling thread."""
        try:
            with self.engine.connect() as connection, connection.begin():
                run_batch(connection, jobs)
            committed(jobs)
        except Exception as error:  # noqa: BLE001 - as above
            self._recover(jobs, error)

    def _recover(self, jobs: list[Job], error: Exception) -> None:
        """After a batch was rolled back: run its units alone if one of them is to blame, else fail them all."""
        if isinstance(error, Spoiled) or (len(jobs) > 1 and is_own_fault(error)):
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
