"""The commands that can change a case, as frozen values.

Owns: what units, upstreams, operators and our own clocks ask of a case, after validation. Must not:
know JSON. Instants are aware UTC; ``occurred_at`` None means the moment of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import Attachment, Counterparty
from bridge.core.vocabulary import PartDisposal, Party, ProcedureId, ReceiptType, ReturnReason, UrgeLevel, Word


@dataclass(frozen=True, slots=True)
class UnitReceipt:
    """A receipt of a unit; only the fields of its ``type`` are filled.

    ``opinion`` serves both ``opinion`` and ``consolidated``; ``who``/``channel``/``at``/``by`` serve ``told``.
    """

    type: ReceiptType
    occurred_at: datetime | None = None
    signed_by: str | None = None
    note: str | None = None
    text: str | None = None
    who: str | None = None
    ticket_id: str | None = None
    channel: str | None = None
    at: datetime | None = None
    by: str | None = None
    satisfaction: str | None = None
    reason_code: ReturnReason | None = None
    reason: str | None = None
    suggested_unit: str | None = None
    suggested_external: str | None = None
    legal_basis: tuple[str, ...] = ()
    to_unit: str | None = None
    until: datetime | None = None
    opinion: OpinionBody | None = None


class UpstreamEventType(Word):
    """What an upstream can tell us about a ticket it forwarded."""

    SUPPLEMENT = "supplement"
    URGE = "urge"
    WITHDRAW = "withdraw"
    REWORK = "rework"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_DENIED = "extension_denied"
    SATISFACTION = "satisfaction"
    OBJECTION = "objection"
    RETURN_REFUSED = "return_refused"


@dataclass(frozen=True, slots=True)
class UpstreamEvent:
    """An upstream's event; only the fields of its ``type`` are filled."""

    external_id: str
    type: UpstreamEventType
    occurred_at: datetime | None = None
    note: str | None = None
    content: str | None = None
    attachments: tuple[Attachment, ...] = ()
    level: UrgeLevel | None = None
    respond_by: datetime | None = None
    until: datetime | None = None
    value: str | None = None
    party: Party = Party.PAYER
    routes: tuple[str, ...] = ()


class ActionName(Word):
    """What an operator can do to a case."""

    CLASSIFY = "classify"
    REROUTE = "reroute"
    DESIGNATE = "designate"
    ADD_UNIT = "add_unit"
    APPROVE = "approve"
    DENY = "deny"
    MINUTES = "minutes"
    EXTEND = "extend"
    OVERRIDE = "override"
    RETURN_UPSTREAM = "return_upstream"
    TOLD = "told"
    OBJECTION = "objection"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    LINK = "link"
    SUSPEND = "suspend"
    RESUME = "resume"
    REOPEN = "reopen"
    SEND_REPLY = "send_reply"
    CLOSE = "close"
    ARCHIVE = "archive"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class PartDraft:
    """One matter of a split: ``suggested`` serves ``outside``; ``category`` and what follows serve ``apart``.

    ``text`` are the words the new case's units are given (default: the ticket's); ``confidential`` hides the petitioner
    from them, and the part from the units of this case.
    """

    matter: str
    disposal: PartDisposal
    suggested: str | None = None
    category: str | None = None
    lead: str | None = None
    co_units: tuple[str, ...] | None = None
    text: str | None = None
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """An operator's act; only the fields of its ``action`` are filled. ``reason`` is kept in the history.

    ``category`` etc. serve ``classify``; ``unit`` serves ``reroute``, ``designate``, ``add_unit``;
    ``who``/``channel``/``at``/``by`` serve ``told``; ``none``/``routes`` serve ``objection``.
    """

    action: ActionName
    reason: str | None = None
    category: str | None = None
    lead: str | None = None
    co_units: tuple[str, ...] | None = None
    procedure: ProcedureId | None = None
    counterparty: Counterparty | None = None
    unit: str | None = None
    assignment_id: str | None = None
    until: datetime | None = None
    suggested: str | None = None
    on_behalf_of: str | None = None
    number: str | None = None
    held_at: datetime | None = None
    text: str | None = None
    who: str | None = None
    ticket_id: str | None = None
    channel: str | None = None
    at: datetime | None = None
    by: str | None = None
    not_applicable: str | None = None
    satisfaction: str | None = None
    none: bool = False
    routes: tuple[str, ...] = ()
    respond_by: datetime | None = None
    receipt: UnitReceipt | None = None
    into: str | None = None
    parts: tuple[PartDraft, ...] = ()
    kind: str | None = None
    reference: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
