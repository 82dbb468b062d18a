"""The first tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bridge.store.types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


SQLITE_GUARDS = (
    "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
)
POSTGRES_GUARDS = (
    (
        "CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
    ),
    (
        "CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION events_append_only()"
    ),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "assignments",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "id"),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_case_id", ["region_code", "case_id"], unique=False)
        batch_op.create_index("ix_assignments_unit_state", ["region_code", "unit", "state"], unique=False)

    op.create_table(
        "cases",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("procedure", sa.String(length=24), nullable=True),
        sa.Column("lead", sa.String(length=64), nullable=True),
        sa.Column("accepting_unit", sa.String(length=64), nullable=True),
        sa.Column("opened_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", bridge.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("event_hash", sa.String(length=64), nullable=False),
        sa.Column("rules_hash", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "id"),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_category", ["region_code", "category", "id"], unique=False)
        batch_op.create_index("ix_cases_lead", ["region_code", "lead", "id"], unique=False)
        batch_op.create_index("ix_cases_state", ["region_code", "state", "id"], unique=False)

    op.create_table(
        "deadlines",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("due_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_step", sa.String(length=16), nullable=True),
        sa.Column("next_fire_at", bridge.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "id"),
    )
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.create_index("ix_deadlines_case_id", ["region_code", "case_id"], unique=False)
        batch_op.create_index(
            "ix_deadlines_next_fire_at",
            ["region_code", "next_fire_at"],
            unique=False,
            sqlite_where=sa.text("next_fire_at IS NOT NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL"),
        )
        batch_op.create_index("ix_deadlines_status", ["region_code", "status", "kind", "unit", "due_at"], unique=False)

    op.create_table(
        "events",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "case_id", "seq"),
    )
    op.create_table(
        "inbound",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("webhook_id", sa.String(length=200), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("recorded_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "source", "webhook_id"),
    )
    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.create_index("ix_inbound_recorded_at", ["region_code", "recorded_at"], unique=False)

    op.create_table(
        "leases",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "name"),
    )
    op.create_table(
        "opinions",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("assignment_id", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("recorded_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "id"),
    )
    with op.batch_alter_table("opinions", schema=None) as batch_op:
        batch_op.create_index("ix_opinions_case_id", ["region_code", "case_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=True),
        sa.Column("assignment_id", sa.String(length=64), nullable=True),
        sa.Column("group_key", sa.String(length=96), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", bridge.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", bridge.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", bridge.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "key"),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_case_id", ["region_code", "case_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_group",
            ["region_code", "group_key", "serial"],
            unique=False,
            sqlite_where=sa.text("state IN ('ready', 'leased')"),
            postgresql_where=sa.text("state IN ('ready', 'leased')"),
        )
        batch_op.create_index(
            "ix_outbox_leased",
            ["region_code", "lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'leased'"),
            postgresql_where=sa.text("state = 'leased'"),
        )
        batch_op.create_index(
            "ix_outbox_pull",
            ["region_code", "kind", "target", "created_at"],
            unique=False,
            sqlite_where=sa.text("state = 'ready' AND due_at IS NULL"),
            postgresql_where=sa.text("state = 'ready' AND due_at IS NULL"),
        )
        batch_op.create_index(
            "ix_outbox_ready",
            ["region_code", "due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'ready' AND due_at IS NOT NULL"),
            postgresql_where=sa.text("state = 'ready' AND due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_stuck",
            ["region_code", "state", "kind"],
            unique=False,
            sqlite_where=sa.text("state IN ('parked', 'uncertain')"),
            postgresql_where=sa.text("state IN ('parked', 'uncertain')"),
        )
        batch_op.create_index("uq_outbox_position", ["region_code", "kind", "target", "position"], unique=True)

    op.create_table(
        "settings",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "name"),
    )
    op.create_table(
        "ticket_revisions",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recorded_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "ticket_id", "revision"),
    )
    op.create_table(
        "tickets",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("registered_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("id_number_index", sa.String(length=64), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("region_code", "id"),
        sa.UniqueConstraint("region_code", "feed", "external_id", name="uq_tickets_feed_external_id"),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.create_index("ix_tickets_case_id", ["region_code", "case_id"], unique=False)
        batch_op.create_index("ix_tickets_id_number_index", ["region_code", "id_number_index"], unique=False)
        batch_op.create_index("ix_tickets_phone_index", ["region_code", "phone_index"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", bridge.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", bridge.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("region_code", "id"),
        sa.UniqueConstraint("region_code", "token_hash", name="uq_tokens_token_hash"),
    )
    guards = SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else POSTGRES_GUARDS
    for guard in guards:
        op.execute(guard)


def downgrade() -> None:
    """Revert."""
    op.drop_table("tokens")
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index("ix_tickets_phone_index")
        batch_op.drop_index("ix_tickets_id_number_index")
        batch_op.drop_index("ix_tickets_case_id")

    op.drop_table("tickets")
    op.drop_table("ticket_revisions")
    op.drop_table("settings")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("uq_outbox_position")
        batch_op.drop_index(
            "ix_outbox_stuck",
            sqlite_where=sa.text("state IN ('parked', 'uncertain')"),
            postgresql_where=sa.text("state IN ('parked', 'uncertain')"),
        )
        batch_op.drop_index(
            "ix_outbox_ready",
            sqlite_where=sa.text("state = 'ready' AND due_at IS NOT NULL"),
            postgresql_where=sa.text("state = 'ready' AND due_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_outbox_pull",
            sqlite_where=sa.text("state = 'ready' AND due_at IS NULL"),
            postgresql_where=sa.text("state = 'ready' AND due_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_outbox_leased", sqlite_where=sa.text("state = 'leased'"), postgresql_where=sa.text("state = 'leased'")
        )
        batch_op.drop_index(
            "ix_outbox_group",
            sqlite_where=sa.text("state IN ('ready', 'leased')"),
            postgresql_where=sa.text("state IN ('ready', 'leased')"),
        )
        batch_op.drop_index("ix_outbox_case_id")

    op.drop_table("outbox")
    with op.batch_alter_table("opinions", schema=None) as batch_op:
        batch_op.drop_index("ix_opinions_case_id")

    op.drop_table("opinions")
    op.drop_table("leases")
    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.drop_index("ix_inbound_recorded_at")

    op.drop_table("inbound")
    op.drop_table("events")
    with op.batch_alter_table("deadlines", schema=None) as batch_op:
        batch_op.drop_index("ix_deadlines_status")
        batch_op.drop_index(
            "ix_deadlines_next_fire_at",
            sqlite_where=sa.text("next_fire_at IS NOT NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_deadlines_case_id")

    op.drop_table("deadlines")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("ix_cases_state")
        batch_op.drop_index("ix_cases_lead")
        batch_op.drop_index("ix_cases_category")

    op.drop_table("cases")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index("ix_assignments_unit_state")
        batch_op.drop_index("ix_assignments_case_id")

    op.drop_table("assignments")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION events_append_only()")
