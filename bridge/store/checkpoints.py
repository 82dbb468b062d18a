"""SQLite's log is copied back into its file beside the writer, so that no COMMIT waits for thousands of pages.

Owns: when that happens, on a connection and a thread of its own. Must not: be needed; a log that has grown far is
copied by SQLite itself at the end of a COMMIT (``CHECKPOINT_PAGES``), which then finds most of it done, and only a
log copied to its end begins anew.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

PAGES = 2_000
"""Copied back in the background about every so many pages of the log."""
_COMMIT_PAGES = 40
_ROWS_TO_A_PAGE = 4
"""About what goes into the log: a commit touches every index once, more rows of it share pages."""


@dataclass(slots=True)
class Checkpoints:
    """Copies the log of one file back now and then; :meth:`note` is called after every commit."""

    engine: Engine
    _beside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "store-checkpoint"))
    _running: Future[None] | None = None
    _rows: int = 0
    _pages: int = 0

    def note(self, connection: Connection) -> None:
        """Count a commit of the writer's connection."""
        file: Any = connection.connection.dbapi_connection
        rows: int = file.total_changes
        self._pages += _COMMIT_PAGES + max(rows - self._rows, 0) // _ROWS_TO_A_PAGE
        self._rows = rows
        if self._pages >= PAGES and not self.running:
            self._pages = 0
            self._running = self._beside.submit(self.copy)

    @property
    def running(self) -> bool:
        """Whether the disk is busy with a copy right now."""
        return self._running is not None and not self._running.done()

    def copy(self) -> None:
        """Copy what is in the log back, as far as nobody still reads what it replaces; never waits for anybody."""
        with suppress(DBAPIError, sqlite3.Error), self.engine.connect() as connection:
            file: Any = connection.connection.dbapi_connection
            file.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def stop(self) -> None:
        """Finish what runs and close the connection."""
        self._beside.shutdown()
        self.engine.dispose()
