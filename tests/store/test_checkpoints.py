"""SQLite's log is copied back beside the writer, and begins anew although tickets keep coming."""

from __future__ import annotations

from pathlib import Path

from bridge.store.checkpoints import PAGES, Checkpoints
from bridge.store.engine import parse, sqlite_engine


def test_the_log_is_copied_beside_an_open_transaction(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    url = parse(f"sqlite+aiosqlite:///{file}")
    writer, checkpoints = sqlite_engine(url), Checkpoints(sqlite_engine(url))
    with writer.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("CREATE TABLE pages (body BLOB)")
        checkpoints.note(connection)
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO pages VALUES (zeroblob(3000000))")
            checkpoints.copy()
            assert file.stat().st_size < 3_000_000
        before = file.stat().st_size
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO pages VALUES (zeroblob(10))")
            checkpoints.copy()
            assert file.stat().st_size > before + 2_900_000
    checkpoints.stop()
    writer.dispose()


def test_enough_commits_begin_a_copy(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    url = parse(f"sqlite+aiosqlite:///{file}")
    writer, checkpoints = sqlite_engine(url), Checkpoints(sqlite_engine(url))
    with writer.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("CREATE TABLE pages (body BLOB)")
            connection.exec_driver_sql("INSERT INTO pages VALUES (zeroblob(300000))")
        for _ in range(PAGES):
            checkpoints.note(connection)
        checkpoints.stop()
        assert file.stat().st_size > 300_000
    writer.dispose()
