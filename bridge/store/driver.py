"""Statements handed to the drivers themselves: SQLite's connection, and asyncpg's.

Owns: running one statement, one for many rows of parameters, several of those as one, and when a transaction begins
on PostgreSQL. Must not: hold SQL text.
SQLAlchemy's execution costs ten times what SQLite needs for such a statement (ADR 0011); what an error means for the
connection and the pool is still SQLAlchemy's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.util import await_only

Row = Sequence[Any]

_PLACE = re.compile(r"\$(\d+)::(TIMESTAMP WITH TIME ZONE|[A-Z]+)")
_DIVISION_BY_ZERO = "22012"


class RowMissing(Exception):
    """A row that was to be changed was not there, so nothing of the statement was written."""


@contextmanager
def begun_late(connection: Connection) -> Iterator[None]:
    """On PostgreSQL, let each statement be a transaction of its own until :func:`begin`."""
    wire = _wire(connection)
    wire.autocommit = True
    try:
        yield
    finally:
        wire.autocommit = False


def begin(connection: Connection) -> None:
    """From now on (if not already) every statement belongs to one transaction, which has to be committed."""
    if connection.dialect.name != "sqlite":
        _wire(connection).autocommit = False


def has_begun(connection: Connection) -> bool:
    """Tell whether the next statement is committed with others, and not by itself."""
    return connection.dialect.name == "sqlite" or not _wire(connection).autocommit


def fetch(connection: Connection, sql: str, parameters: Row) -> Sequence[Row]:
    """Run a query and return its rows."""
    try:
        if connection.dialect.name == "sqlite":
            return _file(connection).execute(sql, parameters).fetchall()  # type: ignore[no-any-return]
        return _sent(connection, sql, parameters, _wire(connection).driver_connection.fetch)  # type: ignore[no-any-return]
    except BaseException as error:  # noqa: BLE001 - always raised again
        _judge(connection, sql, error)


def run(connection: Connection, sql: str, parameters: Row) -> int:
    """Run a statement that changes rows and return how many it changed."""
    try:
        if connection.dialect.name == "sqlite":
            return _file(connection).execute(sql, parameters).rowcount  # type: ignore[no-any-return]
        done: str = _sent(connection, sql, parameters, _wire(connection).driver_connection.execute)
        return int(done.rpartition(" ")[2])
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


def fetch_together(connection: Connection, queries: Sequence[tuple[str, Sequence[Row]]]) -> Sequence[Sequence[Row]]:
    """Run several queries of :func:`for_many` on PostgreSQL in one trip; returns the rows of each."""
    sql = _listed(tuple(sql for sql, _ in queries))
    return fetch(connection, sql, [column for _, rows in queries for column in zip(*rows, strict=True)])[0]


def fetch_one_each(connection: Connection, queries: Sequence[tuple[str, Row]]) -> Sequence[Sequence[Row]]:
    """Run several queries, as they are, on PostgreSQL in one trip; returns the rows of each, as of :func:`fetch_together`.

    PostgreSQL keeps a plan of these, but plans anew for every array of one: it thinks that a plan for any array has to do more.
    """
    sql = _listed(tuple(f"SELECT 1 AS number, found.* FROM ({sql}) AS found" for sql, _ in queries))  # noqa: S608 - as above
    return fetch(connection, sql, [value for _, row in queries for value in row])[0]


def run_together(
    connection: Connection, statements: Sequence[tuple[str, Sequence[Row]]], whole: Collection[int]
) -> None:
    """Run several of :func:`for_many` on PostgreSQL as one statement, in one trip; it is carried out whole or not at all.

    No two of them may touch the same row. Raises RowMissing if one of those numbered in ``whole`` did not change every row.
    """
    sql = _together(tuple(sql for sql, _ in statements), tuple(sorted(whole)))
    parameters = [column for _, rows in statements for column in zip(*rows, strict=True)]
    try:
        _sent(connection, sql, parameters, _wire(connection).driver_connection.execute)
    except BaseException as error:
        if getattr(error, "sqlstate", None) == _DIVISION_BY_ZERO:
            raise RowMissing from error
        _judge(connection, sql, error)


@lru_cache(maxsize=512)
def _listed(queries: tuple[str, ...]) -> str:
    """Return queries as one whose only row holds an array of the rows of each."""
    lists = [f"ARRAY(SELECT found FROM ({sql}) AS found)" for sql in _apart(queries)]  # noqa: S608 - as above
    return "SELECT " + ", ".join(lists)


@lru_cache(maxsize=512)
def _together(statements: tuple[str, ...], whole: tuple[int, ...]) -> str:
    """Return statements as parts of one, which divides by zero if one of those in ``whole`` missed a row."""
    parts, conditions = [], ["true"]
    for number, part in enumerate(_apart(statements)):
        if number in whole:
            changed = f"(SELECT count(*) FROM part{number})"  # noqa: S608 - as above
            conditions += [f"{changed} = cardinality({place[0]}[])" for place in [*_PLACE.finditer(part)][:1]]
        parts.append(f"part{number} AS ({part}{' RETURNING 1' if number in whole else ''})")
    return f"WITH {', '.join(parts)} SELECT 1 / CASE WHEN {' AND '.join(conditions)} THEN 1 ELSE 0 END"


def _apart(statements: tuple[str, ...]) -> list[str]:
    """Return statements whose parameters are numbered on from one to the next."""
    parts, offset = [], 0
    for sql in statements:
        parts.append(_PLACE.sub(lambda place, by=offset: f"${int(place[1]) + by}::{place[2]}", sql))  # type: ignore[misc]
        offset += max((int(number) for number, _ in _PLACE.findall(sql)), default=0)
    return parts


def _sent(connection: Connection, sql: str, parameters: Row, by: Callable[..., Awaitable[Any]]) -> Any:
    """Let asyncpg run a statement, in the transaction if one has begun; whoever listens to the connection's statements hears of it."""
    wire = _wire(connection)
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, sql, parameters, None, False)  # noqa: FBT003 - the shape of the event
    try:
        if wire._transaction is None and not wire.autocommit:  # noqa: SLF001 - what its cursor asks before every statement
            await_only(wire._start_transaction())  # noqa: SLF001 - as above
        return await_only(by(sql, *parameters))
    except Exception as error:  # noqa: BLE001 - raised again as one of the errors of SQLAlchemy's driver, if it knows it
        wire._handle_exception(error)  # noqa: SLF001 - as above


def _wire(connection: Connection) -> Any:
    """Return what SQLAlchemy puts around asyncpg's connection."""
    return connection.connection.dbapi_connection


def _file(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _judge(connection: Connection, sql: str, error: BaseException) -> NoReturn:
    """Raise a driver's error as SQLAlchemy would, which also drops a connection that is gone."""
    known = isinstance(error, connection.dialect.loaded_dbapi.Error)
    connection._handle_dbapi_exception(error, sql if known else None, None, None, None)  # noqa: SLF001 - the one place that judges
