"""Statements handed to the drivers themselves: SQLite's connection, and the cursor SQLAlchemy puts around asyncpg.

Owns: running one statement, and one statement for many rows of parameters. Must not: hold SQL text.
SQLAlchemy's execution costs ten times what SQLite needs for such a statement (ADR 0011); what an error means for the
connection and the pool is still SQLAlchemy's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

Row = Sequence[Any]

_PLACE = re.compile(r"\$(\d+)::(TIMESTAMP WITH TIME ZONE|[A-Z]+)")


def fetch(connection: Connection, sql: str, parameters: Row) -> Sequence[Row]:
    """Run a query and return its rows."""
    try:
        if connection.dialect.name == "sqlite":
            return _file(connection).execute(sql, parameters).fetchall()  # type: ignore[no-any-return]
        return _executed(connection, sql, parameters).fetchall()
    except BaseException as error:  # noqa: BLE001 - always raised again
        _judge(connection, sql, error)


def run(connection: Connection, sql: str, parameters: Row) -> int:
    """Run a statement that changes rows and return how many it changed."""
    try:
        if connection.dialect.name == "sqlite":
            return _file(connection).execute(sql, parameters).rowcount  # type: ignore[no-any-return]
        return _executed(connection, sql, parameters).rowcount
    except BaseException as error:  # noqa: BLE001 - as above
        _judge(connection, sql, error)


def run_many(connection: Connection, sql: str, rows: Sequence[Row]) -> int:
    """Run what :func:`for_many` made for many rows of parameters and return how many rows it changed."""
    if connection.dialect.name != "sqlite":
        return run(connection, sql, list(zip(*rows, strict=True)))
    try:
        return _file(connection).executemany(sql, rows).rowcount  # type: ignore[no-any-return]
    except BaseException as error:  # noqa: BLE001 - as above
        _judge(connection, sql, error)


def for_many(connection_dialect: str, sql: str) -> str:
    """Return a statement as one for many rows of parameters.

    On PostgreSQL that is one statement over ``unnest``, with an array a parameter: one trip, one plan. A SELECT then
    gives the number of the row of parameters (from 1) before its own columns.
    """
    if connection_dialect == "sqlite":
        return sql
    places = dict(sorted((int(number), kind) for number, kind in _PLACE.findall(sql)))
    arrays = "unnest(" + ", ".join(f"${number}::{kind}[]" for number, kind in places.items()) + ")"
    if sql.startswith("INSERT"):
        head, _, rest = sql.partition(" VALUES (")
        values, _, tail = rest.partition(")")
        if _PLACE.sub("", values).strip(", "):
            raise ValueError("an INSERT of whole rows has a parameter a column")
        return f"{head} SELECT * FROM {arrays}{tail}"  # noqa: S608 - made of a compiled statement; values are parameters
    names = ", ".join(f"p{number}" for number in places)
    placed = _PLACE.sub(r"given.p\1", sql)
    if sql.startswith("SELECT"):
        given = f"{arrays} WITH ORDINALITY AS given({names}, number)"
        return f"SELECT given.number, found.* FROM {given} CROSS JOIN LATERAL ({placed}) AS found"  # noqa: S608 - as above
    head, _, condition = placed.partition(" WHERE ")
    return f"{head} FROM {arrays} AS given({names}) WHERE {condition}"


def _executed(connection: Connection, sql: str, parameters: Row) -> DBAPICursor:
    """Run a statement on asyncpg; whoever listens to the connection's statements hears of it."""
    cursor = connection.connection.cursor()
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, sql, parameters, None, False)  # noqa: FBT003 - the shape of the event
    cursor.execute(sql, parameters)
    return cursor


def _file(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _judge(connection: Connection, sql: str, error: BaseException) -> NoReturn:
    """Raise a driver's error as SQLAlchemy would, which also drops a connection that is gone."""
    known = isinstance(error, connection.dialect.loaded_dbapi.Error)
    connection._handle_dbapi_exception(error, sql if known else None, None, None, None)  # noqa: SLF001 - the one place that judges
