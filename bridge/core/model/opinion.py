"""What a unit wrote about a case.

Owns: Opinion and its body, which is sealed at rest. Must not: compare opinions (``core.contradictions`` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bridge.core.model.ticket import Attachment, FeePeriod
from bridge.core.values import swift
from bridge.core.vocabulary import Conclusion, ReceiptType, Role


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
