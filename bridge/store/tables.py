"""The tables. ``region_code`` stands first in every key, so that counties can share a database.

Columns that are searched, counted or joined are columns; the rest of a noun lies in ``details``
(JSON, nothing personal) or in a sealed column. Rows never leave ``store/``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bridge.store.types import UtcDateTime

ID = 64

ASSIGNMENT_OPEN = "assignments.state IN ('queued', 'dispatched', 'signed')"
OUTBOX_MOVING = "outbox.state IN ('ready', 'leased')"
OUTBOX_STOPPED = "outbox.state IN ('parked', 'uncertain', 'cancelled')"
"""Conditions of partial indexes. SQLite uses one only for a query that holds the same words."""


class TicketRow(SQLModel, table=True):
    """One upstream request; ``body`` is sealed."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("region_code", "feed", "external_id", name="uq_tickets_feed_external_id"),
        Index("ix_tickets_case_id", "region_code", "case_id"),
        Index("ix_tickets_external_id", "region_code", "external_id"),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID)
    feed: str = Field(max_length=ID)
    external_id: str = Field(max_length=ID)
    kind: str = Field(max_length=16)
    state: str = Field(max_length=16)
    received_at: datetime = Field(sa_type=UtcDateTime)
    registered_at: datetime = Field(sa_type=UtcDateTime)
    digest: str = Field(max_length=80)
    details: str = Field(sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)


class MatterKeyRow(SQLModel, table=True):
    """A clue by which tickets of one matter find each other; ``key`` is a keyed hash, nothing can be read from it."""

    __tablename__ = "matter_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)
    region_code: str = Field(primary_key=True, max_length=12)
    key: str = Field(primary_key=True, max_length=32)
    ticket_id: str = Field(primary_key=True, max_length=ID)


class TicketRevisionRow(SQLModel, table=True):
    """The bytes of every push as they came, sealed."""

    __tablename__ = "ticket_revisions"
    region_code: str = Field(primary_key=True, max_length=12)
    ticket_id: str = Field(primary_key=True, max_length=ID)
    revision: int = Field(primary_key=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    raw: bytes = Field(sa_type=LargeBinary)


class CaseRow(SQLModel, table=True):
    """One dispute. ``version`` serialises its changes; ``event_hash`` is the head of its chain.

    ``seal`` is a keyed hash over every row of the case (see ``store.seals``).
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_state", "region_code", "state", "id"),
        Index("ix_cases_category", "region_code", "category", "id"),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    version: int
    state: str = Field(max_length=24)
    category: str | None = Field(default=None, max_length=40)
    procedure: str | None = Field(default=None, max_length=24)
    lead: str | None = Field(default=None, max_length=ID)
    accepting_unit: str | None = Field(default=None, max_length=ID)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    event_seq: int
    event_hash: str = Field(max_length=64)
    rules_hash: str = Field(max_length=64)
    details: str = Field(sa_type=Text)
    evidence: bytes = Field(sa_type=LargeBinary)
    seal: str | None = Field(default=None, sa_type=Text)


class AssignmentRow(SQLModel, table=True):
    """A unit's duty in a case."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index("ix_assignments_case_id", "region_code", "case_id"),
        Index("ix_assignments_unit", "region_code", "unit", "case_id", "state"),
        Index(
            "ix_assignments_open",
            "region_code",
            "unit",
            "state",
            sqlite_where=text("state IN ('queued', 'dispatched', 'signed')"),
            postgresql_where=text("state IN ('queued', 'dispatched', 'signed')"),
        ),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID)
    unit: str = Field(max_length=ID)
    role: str = Field(max_length=8)
    state: str = Field(max_length=16)
    details: str = Field(sa_type=Text)


class OpinionRow(SQLModel, table=True):
    """A version of a unit's written opinion; ``body`` is sealed."""

    __tablename__ = "opinions"
    __table_args__ = (Index("ix_opinions_case_id", "region_code", "case_id"),)
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID)
    assignment_id: str = Field(max_length=ID)
    unit: str = Field(max_length=ID)
    kind: str = Field(max_length=16)
    version: int
    round: int
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    details: str = Field(sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)


class DeadlineRow(SQLModel, table=True):
    """One clock; the sweep reads the partial index on ``next_fire_at`` only."""

    __tablename__ = "deadlines"
    __table_args__ = (
        Index("ix_deadlines_case_id", "region_code", "case_id"),
        Index(
            "ix_deadlines_next_fire_at",
            "region_code",
            "next_fire_at",
            sqlite_where=text("next_fire_at IS NOT NULL"),
            postgresql_where=text("next_fire_at IS NOT NULL"),
        ),
        Index("ix_deadlines_status", "region_code", "status", "kind", "unit", "provisional", "due_at"),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID)
    kind: str = Field(max_length=16)
    owner: str = Field(max_length=ID)
    unit: str = Field(max_length=ID)
    status: str = Field(max_length=16)
    provisional: bool
    due_at: datetime = Field(sa_type=UtcDateTime)
    next_step: str | None = Field(default=None, max_length=16)
    next_fire_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    details: str = Field(sa_type=Text)


class OutboxRow(SQLModel, table=True):
    """One message to one destination; ``key`` is the idempotency key, ``payload`` is sealed.

    ``due_at`` None means nobody sends it: it is fetched, held, or was shown on the console.
    Times are wall time. ``position`` orders what a pulling counterpart was offered.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_ready",
            "region_code",
            "due_at",
            sqlite_where=text("state = 'ready' AND due_at IS NOT NULL"),
            postgresql_where=text("state = 'ready' AND due_at IS NOT NULL"),
        ),
        Index(
            "ix_outbox_leased",
            "region_code",
            "lease_until",
            sqlite_where=text("state = 'leased'"),
            postgresql_where=text("state = 'leased'"),
        ),
        Index(
            "ix_outbox_group",
            "region_code",
            "group_key",
            "serial",
            sqlite_where=text("state IN ('ready', 'leased')"),
            postgresql_where=text("state IN ('ready', 'leased')"),
        ),
        Index("ix_outbox_case_id", "region_code", "case_id"),
        Index(
            "ix_outbox_stuck",
            "region_code",
            "state",
            "kind",
            sqlite_where=text("state IN ('parked', 'uncertain', 'cancelled')"),
            postgresql_where=text("state IN ('parked', 'uncertain', 'cancelled')"),
        ),
        Index("ix_outbox_created_at", "region_code", "created_at", "key"),
        Index("uq_outbox_position", "region_code", "kind", "target", "position", unique=True),
        Index(
            "ix_outbox_pull",
            "region_code",
            "kind",
            "target",
            "created_at",
            sqlite_where=text("state = 'ready' AND due_at IS NULL"),
            postgresql_where=text("state = 'ready' AND due_at IS NULL"),
        ),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    key: str = Field(primary_key=True, max_length=160)
    kind: str = Field(max_length=16)
    target: str = Field(max_length=ID)
    type: str = Field(max_length=40)
    case_id: str = Field(max_length=ID)
    ticket_id: str | None = Field(default=None, max_length=ID)
    assignment_id: str | None = Field(default=None, max_length=ID)
    group_key: str = Field(max_length=96)
    serial: int
    state: str = Field(max_length=16)
    attempts: int = 0
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_owner: str | None = Field(default=None, max_length=ID)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fence: int = 0
    reason: str | None = Field(default=None, max_length=24)
    last_error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    position: int | None = Field(default=None)
    payload: bytes = Field(sa_type=LargeBinary)


class EventRow(SQLModel, table=True):
    """One line of a case's history; append-only by trigger, ``detail`` is sealed.

    ``hash`` is SHA-256 over the previous hash and the row, so that any change shows.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(
            "ix_events_opened",
            "region_code",
            "recorded_at",
            "case_id",
            sqlite_where=text("seq = 1"),
            postgresql_where=text("seq = 1"),
        ),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    case_id: str = Field(primary_key=True, max_length=ID)
    seq: int = Field(primary_key=True)
    type: str = Field(max_length=40)
    actor: str = Field(max_length=120)
    cause: str = Field(max_length=200)
    occurred_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    detail: bytes = Field(sa_type=LargeBinary)
    hash: str = Field(max_length=64)


class InboundRow(SQLModel, table=True):
    """The first answer to a webhook-id; the same id with the same body gets it again."""

    __tablename__ = "inbound"
    __table_args__ = (Index("ix_inbound_recorded_at", "region_code", "recorded_at"),)
    region_code: str = Field(primary_key=True, max_length=12)
    source: str = Field(primary_key=True, max_length=80)
    webhook_id: str = Field(primary_key=True, max_length=200)
    body_digest: str = Field(max_length=64)
    status: int
    answer: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class TokenRow(SQLModel, table=True):
    """An operator's token, by its SHA-256."""

    __tablename__ = "tokens"
    __table_args__ = (UniqueConstraint("region_code", "token_hash", name="uq_tokens_token_hash"),)
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    name: str = Field(max_length=80)
    role: str = Field(max_length=16)
    unit: str | None = Field(default=None, max_length=ID)
    token_hash: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LeaseRow(SQLModel, table=True):
    """Who leads a singleton loop, until when (wall time), with a fencing number."""

    __tablename__ = "leases"
    region_code: str = Field(primary_key=True, max_length=12)
    name: str = Field(primary_key=True, max_length=ID)
    owner: str = Field(max_length=ID)
    until: datetime = Field(sa_type=UtcDateTime)
    fence: int


class CursorRow(SQLModel, table=True):
    """The last position offered to a counterpart that fetches; its row is locked while the counterpart is served."""

    __tablename__ = "pull_cursors"
    region_code: str = Field(primary_key=True, max_length=12)
    kind: str = Field(primary_key=True, max_length=16)
    target: str = Field(primary_key=True, max_length=ID)
    position: int


class ReplicaRow(SQLModel, table=True):
    """A running process of this region, by its own report (wall time); one long unseen is dead."""

    __tablename__ = "replicas"
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    roles: str = Field(max_length=80)
    version: str = Field(max_length=40)
    schema_revision: str = Field(max_length=40)
    rules_hash: str = Field(max_length=64)
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class SettingRow(SQLModel, table=True):
    """Facts about the database itself, such as the check value of the encryption key."""

    __tablename__ = "settings"
    region_code: str = Field(primary_key=True, max_length=12)
    name: str = Field(primary_key=True, max_length=ID)
    value: str = Field(sa_type=Text)


class DocumentRow(SQLModel, table=True):
    """An issued document; its number, bytes and data never change. ``content``, ``blanked`` and ``fields`` are sealed.

    ``blanked`` is the copy for readers who may not learn who a confidential petitioner is.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("region_code", "kind", "year", "serial", name="uq_documents_serial"),
        UniqueConstraint("region_code", "number", name="uq_documents_number"),
        Index("ix_documents_case_id", "region_code", "case_id"),
    )
    region_code: str = Field(primary_key=True, max_length=12)
    id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID)
    kind: str = Field(max_length=16)
    subject: str = Field(max_length=ID)
    unit: str | None = Field(default=None, max_length=ID)
    year: int
    serial: int
    number: str = Field(max_length=80)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: str = Field(max_length=120)
    template_sha256: str = Field(max_length=64)
    sha256: str = Field(max_length=64)
    size: int
    content: bytes = Field(sa_type=LargeBinary)
    blanked: bytes | None = Field(default=None, sa_type=LargeBinary)
    fields: bytes = Field(sa_type=LargeBinary)


class DocumentNumberRow(SQLModel, table=True):
    """The last number drawn of a kind in a year (文号); rolled back with the document that drew it, so there is no gap."""

    __tablename__ = "document_numbers"
    region_code: str = Field(primary_key=True, max_length=12)
    kind: str = Field(primary_key=True, max_length=16)
    year: int = Field(primary_key=True)
    last: int
