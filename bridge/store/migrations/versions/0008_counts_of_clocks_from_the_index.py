"""Count the clocks from their index alone: whether one is provisional stands in it too.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BEFORE = ["region_code", "status", "kind", "unit", "due_at"]
_AFTER = ["region_code", "status", "kind", "unit", "provisional", "due_at"]


def upgrade() -> None:
    """Apply."""
    _index(_AFTER)


def downgrade() -> None:
    """Take back."""
    _index(_BEFORE)


def _index(columns: list[str]) -> None:
    op.drop_index("ix_deadlines_status", table_name="deadlines")
    op.create_index("ix_deadlines_status", "deadlines", columns)
