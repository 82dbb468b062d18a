"""The six nouns of the ledger and their states, as frozen values.

Owns: Ticket, Case, Assignment, Opinion, Deadline, Message, Event. Must not: read a clock, touch a store, know a wire format.

Instants end in ``_at`` and are aware UTC. Everything in ``*Body`` classes may be personal and is sealed at rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.core.assessment import Evidence
from bridge.core.values import swift
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    Conclusion,
    CounterpartyType,
    DeadlineKind,
    DeadlineStatus,
    Insurance,
    LinkKind,
    MessageType,
    NoticeKind,
    PartDisposal,
    PartyRole,
    PeriodStage,
    ProcedureId,
    ReceiptType,
    Role,
    Side,
    SideStatus,
    TicketKind,
    TicketState,
    Urgency,
)


@swift
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


@swift
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


@swift
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


@swift
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


@swift
@dataclass(frozen=True, slots=True)
class Ticket:
    """An upstream's request: one per (feed, external id).

    ``reply_key`` is the key of the newest reply; only its delivery settles the ticket. ``case_round`` is the round
    of the case in which a reply was owed last (0: in none of this case); ``came_from`` are the cases it was merged
    out of, the first being the one it was registered in. ``counterparty_corrected``: a person said whom the dispute
    is with; what the upstream sends again does not undo that.
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
    case_round: int = 1
    came_from: tuple[str, ...] = ()
    counterparty_corrected: bool = False

    @property
    def home(self) -> str:
        """The case the ticket was registered in, which its upstream was told."""
        return self.came_from[0] if self.came_from else self.case_id


@dataclass(frozen=True, slots=True)
class Link:
    """Another proceeding the matter is in or was handed over to (A11, R33).

    ``reference`` is its number there, ``at`` the day of the hand-over, ``by`` the court, body or mediator.
    """

    kind: LinkKind
    reference: str
    at: datetime | None = None
    by: str | None = None


@swift
@dataclass(frozen=True, slots=True)
class Part:
    """One matter of a mixed ticket (A12) and where it goes.

    ``suggested`` is whom to ask instead (``outside``); ``case_id`` the case it is handled in, ``answer`` what came
    of it there (``apart``). ``confidential``: units of this case are not told of the part.
    """

    matter: str
    disposal: PartDisposal
    suggested: str | None = None
    case_id: str | None = None
    answer: str | None = None
    confidential: bool = False


@swift
@dataclass(frozen=True, slots=True)
class SideRecord:
    """What one side of the dispute is told: the words, then how, when and by whom, or the ``reason`` it is not (R29).

    ``ticket_id`` names the petitioner by one of his tickets, where a merge brought several together; None: the side.
    """

    side: Side
    status: SideStatus = SideStatus.PENDING
    text: str | None = None
    channel: str | None = None
    at: datetime | None = None
    by: str | None = None
    reason: str | None = None
    satisfaction: str | None = None
    ticket_id: str | None = None


@swift
@dataclass(frozen=True, slots=True)
class PayerNotice:
    """What the payer must be told before the answer, and the proof that it was (R23).

    ``unit`` is whom to reach (``transfer``) or who got more time (``extension``, to ``until``). ``given_at``,
    ``channel`` and ``by`` are the proof; ``reason`` says why nobody had to. ``ticket_id`` names the petitioner it is
    owed to by one of his tickets; None: every petitioner of the case.
    """

    kind: NoticeKind
    unit: str
    owed_at: datetime
    round: int
    until: datetime | None = None
    given_at: datetime | None = None
    channel: str | None = None
    by: str | None = None
    reason: str | None = None
    ticket_id: str | None = None


@swift
@dataclass(frozen=True, slots=True)
class Case:
    """The dispute itself; answers one or more tickets.

    ``serial`` numbers assignments, messages and deadlines of the case, so that ids and idempotency
    keys are deterministic. ``returns`` counts returns of the lead in the present round. A merged case remembers its
    state (``before_merge``) and the assignments the merge took back, for an unmerge; ``part_of`` is the case whose
    ticket this one handles a part of. ``recusal_set_aside``: units a person let handle the case although they should
    stand aside. ``seal`` is the store's: a keyed hash over the rows of the case.
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
    minutes_round: int = 0
    returns: int = 0
    designated: bool = False
    invited: bool = True
    urged: bool = False
    sign_off_pending: bool = False
    sides: tuple[SideRecord, ...] = ()
    notices: tuple[PayerNotice, ...] = ()
    objection: str | None = None
    serial: int = 0
    event_seq: int = 0
    event_hash: str = ""
    seal: str | None = None
    rules_hash: str = ""
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    candidates: tuple[tuple[str, float], ...] = ()
    review_reason: str = ""
    recusal_set_aside: tuple[str, ...] = ()
    out_reason: str | None = None
    clauses: tuple[str, ...] = ()
    route_id: str = ""
    closed_at: datetime | None = None
    merged_into: str | None = None
    before_merge: CaseState | None = None
    merge_withdrew: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    parts: tuple[Part, ...] = ()
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """A pending or decided request for more time."""

    until: datetime
    reason: str
    decision: str | None = None


@swift
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


@swift
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


@swift
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


@swift
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


@swift
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


@swift
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


@swift
@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's append-only history; ``detail`` is sealed at rest."""

    type: str
    actor: Actor
    cause: str
    detail: dict[str, Any]
    occurred_at: datetime


@swift
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
