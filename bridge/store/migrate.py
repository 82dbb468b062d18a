"""Alembic without an ini file: upgrade, and tell where a database stands.

Owns: the one migration history for SQLite and PostgreSQL. Must not: run by itself on PostgreSQL; the
operator does that (``bridge db upgrade``). A database that is current needs no Alembic: where it stands is read from its
version table and the names of the revisions' files (``NNNN_what_it_does.py``), so that a start does not load it.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from bridge.store import tables  # noqa: F401 - fills the metadata

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"


class SchemaState(StrEnum):
    """How a database's schema relates to this program's."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest revision this program knows."""
    return max(_revisions())


@cache
def _revisions() -> frozenset[str]:
    return frozenset(file.name.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def revision(connection: Connection) -> str:
    """Return the revision a database has; empty if none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def state(connection: Connection) -> SchemaState:
    """Tell where the database stands."""
    found = revision(connection)
    if not found:
        return SchemaState.EMPTY
    if found == head():
        return SchemaState.CURRENT
    return SchemaState.OLDER if found in _revisions() else SchemaState.NEWER


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to ``to``, inside the caller's transaction."""
    from alembic import command

    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Take the database back to ``to``; for tests of the migrations themselves."""
    from alembic import command

    command.downgrade(_config(connection), to)


def drift(connection: Connection) -> list[str]:
    """Return the differences between the database and the tables of this program; empty if none."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, SQLModel.metadata)]


def make_revision(connection: Connection, message: str, rev_id: str) -> None:
    """Write a new migration from the difference between the tables and the database (for developers)."""
    from alembic import command

    command.revision(_config(connection), message=message, autogenerate=True, rev_id=rev_id)
