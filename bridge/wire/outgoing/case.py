"""A case as operators and clerks of units see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    NoticeKind,
    ProcedureId,
    ReceiptType,
    Role,
    Side,
    SideStatus,
)
from bridge.wire.outgoing.body import Outgoing
from bridge.wire.outgoing.outbox import StoppedOut
from bridge.wire.outgoing.unit_message import ContradictionOut, DueOut, MissingOut, ToTellOut, TriggerOut


class PayerNoticeOut(Outgoing):
    """A notice to the payer with its proof; ``reason`` says why nobody had to."""

    kind: NoticeKind
    unit: str
    owed_at: datetime
    until: datetime | None = None
    given_at: datetime | None = None
    channel: str | None = None
    by: str | None = None
    reason: str | None = None
    ticket_id: str | None = None


class AssignmentOut(Outgoing):
    """An assignment as operators see it."""

    id: str
    unit: str
    role: Role
    state: AssignmentState
    owed: list[ReceiptType]
    due: DueOut


class SimilarOut(Outgoing):
    """A case that may be about the same matter; ``score`` is 0 to 1. Not shown to clerks of units."""

    case_id: str
    state: CaseState
    score: float
    reasons: list[str]


class SideOut(Outgoing):
    """What one side of the dispute is told; ``reason`` says why nobody has to."""

    side: Side
    status: SideStatus
    text: str | None
    channel: str | None
    at: datetime | None
    by: str | None
    reason: str | None
    satisfaction: str | None = None
    ticket_id: str | None = None


class RecusedOut(Outgoing):
    """A unit that must stand aside: ``wholly`` = no part at all, ``final`` = nobody may set that aside."""

    unit: str
    why: str
    wholly: bool
    final: bool


class CaseOut(Outgoing):
    """A case in full."""

    id: str
    state: CaseState
    suspended: bool
    confidential: bool
    procedure: ProcedureId | None
    category: str | None
    lead: str | None
    accepting_unit: str | None
    round: int
    tickets: list[dict[str, Any]]
    assignments: list[AssignmentOut]
    deadlines: list[dict[str, Any]]
    allowed_actions: list[str]
    merged_into: str | None = None
    merged_from: list[str] = Field(default_factory=list)
    part_of: str | None = None
    sides: list[SideOut] = Field(default_factory=list)
    links: list[dict[str, Any]] = Field(default_factory=list)
    parts: list[dict[str, Any]] = Field(default_factory=list)
    similar: list[SimilarOut] = Field(default_factory=list)
    stopped: list[StoppedOut] = Field(default_factory=list)
    recused: list[RecusedOut] = Field(default_factory=list)
    ask: list[str] = Field(default_factory=list)
    contradictions: list[ContradictionOut] = Field(default_factory=list)
    missing: list[MissingOut] = Field(default_factory=list)
    complex_triggers: list[TriggerOut] = Field(default_factory=list)
    to_tell: list[ToTellOut] = Field(default_factory=list)
    notices: list[PayerNoticeOut] = Field(default_factory=list)


class CaseList(Outgoing):
    """A page of cases."""

    cases: list[dict[str, Any]]
    next: str | None


class History(Outgoing):
    """A case's history."""

    case_id: str
    events: list[dict[str, Any]]
