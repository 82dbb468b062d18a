"""Engines: how each database is opened, and what is refused at the start.

Owns: URLs, pragmas, the checks that a commit is durable. Must not: run a business statement.
Source: SQLite documentation (WAL, synchronous=FULL), PostgreSQL documentation (synchronous_commit).
"""

from __future__ import annotations

import socket
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bridge import refusals
from bridge.errors import ConfigError, OutcomeUnknown, Unavailable
from bridge.store import driver

BUSY_MS = 10_000
CACHE_KIB = 16_384
READING_CACHE_KIB = 4_096
"""Pages a connection keeps: each of several readers fills its own beside a large ledger, and the system keeps them too."""
CHECKPOINT_PAGES = 12_000
"""A COMMIT that leaves so long a log copies it back; by then most of it has been copied beside it (``store.checkpoints``)."""
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 1.0
"""A connection used so lately is taken to be alive; whoever finds it dead is told and tries again."""
COMMAND_SECONDS = 30.0
LIMITS_MS = {
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "60000",
}
"""What PostgreSQL is asked to end by itself: a statement, a wait for a lock, a transaction nobody works in."""
READ_ONLY = "25006"
"""SQLSTATE of a write on a standby or a primary that only reads."""
_USED_AT = "used_at"
_REASONS: dict[type[BaseException], str] = {
    ConnectionRefusedError: "连接被拒绝：服务器没有在这个地址运行",
    TimeoutError: "连接超时",
    socket.gaierror: "主机名解析不了",
    PoolTimeout: "没有空闲的连接",
}
_SQLITE_SAID = {
    "full": "磁盘已满",
    "disk I/O error": "磁盘读写出错，可能已满",
    "locked": "被别的程序锁住",
    "readonly": "数据库文件只读",
    "unable to open": "数据库文件打不开",
}
_SERVER_SAID = {
    READ_ONLY: "服务器只读，可能是备库，或主备正在切换",
    "40001": "与同时进行的事务冲突",
    "40P01": "与同时进行的事务冲突",
    "53100": "服务器磁盘已满",
    "53300": "服务器的连接数已满",
    "55P03": "等锁超时",
    "57014": "语句超时",
    "57P01": "连接被服务器断开",
    "57P02": "服务器崩溃重启",
    "57P03": "服务器正在启动或停机",
}
"""SQLSTATEs that pass by themselves. Source: PostgreSQL documentation, appendix A."""
FAILURES = (DBAPIError, PoolTimeout, OSError, TimeoutError)
"""What a database that cannot be used raises; a pool without a free connection has a timeout of its own."""


def parse(database_url: str) -> URL:
    """Parse a database URL; SQLite runs on the standard driver, PostgreSQL on asyncpg (ADR 0003).

    Raises ConfigError for another kind of database, or what is no URL.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise refusals.no_url() from None
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite+pysqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+asyncpg")
    raise refusals.refused("database_url", "只支持 sqlite+aiosqlite:///… 或 postgresql+asyncpg://…")


def is_sqlite(url: URL) -> bool:
    """Tell whether a URL names a SQLite file."""
    return url.get_backend_name() == "sqlite"


def keeps_sessions(url: URL) -> bool:
    """Tell whether a connection is one session for as long as it is open: on a server, without a pooler in between."""
    return not is_sqlite(url) and not _is_pooled(url)


def _is_pooled(url: URL) -> bool:
    return url.query.get("pooler") == "transaction"


def sqlite_engine(url: URL, *, readers: int = 1, read_only: bool = False) -> Engine:
    """Open a SQLite file (0600 if new) with the pragmas every connection of ours has; transactions begin explicitly."""
    if url.database:
        make_file(Path(url.database), touched=not read_only)
    engine = create_engine(
        url,
        pool_size=readers,
        max_overflow=0,
        pool_timeout=30,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_MS / 1000},
        query_cache_size=1_000,
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_set_pragmas, READING_CACHE_KIB if read_only else CACHE_KIB))
    event.listen(engine, "begin", _begin_deferred if read_only else _begin_immediate)
    return engine


def make_file(file: Path, *, touched: bool = True) -> None:
    """Make the folder of a database file, and the file (0600) if it is new. Raises ConfigError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if touched:
            file.touch(mode=0o600)
    except OSError as error:
        raise refusals.no_folder(file.parent, error) from None


def _set_pragmas(cache_kib: int, connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        f"cache_size=-{cache_kib}",
        f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def be_patient(connection: Connection, milliseconds: int) -> None:
    """Say how long a connection waits for a lock that another process holds; 0: it is an error at once."""
    file: Any = connection.connection.dbapi_connection
    file.execute(f"PRAGMA busy_timeout={milliseconds}")


def is_locked(error: BaseException) -> bool:
    """Tell whether another process holds the lock of a SQLite file."""
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _begin_immediate(connection: Connection) -> None:
    driver.run(connection, "BEGIN IMMEDIATE", ())


def _begin_deferred(connection: Connection) -> None:
    driver.run(connection, "BEGIN", ())


def postgres_engine(url: URL, *, connections: int, patient: bool = False) -> AsyncEngine:
    """Open a PostgreSQL pool; statements, locks and idle transactions time out rather than hang.

    ``pooler=transaction`` in the URL means that a pooler in transaction mode (PgBouncer) stands between: no prepared
    statement and no session setting outlives a transaction. ``patient`` is for migrations, whose statements may be long.
    """
    pooled = _is_pooled(url)
    limits = {} if patient else LIMITS_MS
    settings = {"application_name": "ticket-bridge", "timezone": "UTC"}
    arguments: dict[str, Any] = {"timeout": CONNECT_SECONDS, "command_timeout": None if patient else COMMAND_SECONDS}
    arguments |= _UNPREPARED if pooled else {}
    engine = create_async_engine(
        url.difference_update_query(["pooler"]),
        pool_size=connections,
        max_overflow=2,
        pool_timeout=10,
        pool_use_lifo=True,
        connect_args={**arguments, "server_settings": settings if pooled else settings | limits},
        query_cache_size=1_000,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "handle_error", _leave_demoted)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _ask_if_idle)
    if pooled and limits:
        event.listen(engine.sync_engine, "begin", _limit_transaction)
    return engine


_UNPREPARED = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}
"""Statements without a name: behind a pooler the next transaction may run in another session."""


def _limit_transaction(connection: Connection) -> None:
    """Set the limits for one transaction, where a session's settings are not ours."""
    settings = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in LIMITS_MS.items())
    connection.exec_driver_sql(f"SELECT {settings}")


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED_AT] = time.monotonic()


def _ask_if_idle(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that lay idle whether its server is still there; three trips, too dear for every transaction.

    Raises InvalidatePoolError, upon which the pool connects anew, with this and every other connection.
    """
    used_at = record.info.get(_USED_AT)
    if used_at is None or time.monotonic() - used_at < IDLE_SECONDS:
        return
    try:
        connection.ping()
    except Exception as error:
        raise InvalidatePoolError from error


def _leave_demoted(context: ExceptionContext) -> None:
    """Drop every connection to a server that has become a standby, so that the next ones find the primary."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def check_durable(connection: Connection) -> None:
    """Refuse a database that would acknowledge a commit before it is on disk.

    Raises ConfigError naming the setting.
    """
    if connection.dialect.name == "sqlite":
        _check_sqlite(connection)
        return
    commit = connection.execute(text("SHOW synchronous_commit")).scalar_one()
    fsync = connection.execute(text("SHOW fsync")).scalar_one()
    if commit == "off" or fsync == "off":
        raise refusals.not_durable_postgres()


def _check_sqlite(connection: Connection) -> None:
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    if int(synchronous) < 2 or str(journal).lower() != "wal":  # noqa: PLR2004 - SQLite's number for FULL
        raise refusals.not_durable_sqlite()


def is_out_of_space(error: BaseException) -> bool:
    """Tell whether a database error means the disk is full."""
    return isinstance(error, sqlite3.OperationalError) and "full" in str(error)


def at_start(error: BaseException) -> ConfigError | Unavailable:
    """Translate a driver's error at the start: what no patience cures is a refusal with its remedy."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.DatabaseError):
        said = str(original)
        text = next((text for words, text in refusals.SQLITE.items() if words in said), None)
    else:
        text = refusals.POSTGRES.get(getattr(original, "sqlstate", None) or "")
    return unavailable(error) if text is None else refusals.refused("database_url", text)


def unavailable(error: BaseException) -> Unavailable:
    """Translate a driver's error into ours, without its SQL or parameters."""
    original = getattr(error, "orig", None)
    said = str(original or "")
    why = next((why for words, why in _SQLITE_SAID.items() if words in said), None)
    why = why or _SERVER_SAID.get(getattr(original, "sqlstate", None) or "")
    why = why or _REASONS.get(type(error), type(error).__name__)
    return Unavailable(f"数据库暂时不可用（{why}），未确认任何数据，请稍后重试")


def outcome_unknown(error: BaseException) -> OutcomeUnknown:
    """Translate the error of a COMMIT that may have taken place."""
    return OutcomeUnknown(f"提交时数据库失去联系（{type(error).__name__}），是否已登记尚不能确定")
