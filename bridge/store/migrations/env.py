"""Alembic's entry: runs the one migration history on the connection it is given."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from bridge.store import tables  # noqa: F401 - fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
