"""Serve counts, the outbox's listing and the case list's filters from indexes that do not grow with the archive.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('queued', 'dispatched', 'signed')")
_STOPPED = sa.text("state IN ('parked', 'uncertain', 'cancelled')")
_STUCK = sa.text("state IN ('parked', 'uncertain')")


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_tickets_external_id", "tickets", ["region_code", "external_id"])
    op.drop_index("ix_cases_lead", table_name="cases")
    op.drop_index("ix_assignments_unit_state", table_name="assignments")
    op.create_index("ix_assignments_unit", "assignments", ["region_code", "unit", "case_id", "state"])
    op.create_index(
        "ix_assignments_open",
        "assignments",
        ["region_code", "unit", "state"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_outbox_created_at", "outbox", ["region_code", "created_at", "key"])
    _stuck_where(_STOPPED)


def downgrade() -> None:
    """Take back."""
    _stuck_where(_STUCK)
    op.drop_index("ix_outbox_created_at", table_name="outbox")
    op.drop_index("ix_assignments_open", table_name="assignments")
    op.drop_index("ix_assignments_unit", table_name="assignments")
    op.create_index("ix_assignments_unit_state", "assignments", ["region_code", "unit", "state"])
    op.create_index("ix_cases_lead", "cases", ["region_code", "lead", "id"])
    op.drop_index("ix_tickets_external_id", table_name="tickets")


def _stuck_where(condition: sa.TextClause) -> None:
    op.drop_index("ix_outbox_stuck", table_name="outbox")
    op.create_index(
        "ix_outbox_stuck",
        "outbox",
        ["region_code", "state", "kind"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
