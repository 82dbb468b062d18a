"""Find the cases of a period by their first event.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_events_opened",
        "events",
        ["region_code", "recorded_at", "case_id"],
        sqlite_where=sa.text("seq = 1"),
        postgresql_where=sa.text("seq = 1"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_events_opened", table_name="events")
