"""The ticket of the contract §3, and its conversion into the core's draft.

Owns: :class:`TicketIn` and the digest that tells a re-push from a change. Must not: know a feed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic import Field

from bridge.core.model.ticket import Counterparty, Location, Petitioner, TicketBody, TicketDraft
from bridge.core.vocabulary import CounterpartyType, Insurance, PartyRole, TicketKind, Urgency
from bridge.wire.fields import (
    Amount,
    Attachments,
    Count,
    ExternalId,
    ExternalIds,
    FilledWords,
    Flag,
    Instant,
    Line,
    PastInstant,
    PeriodIn,
    Wire,
    some,
)
from bridge.wire.problems import validated
from bridge.wire.strict_json import loads_object


class PetitionerIn(Wire):
    """诉求人; phones are free text."""

    name: Line | None = None
    phone: Line | None = None
    id_number: Line | None = None
    address: Line | None = None
    role: PartyRole | None = None
    people_count: Count | None = None
    anonymous: Flag = False
    confidential: Flag = False

    def core(self) -> Petitioner:
        """Convert; blank texts count as absent."""
        return Petitioner(
            name=some(self.name),
            phone=some(self.phone),
            id_number=some(self.id_number),
            address=some(self.address),
            role=self.role,
            people_count=self.people_count,
            anonymous=self.anonymous,
            confidential=self.confidential,
        )


class CounterpartyIn(Wire):
    """争议对方."""

    name: Line | None = None
    uscc: Line | None = None
    contact: Line | None = None
    type: CounterpartyType | None = None

    def core(self) -> Counterparty:
        """Convert; blank texts count as absent."""
        return Counterparty(some(self.name), some(self.uscc), some(self.contact), self.type)


class LocationIn(Wire):
    """Where it happened."""

    region_code: Line | None = None
    address: Line | None = None

    def core(self) -> Location:
        """Convert; blank texts count as absent."""
        return Location(some(self.region_code), some(self.address))


class TicketIn(Wire):
    """A ticket as an upstream sends it; only ``external_id``, ``content`` and ``received_at`` are required."""

    external_id: ExternalId
    kind: TicketKind | None = None
    title: Line = ""
    content: FilledWords
    received_at: PastInstant
    respond_by: Instant | None = None
    urgency: Urgency = Urgency.NORMAL
    upstream_unit: Line | None = None
    petitioner: PetitionerIn = PetitionerIn()
    counterparty: CounterpartyIn | None = None
    insurance: tuple[Insurance, ...] = Field((), max_length=100)
    period: PeriodIn | None = None
    amount: Amount | None = Field(None, description="kept as written; counts as yuan where it is a figure (3.5万元)")
    location: LocationIn | None = None
    visit_at: Instant | None = None
    attachments: Attachments = ()
    related_external_ids: ExternalIds = ()
    extra: dict[str, Any] = Field(default_factory=dict, description="kept verbatim")

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the canonical content: key order, offsets and nulls make no difference."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def draft(self, raw: bytes) -> TicketDraft:
        """Convert; a ticket without a kind is a 求助."""
        return TicketDraft(
            external_id=self.external_id,
            received_at=self.received_at,
            kind=self.kind or TicketKind.HELP,
            body=self._body(),
            raw=raw,
            digest=self.digest(),
            respond_by=self.respond_by,
            urgency=self.urgency,
            upstream_unit=some(self.upstream_unit),
        )

    def _body(self) -> TicketBody:
        return TicketBody(
            title=self.title,
            content=self.content,
            petitioner=self.petitioner.core(),
            counterparty=self.counterparty.core() if self.counterparty else None,
            insurance=tuple(dict.fromkeys(self.insurance)),
            period=self.period.core() if self.period else None,
            amount=some(self.amount),
            location=self.location.core() if self.location else None,
            visit_at=self.visit_at,
            attachments=tuple(attachment.core() for attachment in self.attachments),
            related_external_ids=self.related_external_ids,
            extra=self.extra,
        )


def parse_ticket(body: bytes, now: datetime) -> TicketDraft:
    """Read a ticket from its raw bytes; ``now`` is business time.

    Raises:
        NotJson: the bytes are not JSON we accept.
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return ticket_draft(loads_object(body), body, now)


def ticket_draft(data: Mapping[str, Any], raw: bytes, now: datetime) -> TicketDraft:
    """Read a ticket from an object in the contract's shape, for adapters that mapped another one into it.

    Raises:
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return validated(TicketIn, data, now).draft(raw)
