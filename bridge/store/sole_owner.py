"""One daemon on a SQLite file: a lock beside it, which ends with the process however it ends.

Owns: the lock file. Must not: be asked for on PostgreSQL, where replicas are welcome, or by commands that only
add a line while the daemon runs.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from bridge.errors import ConfigError, Problem
from bridge.store.engine import is_sqlite, make_file


@contextmanager
def sole_owner(url: URL) -> Iterator[None]:
    """Hold a SQLite file's lock; on PostgreSQL do nothing. Raises ConfigError if another process holds it."""
    if not is_sqlite(url) or not url.database:
        yield
        return
    file = Path(url.database)
    make_file(file.with_name(f"{file.name}.lock"))
    with file.with_name(f"{file.name}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "这个 SQLite 库已有一个 bridge serve 在用，只能有一个进程；要运行多个副本请改用 PostgreSQL"
            raise ConfigError("bridge.toml", [Problem("database_url", message)]) from None
        yield
