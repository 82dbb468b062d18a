"""The real store on a real SQLite file, without its threads: units of work run on the simulator's loop.

Owns: when a unit runs (after a pause before BEGIN, answered after a pause after COMMIT, so that a crash finds
its windows) and faults of the database. Must not: change what a unit or a commit does; ``SqliteWriter`` does that.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, event

from bridge.crypto import Keyring, Vault
from bridge.store import engine as engines
from bridge.store import migrate
from bridge.store.sqlite_writer import SqliteWriter
from bridge.store.store import Store
from bridge.store.writer import MAX_BATCH, Job, Tx, Unit, settle_all
from bridge.testing.simulation.faults import Faults

T = TypeVar("T")

REGION = "140525"
PAUSE_SECONDS = (0.0, 0.03)

_WATCH = """
CREATE TABLE watched (what TEXT NOT NULL);
CREATE TRIGGER watch_delivered AFTER UPDATE OF state ON outbox WHEN OLD.state = 'delivered'
BEGIN INSERT INTO watched VALUES ('delivered message ' || OLD.key || ' settled again as ' || NEW.state); END;
CREATE TRIGGER watch_fence AFTER UPDATE ON outbox WHEN NEW.fence < OLD.fence
BEGIN INSERT INTO watched VALUES ('fence of ' || OLD.key || ' went back'); END;
CREATE TRIGGER watch_version AFTER UPDATE ON cases WHEN NEW.version <> OLD.version + 1
BEGIN INSERT INTO watched VALUES ('case ' || OLD.id || ' jumped from version ' || OLD.version); END;
"""


def make_template(directory: Path) -> Path:
    """Write a migrated empty database, with triggers that note what must never happen; copied for every life."""
    path = directory / "template.db"
    engine = engines.sqlite_engine(engines.parse(f"sqlite+aiosqlite:///{path}"))
    with engine.connect() as connection, connection.begin():
        migrate.upgrade(connection)
    engine.dispose()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_WATCH)
    return path


def copy_template(template: Path, path: Path) -> None:
    """Start a life's database from the template."""
    shutil.copyfile(template, path)


def sim_vault(dice: random.Random) -> Vault:
    """Return a vault with fixed keys and nonces from the seed."""
    return Vault(Keyring("k1", {"k1": b"k" * 32}, b"i" * 32), dice.randbytes)


@dataclass
class InlineWriter:
    """Queues and answers like the writer, in virtual time; a dead one neither commits nor answers."""

    commit: Callable[[list[Job]], None]
    dice: random.Random
    faults: Callable[[], Faults]
    dead: bool = False
    _queue: list[Job] = field(default_factory=list)
    _begun: bool = False

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Take no more units."""
        self.dead = True

    async def lull(self) -> None:
        """Nothing runs between two turns."""

    def submit(self, job: Job) -> None:
        """Queue a unit."""
        self._queue.append(job)
        self._begin(asyncio.get_running_loop())

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._begun and self._queue:
            self._begun = True
            loop.call_later(self.dice.uniform(*PAUSE_SECONDS), self._commit, loop)

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.dead:
            return
        jobs, self._queue, self._begun = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:], False
        self._commit_or_fail(jobs)
        loop.call_later(self.dice.uniform(*PAUSE_SECONDS), self._answer, jobs)
        self._begin(loop)

    def _commit_or_fail(self, jobs: list[Job]) -> None:
        faults, fate = self.faults(), self.dice.random()
        if fate >= faults.database_down:
            self.commit(jobs)
        if fate < faults.database_down + faults.commit_unknown:
            for job in jobs:
                job.error = engines.unavailable(OSError("simulated"))

    def _answer(self, jobs: list[Job]) -> None:
        if not self.dead:
            settle_all(jobs)


class SimStore(Store):
    """A store whose writer and readers work on the loop's own thread."""

    engine: Engine
    inline: InlineWriter

    def open(self, engine: Engine, dice: random.Random, faults: Callable[[], Faults]) -> None:
        """Work on the county's one connection: every transaction of every replica is over before the next begins."""
        self.engine = engine
        self.inline = InlineWriter(SqliteWriter(engine).commit, dice, faults)
        self._writer = self.inline

    async def read(self, unit: Unit[T]) -> T:
        """Run a reading unit at once, after a turn of the loop."""
        await asyncio.sleep(0)
        return self.look(unit)

    def look(self, unit: Unit[T]) -> T:
        """Run a reading unit now, for the judge."""
        with self.engine.connect() as connection, connection.begin():
            return unit(Tx(connection))

    def close(self) -> None:
        """Drop what was queued, and what was committed but not answered."""
        self.inline.dead = True


def open_database(path: Path) -> Engine:
    """Open a life's file; a crash at this level never loses what was committed, so no commit waits for the disk."""
    engine = engines.sqlite_engine(engines.parse(f"sqlite+aiosqlite:///{path}"))
    event.listen(engine, "connect", _without_waiting)
    return engine


def _without_waiting(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def open_store(engine: Engine, dice: random.Random, faults: Callable[[], Faults]) -> SimStore:
    """Return a replica's store on the county's database."""
    store = SimStore(engine.url, REGION, sim_vault(dice))
    store.open(engine, dice, faults)
    return store
