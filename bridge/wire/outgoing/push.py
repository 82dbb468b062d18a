"""What an upstream is told of its tickets, the reply above all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from bridge.core.vocabulary import Conclusion, Role
from bridge.wire.outgoing.body import Outgoing


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


class Updates(Outgoing):
    """What waits for an upstream that pulls; ask again with ``after=cursor`` to acknowledge."""

    updates: list[PushOut]
    cursor: str | None
