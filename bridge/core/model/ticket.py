"""What an upstream sent: the ticket, and everything in it.

Owns: TicketDraft (as an adapter parsed it), Ticket (as registered) and the parts of its body. Must not: read a clock, touch
a store, know a wire format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.core.values import swift
from bridge.core.vocabulary import CounterpartyType, Insurance, PartyRole, TicketKind, TicketState, Urgency


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
