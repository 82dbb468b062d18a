"""Alembic without an ini file: upgrade, and tell where a database stands.

Owns: the one migration history for SQLite and PostgreSQL. Must not: run by itself on PostgreSQL; the
operator does that (``bridge db upgrade``).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlmodel import SQLModel

from bridge.store import tables  # noqa: F401 - fills the metadata


class SchemaState(StrEnum):
    """How a database's schema relates to this program's."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest revision this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision(connection: Connection) -> str:
    """Return the revision a database has; empty if none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def state(connection: Connection) -> SchemaState:
    """Tell where the database stands."""
    found = revision(connection)
    if not found:
        return SchemaState.EMPTY
    if found == head():
        return SchemaState.CURRENT
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return SchemaState.OLDER if found in known else SchemaState.NEWER


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to ``to``, inside the caller's transaction."""
    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Take the database back to ``to``; for tests of the migrations themselves."""
    command.downgrade(_config(connection), to)


def drift(connection: Connection) -> list[str]:
    """Return the differences between the database and the tables of this program; empty if none."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, SQLModel.metadata)]


def make_revision(connection: Connection, message: str, rev_id: str) -> None:
    """Write a new migration from the difference between the tables and the database (for developers)."""
    command.revision(_config(connection), message=message, autogenerate=True, rev_id=rev_id)
