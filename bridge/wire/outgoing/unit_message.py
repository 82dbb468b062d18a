"""A message to a unit: what it owes, by when, and what it must know of the case."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from bridge.core.vocabulary import Conclusion, NoticeKind, NoticeReason, ProcedureId, ReceiptType, Role
from bridge.wire.outgoing.body import Outgoing


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


class Messages(Outgoing):
    """What waits for a unit that pulls; ask again with ``after=cursor`` to acknowledge."""

    messages: list[UnitMessage]
    cursor: str | None
