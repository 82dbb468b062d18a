"""SQLite's log is copied back beside the writer, and begins anew although tickets keep coming."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bridge.store.checkpoints import PAGES, Checkpoints
from bridge.store.engine import parse, sqlite_engine


@dataclass
class Written:
    """A file with one table, the connection that writes to it, and the copier beside it."""

    file: Path
    writer: Connection
    checkpoints: Checkpoints

    def insert(self, size: int) -> None:
        self.writer.exec_driver_sql(f"INSERT INTO pages VALUES (zeroblob({size}))")

    def bytes(self) -> int:
        return self.file.stat().st_size


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    file = tmp_path / "ledger.db"
    url = parse(f"sqlite+aiosqlite:///{file}")
    engine, checkpoints = sqlite_engine(url), Checkpoints(sqlite_engine(url))
    with engine.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("CREATE TABLE pages (body BLOB)")
        yield Written(file, connection, checkpoints)
    checkpoints.stop()
    engine.dispose()


def test_the_log_is_copied_beside_an_open_transaction(written: Written) -> None:
    written.checkpoints.note(written.writer)
    with written.writer.begin():
        written.insert(3_000_000)
        written.checkpoints.copy()
        assert written.bytes() < 3_000_000
    before = written.bytes()
    with written.writer.begin():
        written.insert(10)
        written.checkpoints.copy()
        assert written.bytes() > before + 2_900_000


def test_enough_commits_begin_a_copy(written: Written) -> None:
    with written.writer.begin():
        written.insert(300_000)
    for _ in range(PAGES):
        written.checkpoints.note(written.writer)
    written.checkpoints.stop()
    assert written.bytes() > 300_000
