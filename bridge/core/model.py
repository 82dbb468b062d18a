"""The six nouns of the ledger and their states, as frozen values.

Owns: Ticket, Case, Assignment, Opinion, Deadline, Message, Event and the closed word lists that
the contract fixes. Must not: read a clock, touch a store, know a wire format.

Instants end in ``_at`` and are aware UTC. Everything in ``*Body`` classes may hold personal data
and is sealed before it reaches a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class TicketKind(StrEnum):
    """What the citizen wants; decides whether a reply form and an objection window apply."""

    CONSULT = "consult"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class Urgency(StrEnum):
    """The upstream's own urgency mark."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class PartyRole(StrEnum):
    """Who the petitioner is in the dispute."""

    EMPLOYEE = "employee"
    EMPLOYER = "employer"
    FLEXIBLE = "flexible"
    RESIDENT = "resident"
    AGENT = "agent"
    GROUP = "group"


class CounterpartyType(StrEnum):
    """Whom the petitioner complains of."""

    EMPLOYER = "employer"
    AGENCY = "agency"
    PERSON = "person"


class Insurance(StrEnum):
    """Insurance kinds; an empty list means not stated."""

    PENSION_EMPLOYEE = "pension_employee"
    PENSION_RESIDENT = "pension_resident"
    PENSION_INSTITUTION = "pension_institution"
    MEDICAL_EMPLOYEE = "medical_employee"
    MEDICAL_RESIDENT = "medical_resident"
    UNEMPLOYMENT = "unemployment"
    WORK_INJURY = "work_injury"
    MATERNITY = "maternity"
    LONG_TERM_CARE = "long_term_care"


class PeriodStage(StrEnum):
    """Where the fee period lies relative to the reform of unified collection (R36)."""

    POST = "post"
    PRE = "pre"
    STRADDLE = "straddle"
    UNKNOWN = "unknown"


class ProcedureId(StrEnum):
    """How a case is handled (policy 四(二))."""

    DIRECT = "direct"
    TRANSFER = "transfer"
    JOINT_GENERAL = "joint_general"
    JOINT_COMPLEX = "joint_complex"


class CaseState(StrEnum):
    """States of a case; suspended and confidential are flags, not states."""

    TRIAGE = "triage"
    AWAITING_APPROVAL = "awaiting_approval"
    HANDLING = "handling"
    CONSOLIDATING = "consolidating"
    REPLYING = "replying"
    REPLIED = "replied"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"
    RETURNED_UPSTREAM = "returned_upstream"
    CLOSED_CONSULT = "closed_consult"
    CLOSED_REMEDY_TOLD = "closed_remedy_told"
    MERGED = "merged"


class TicketState(StrEnum):
    """What we still owe the upstream for one ticket (internal; not part of the contract)."""

    OPEN = "open"
    REPLYING = "replying"
    REPLIED = "replied"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"


class AssignmentState(StrEnum):
    """States of a unit's duty."""

    QUEUED = "queued"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    ANSWERED = "answered"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class OutboxState(StrEnum):
    """States of an outgoing message."""

    READY = "ready"
    LEASED = "leased"
    DELIVERED = "delivered"
    PARKED = "parked"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class DeadlineKind(StrEnum):
    """What a clock measures."""

    SIGN = "sign"
    RETURN = "return"
    ACCEPT_NOTICE = "accept_notice"
    INVITE = "invite"
    OPINION = "opinion"
    CONSOLIDATE = "consolidate"
    APPROVAL = "approval"
    MEETING = "meeting"
    REPLY = "reply"
    OBJECTION = "objection"


class DeadlineStatus(StrEnum):
    """Status of a clock; ``cancelled`` is internal and never exported."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"
    PROVISIONAL = "provisional"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """A unit's role in a case."""

    LEAD = "lead"
    CO = "co"


class ReceiptType(StrEnum):
    """What a unit can send us about an assignment."""

    SIGNED = "signed"
    PROGRESS = "progress"
    TOLD = "told"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    INVITED = "invited"
    PROPOSED_COMPLEX = "proposed_complex"
    EXTENSION_REQUESTED = "extension_requested"
    OPINION = "opinion"
    CONSOLIDATED = "consolidated"


class Conclusion(StrEnum):
    """What an opinion concludes."""

    SUBSTANTIATED = "substantiated"
    PARTLY = "partly"
    UNSUBSTANTIATED = "unsubstantiated"
    NOT_IN_SCOPE = "not_in_scope"
    ANSWERED = "answered"
    NO_COMMENT = "no_comment"


class ReturnReason(StrEnum):
    """Why a unit returns an assignment (退单)."""

    NOT_OUR_DUTY = "not_our_duty"
    WRONG_REGION = "wrong_region"
    OUT_OF_SCOPE = "out_of_scope"
    DUPLICATE = "duplicate"
    IN_PROCEEDINGS = "in_proceedings"
    INSUFFICIENT_INFORMATION = "insufficient_information"
    OTHER = "other"


class UrgeLevel(StrEnum):
    """催办, 督办, 通报."""

    URGE = "urge"
    SUPERVISE = "supervise"
    CRITICISE = "criticise"


class MessageType(StrEnum):
    """Every message that can leave the process."""

    ASSIGNMENT_DISPATCHED = "assignment.dispatched"
    ASSIGNMENT_REMINDER = "assignment.reminder"
    ASSIGNMENT_ESCALATED = "assignment.escalated"
    ASSIGNMENT_WITHDRAWN = "assignment.withdrawn"
    CASE_UPDATED = "case.updated"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_TRANSFERRED = "ticket.transferred"
    TICKET_ACCEPTED = "ticket.accepted"
    TICKET_PROGRESS = "ticket.progress"
    TICKET_EXTENSION_REQUESTED = "ticket.extension_requested"
    TICKET_REPLIED = "ticket.replied"
    TICKET_RETURNED = "ticket.returned"
    TICKET_WITHDRAWN = "ticket.withdrawn"


LEADING_OFFICE = "leading_office"
"""领导小组办公室: approves, designates, is notified; owes no opinion (R4)."""

OPEN_CASE_STATES = frozenset(
    {
        CaseState.TRIAGE,
        CaseState.AWAITING_APPROVAL,
        CaseState.HANDLING,
        CaseState.CONSOLIDATING,
        CaseState.REPLYING,
    }
)
"""States in which somebody still owes something before the reply."""


@dataclass(frozen=True, slots=True)
class Petitioner:
    """诉求人; every field optional, phones are free text."""

    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    address: str | None = None
    role: PartyRole | None = None
    people_count: int | None = None
    anonymous: bool = False
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Counterparty:
    """争议对方."""

    name: str | None = None
    uscc: str | None = None
    contact: str | None = None
    type: CounterpartyType | None = None


@dataclass(frozen=True, slots=True)
class FeePeriod:
    """费款所属期, months as ``YYYY-MM`` (or finer, as the upstream gave it)."""

    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment by reference and hash, or carried inline (base64)."""

    name: str
    media_type: str | None = None
    sha256: str | None = None
    url: str | None = None
    content_base64: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where it happened."""

    region_code: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class TicketBody:
    """What the citizen and the upstream told us; sealed at rest."""

    title: str = ""
    content: str = ""
    petitioner: Petitioner = Petitioner()
    counterparty: Counterparty | None = None
    insurance: tuple[Insurance, ...] = ()
    period: FeePeriod | None = None
    amount: str | None = None
    location: Location | None = None
    visit_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    related_external_ids: tuple[str, ...] = ()
    supplements: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """One upstream request as an adapter parsed it, before it is registered.

    ``digest`` is the SHA-256 (hex) of the canonical content, for telling a re-push from a change;
    ``raw`` are the bytes as received, kept encrypted.
    """

    external_id: str
    received_at: datetime
    kind: TicketKind | None
    body: TicketBody
    raw: bytes
    digest: str
    respond_by: datetime | None = None
    urgency: Urgency = Urgency.NORMAL
    upstream_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """An upstream's request: one per (feed, external id).

    ``reply_key`` is the key of the newest reply; only its delivery settles the ticket.
    """

    id: str
    case_id: str
    feed: str
    external_id: str
    kind: TicketKind
    state: TicketState
    received_at: datetime
    registered_at: datetime
    body: TicketBody
    digest: str
    round: int = 1
    revision: int = 1
    respond_by: datetime | None = None
    urgency: Urgency = Urgency.NORMAL
    upstream_unit: str | None = None
    accepted_at: datetime | None = None
    replies: int = 0
    reply_key: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One hit that spoke for (or against) a category."""

    rule: str
    matched: str
    category: str | None = None
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Classification:
    """What the rules made of a text; ``review`` asks for a person before anything is sent."""

    in_scope: bool
    category: str | None = None
    confidence: float = 0.0
    second_category: str | None = None
    candidates: tuple[tuple[str, float], ...] = ()
    insurance: tuple[Insurance, ...] = ()
    period: PeriodStage = PeriodStage.UNKNOWN
    flags: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    out_reason: str | None = None
    review: bool = False
    review_reason: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Who handles a case and under which clause; ``lead`` None means a person decides."""

    lead: str | None
    co_units: tuple[str, ...] = ()
    procedure: ProcedureId | None = None
    clauses: tuple[str, ...] = ()
    route_id: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The rules' whole decision on one ticket."""

    classification: Classification
    route: Route
    rules_hash: str


@dataclass(frozen=True, slots=True)
class Case:
    """The dispute itself; answers one or more tickets.

    ``serial`` numbers assignments, messages and deadlines of the case, so that ids and idempotency
    keys are deterministic. ``returns`` counts returns of the lead in the present round.
    """

    id: str
    state: CaseState
    opened_at: datetime
    updated_at: datetime
    version: int = 0
    round: int = 1
    suspended: bool = False
    suspended_at: datetime | None = None
    confidential: bool = False
    procedure: ProcedureId | None = None
    category: str | None = None
    second_category: str | None = None
    insurance: tuple[Insurance, ...] = ()
    period: PeriodStage = PeriodStage.UNKNOWN
    flags: tuple[str, ...] = ()
    lead: str | None = None
    co_units: tuple[str, ...] = ()
    accepting_unit: str | None = None
    stage: int = 0
    approved: bool = False
    approval_asked: bool = False
    minutes_round: int = 0
    returns: int = 0
    designated: bool = False
    invited: bool = True
    urged: bool = False
    sign_off_pending: bool = False
    told_sides: tuple[str, ...] = ()
    objection: str | None = None
    serial: int = 0
    event_seq: int = 0
    event_hash: str = ""
    rules_hash: str = ""
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    candidates: tuple[tuple[str, float], ...] = ()
    review_reason: str = ""
    out_reason: str | None = None
    clauses: tuple[str, ...] = ()
    route_id: str = ""
    closed_at: datetime | None = None
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """A pending or decided request for more time."""

    until: datetime
    reason: str
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit's duty in a case; ``owes`` is the explicit ledger of receipts still due from it.

    ``overridden``: a named person let the case go on without its opinion, which stays owed.
    ``unfilled``: a co-unit returned its part and nobody has taken it over yet.
    """

    id: str
    case_id: str
    unit: str
    role: Role
    state: AssignmentState
    stage: int
    round: int = 1
    owes: tuple[ReceiptType, ...] = ()
    dispatched_at: datetime | None = None
    signed_at: datetime | None = None
    may_return: bool = True
    overridden: bool = False
    unfilled: bool = False
    extension: ExtensionRequest | None = None
    opinion_version: int = 0


@dataclass(frozen=True, slots=True)
class OtherSide:
    """What the other side of the dispute is told, or why nothing is (R29)."""

    text: str | None = None
    not_applicable: str | None = None


@dataclass(frozen=True, slots=True)
class OverrideNote:
    """A named person answers for consolidating without every opinion (R25)."""

    by: str
    post: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpinionBody:
    """The words of a written opinion; sealed at rest. Amounts are yuan as decimal strings."""

    text: str
    conclusion: Conclusion
    signed_by: str | None = None
    public_text: str | None = None
    resolved: bool = True
    unresolved_reason: str | None = None
    contacted_at: datetime | None = None
    contacted_by: str | None = None
    remedies: tuple[str, ...] = ()
    legal_basis: tuple[str, ...] = ()
    amounts: dict[str, str] = field(default_factory=dict)
    period: FeePeriod | None = None
    attachments: tuple[Attachment, ...] = ()
    other_side: OtherSide | None = None
    override: OverrideNote | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """A unit's written opinion, versioned per assignment; the newest of a round stands."""

    id: str
    case_id: str
    assignment_id: str
    unit: str
    role: Role
    kind: ReceiptType
    version: int
    round: int
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    body: OpinionBody


@dataclass(frozen=True, slots=True)
class DeadlineBasis:
    """One candidate for a limit; the earliest wins and the losers stay visible."""

    source: str
    due_at: datetime
    clause: str
    amount: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a deadline's ladder: ``half``, ``eighty``, ``due_day``, ``overdue``, ``after_one``, ``escalate``, ``lapse``."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock: what is due from whom, when, why, and which step fires next."""

    id: str
    case_id: str
    kind: DeadlineKind
    owner: str
    unit: str
    round: int
    status: DeadlineStatus
    start_at: datetime
    due_at: datetime
    basis: tuple[DeadlineBasis, ...]
    calendar_version: str
    provisional: bool = False
    steps: tuple[Step, ...] = ()
    next_step: str | None = None
    next_fire_at: datetime | None = None
    closed_at: datetime | None = None
    original_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One row to put into the outbox; ``key`` is the idempotency key and never changes.

    ``target`` is a unit id (kind ``unit``) or a feed name (kind ``upstream``). Rows of one ``group``
    leave in the order of ``serial``.
    """

    key: str
    kind: str
    target: str
    type: MessageType
    case_id: str
    group: str
    serial: int
    payload: dict[str, Any]
    ticket_id: str | None = None
    assignment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused a change: ``kind`` is ``upstream``, ``unit``, ``operator`` or ``system``."""

    kind: str
    name: str
    role: str | None = None

    def __str__(self) -> str:
        """Render as ``kind:name``."""
        return f"{self.kind}:{self.name}"


SYSTEM = Actor("system", "bridge")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's append-only history; ``detail`` is sealed at rest."""

    type: str
    actor: Actor
    cause: str
    detail: dict[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with everything that belongs to it; the unit that :func:`decide` works on."""

    case: Case
    tickets: tuple[Ticket, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command changes: the new file, its history lines and what must be sent."""

    file: CaseFile
    events: tuple[Event, ...] = ()
    messages: tuple[Message, ...] = ()
