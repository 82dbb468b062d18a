"""A registration at a unit's counter (来访、来电): a ticket whose number and time we may fill in.

Owns: :class:`CounterTicketIn`. Must not: know who may register; the web tier does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bridge.core.model.ticket import TicketDraft
from bridge.wire.fields import ExternalId, Line, PastInstant
from bridge.wire.problems import validated
from bridge.wire.strict_json import loads_object
from bridge.wire.ticket import TicketIn


class CounterTicketIn(TicketIn):
    """A ticket of the contract; ``unit`` is whose counter it is, a clerk's own by default."""

    external_id: ExternalId | None = None  # type: ignore[assignment]
    received_at: PastInstant | None = None  # type: ignore[assignment]
    unit: Line | None = None


@dataclass(frozen=True, slots=True)
class CounterTicket:
    """A registration, and the unit it names."""

    unit: str | None
    draft: TicketDraft


def parse_counter_ticket(body: bytes, now: datetime, new_id: Callable[[], str]) -> CounterTicket:
    """Read a registration; a missing number is made, a missing time is ``now`` (business time).

    Raises:
        NotJson: the bytes are not JSON we accept.
        InvalidPayload: fields are wrong; every problem is listed.
    """
    given = validated(CounterTicketIn, loads_object(body), now)
    filled = given.model_copy(
        update={"external_id": given.external_id or new_id(), "received_at": given.received_at or now, "unit": None}
    )
    return CounterTicket(given.unit, filled.draft(body))
