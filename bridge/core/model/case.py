"""The dispute itself, which answers one or more tickets.

Owns: Case and what it keeps about links, parts, the two sides and notices to the payer. Must not: read a clock, touch a
store, know a wire format.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.core.assessment import Evidence
from bridge.core.values import swift
from bridge.core.vocabulary import (
    CaseState,
    Insurance,
    LinkKind,
    NoticeKind,
    PartDisposal,
    PeriodStage,
    ProcedureId,
    Side,
    SideStatus,
)


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
