"""What leaves us, as schemas for the other side: messages to units, pushes upstream, answers, problems.

Owns: the published shape of outgoing bodies (contract §3). The core composes them; a test holds them against these
models. Must not: be used to build a body. A reader must take keys it does not know: they may be added.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bridge.core.documents import DocumentKind
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    Conclusion,
    MessageType,
    NoticeKind,
    NoticeReason,
    OutboxState,
    ProcedureId,
    ReceiptType,
    Role,
    Side,
    SideStatus,
)


class Outgoing(BaseModel):
    """A body we send; further keys may come."""

    model_config = ConfigDict(extra="allow")


class CategoryOut(Outgoing):
    """One of the ten categories."""

    id: str
    number: int
    name: str


class DueOut(Outgoing):
    """Dates of an assignment; null where no such clock runs."""

    sign_by: datetime | None = None
    return_by: datetime | None = None
    opinion_by: datetime | None = None
    consolidate_by: datetime | None = None
    reply_by: datetime | None = None


class StandingOpinionOut(Outgoing):
    """A unit's opinion as the consolidating unit sees it."""

    unit: str
    role: Role
    version: int
    conclusion: Conclusion
    text: str
    legal_basis: list[str]


class ClaimOut(Outgoing):
    """What one unit's standing opinion says; ``name`` is the unit's word for an amount."""

    unit: str
    version: int
    name: str | None = None
    value: str


class ContradictionOut(Outgoing):
    """Opinions that do not agree; ``must_explain``: the consolidated opinion has to settle or explain it."""

    kind: Literal["amount", "period", "conclusion", "responsible", "clause"]
    subject: str | None = None
    units: list[str]
    claims: list[ClaimOut]
    must_explain: bool
    text: str


class MissingOut(Outgoing):
    """A piece the rules want in the reply and nobody has supplied; ``unit`` owes it."""

    field: str
    unit: str
    text: str


class TriggerOut(Outgoing):
    """A trigger of the rules that speaks for a complex case; whoever may propose one decides."""

    id: str
    text: str


class CoordinatorNoticeOut(Outgoing):
    """For the coordinators of the unit (R33): new work as lead or co-unit, overdue work, an urge from upstream."""

    reason: NoticeReason
    coordinators: list[str]
    text: str


class ToTellOut(Outgoing):
    """What ``unit`` must tell the payer before the answer, until a ``told`` proves it (R23)."""

    kind: NoticeKind
    unit: str
    in_writing: bool
    since: datetime
    text: str
    ticket_id: str | None = None


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


class SentBackOut(Outgoing):
    """The answer of this version was not signed off; another one is owed."""

    version: int
    by: str
    reason: str


class UnitMessage(Outgoing):
    """A message to a unit. ``owed`` is what this unit owes now, ``allowed`` what else is legal now.

    ``merged_into``: the assignment was withdrawn because its case was merged into that one.
    """

    type: Literal[
        "assignment.dispatched",
        "assignment.reminder",
        "assignment.escalated",
        "assignment.withdrawn",
        "case.updated",
    ]
    assignment_id: str | None
    case_id: str
    unit: str
    role: Role | None
    procedure: ProcedureId | None
    round: int
    owed: list[ReceiptType]
    allowed: list[ReceiptType]
    category: CategoryOut | None
    due: DueOut
    clause: list[str]
    case: dict[str, Any]
    co_units: list[str]
    respond_url: str | None
    ready_to_consolidate: bool = False
    opinions: list[StandingOpinionOut] | None = None
    contradictions: list[ContradictionOut] | None = None
    missing: list[MissingOut] | None = None
    complex_triggers: list[TriggerOut] | None = None
    to_tell: list[ToTellOut] | None = None
    notice: CoordinatorNoticeOut | None = None
    sent_back: SentBackOut | None = None
    merged_into: str | None = None


class OpinionSummaryOut(Outgoing):
    """One unit's line of a reply."""

    unit: str
    role: Role
    summary: str
    legal_basis: list[str]


class ReplyOut(Outgoing):
    """The reply; ``conclusion``, ``resolved`` and ``public_text`` are always there."""

    conclusion: Conclusion
    resolved: bool
    unresolved_reason: str | None = None
    public_text: str
    internal_text: str | None = None
    contacted_at: datetime | None = None
    contacted_by: str | None = None
    opinions: list[OpinionSummaryOut] = Field(default_factory=list)
    legal_basis: list[str] = Field(default_factory=list)
    remedies: list[str] = Field(default_factory=list)
    documents: list[dict[str, Any]] = Field(default_factory=list)


class _Push(Outgoing):
    type: str
    external_id: str
    ticket_id: str
    case_id: str
    occurred_at: datetime


class TicketAssigned(_Push):
    """The lead is dispatched or changed."""

    type: Literal["ticket.assigned"]
    unit: str


class ContactOut(Outgoing):
    """Whom the payer must reach (R23)."""

    unit: str
    person: str
    phone: str


class TicketTransferred(_Push):
    """Transferred to another unit: the payer must be told whom to reach."""

    type: Literal["ticket.transferred"]
    contact: ContactOut


class TicketAccepted(_Push):
    """受理告知."""

    type: Literal["ticket.accepted"]
    accepting_unit: str
    due: datetime | None


class TicketProgress(_Push):
    """Progress in words."""

    type: Literal["ticket.progress"]
    text: str


class TicketExtensionRequested(_Push):
    """The lead asks for more time than ``due``; by the rules (``clause``) no later than ``latest``."""

    type: Literal["ticket.extension_requested"]
    until: datetime
    reason: str | None
    due: datetime | None = None
    more_working_days: int | None = None
    latest: datetime | None = None
    clause: str | None = None


class TicketReplied(_Push):
    """The answer; ``supplement`` marks one that adds to an earlier answer of the same round."""

    type: Literal["ticket.replied"]
    round: int = Field(ge=1)
    supplement: bool
    reply: ReplyOut


class TicketReturned(_Push):
    """Out of scope, or not ours."""

    type: Literal["ticket.returned"]
    reason_code: str
    reason: str | None
    suggested: str | None


class TicketWithdrawn(_Push):
    """The withdrawal is done."""

    type: Literal["ticket.withdrawn"]


PushOut = Annotated[
    TicketAssigned
    | TicketTransferred
    | TicketAccepted
    | TicketProgress
    | TicketExtensionRequested
    | TicketReplied
    | TicketReturned
    | TicketWithdrawn,
    Field(discriminator="type"),
]


class TicketTaken(Outgoing):
    """Answer to a ticket."""

    ticket_id: str
    case_id: str
    duplicate: bool
    revision: int = Field(ge=1)


class BatchLine(Outgoing):
    """One result of a batch."""

    external_id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    ticket_id: str | None = None
    case_id: str | None = None
    detail: str | None = None


class EventTaken(Outgoing):
    """Answer to an event."""

    ticket_id: str
    case_id: str


class ReceiptTaken(Outgoing):
    """Answer to a receipt."""

    assignment_id: str
    state: AssignmentState
    case_state: CaseState
    opinion_version: int | None
    owed: list[ReceiptType]
    allowed: list[ReceiptType]


class Updates(Outgoing):
    """What waits for an upstream that pulls; ask again with ``after=cursor`` to acknowledge."""

    updates: list[PushOut]
    cursor: str | None


class Messages(Outgoing):
    """What waits for a unit that pulls; ask again with ``after=cursor`` to acknowledge."""

    messages: list[UnitMessage]
    cursor: str | None


class CaseList(Outgoing):
    """A page of cases."""

    cases: list[dict[str, Any]]
    next: str | None


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


class StoppedOut(Outgoing):
    """A message of a case that waits for a person, or that shadow mode held (``reason`` shadow)."""

    key: str
    type: MessageType
    target: str
    state: OutboxState
    reason: str | None
    created_at: datetime


class MessageRow(Outgoing):
    """One message of the outbox, without its body."""

    key: str
    kind: str
    target: str
    type: MessageType
    case_id: str
    ticket_id: str | None
    assignment_id: str | None
    state: OutboxState
    attempts: int
    reason: str | None
    due_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None


class Outbox(Outgoing):
    """The newest messages of the outbox."""

    messages: list[MessageRow]


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


class History(Outgoing):
    """A case's history."""

    case_id: str
    events: list[dict[str, Any]]


class DocumentOut(Outgoing):
    """An issued document; ``sha256`` and ``size`` are of the full copy, ``name`` is its file name."""

    id: str
    kind: DocumentKind
    title: str
    number: str
    subject: str
    unit: str | None
    issued_at: datetime
    issued_by: str
    sha256: str
    size: int
    name: str


class DocumentList(Outgoing):
    """Issued documents of a case, oldest first."""

    case_id: str
    documents: list[DocumentOut]


class FieldProblem(Outgoing):
    """One wrong field."""

    path: str
    message: str


class ProblemDetails(Outgoing):
    """RFC 9457; ``errors`` with 422, the lists of what is legal with 409."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    owed: list[ReceiptType] | None = None
    allowed: list[ReceiptType] | None = None
    allowed_actions: list[str] | None = None
