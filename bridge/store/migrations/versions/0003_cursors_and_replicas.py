"""Cursors of pulling counterparts, and the roster of running replicas.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bridge.store.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEEP_POSITIONS = (
    "INSERT INTO pull_cursors (region_code, kind, target, position) "
    "SELECT region_code, kind, target, max(position) FROM outbox WHERE position IS NOT NULL "
    "GROUP BY region_code, kind, target"
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pull_cursors",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "kind", "target"),
    )
    op.execute(KEEP_POSITIONS)
    op.create_table(
        "replicas",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("schema_revision", sa.String(length=40), nullable=False),
        sa.Column("rules_hash", sa.String(length=64), nullable=False),
        sa.Column("started_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "id"),
    )


def downgrade() -> None:
    """Revert."""
    op.drop_table("replicas")
    op.drop_table("pull_cursors")
