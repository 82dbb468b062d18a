"""Find tickets of one matter by keyed clues.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "matter_keys",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "key", "ticket_id"),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index("ix_tickets_phone_index")
        batch_op.drop_index("ix_tickets_id_number_index")
        batch_op.drop_column("phone_index")
        batch_op.drop_column("id_number_index")


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_index", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("id_number_index", sa.String(length=64), nullable=True))
        batch_op.create_index("ix_tickets_phone_index", ["region_code", "phone_index"], unique=False)
        batch_op.create_index("ix_tickets_id_number_index", ["region_code", "id_number_index"], unique=False)
    op.drop_table("matter_keys")
