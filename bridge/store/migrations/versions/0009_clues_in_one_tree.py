"""Keep the clues of tickets in one tree on SQLite instead of a table and its index.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CLUES = """CREATE TABLE matter_keys_anew (
    region_code VARCHAR(12) NOT NULL,
    "key" VARCHAR(32) NOT NULL,
    ticket_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (region_code, "key", ticket_id)
)"""


def upgrade() -> None:
    """Apply."""
    _copy_clues(f"{_CLUES} WITHOUT ROWID")


def downgrade() -> None:
    """Take back."""
    _copy_clues(_CLUES)


def _copy_clues(table: str) -> None:
    """Copy the clues into a new table; a SQLite file has one process, so nobody works beside this."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(table)
    op.execute("INSERT INTO matter_keys_anew SELECT * FROM matter_keys ORDER BY 1, 2, 3")
    op.execute("DROP TABLE matter_keys")
    op.execute("ALTER TABLE matter_keys_anew RENAME TO matter_keys")
