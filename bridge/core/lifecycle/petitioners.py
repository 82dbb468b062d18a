"""Who stands behind the tickets of a case: one petitioner may have sent several, and a merge brings several together.

Owns: which tickets are one person's. Must not: say what anybody is told (``sides`` and ``telling`` do).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.core.lifecycle.work import Work
from bridge.core.model import Ticket
from bridge.core.vocabulary import TicketState

Group = Sequence[Ticket]
"""The tickets of one petitioner, in the order of the case."""

_GONE = frozenset({TicketState.WITHDRAWN, TicketState.RETURNED})


def groups(work: Work) -> list[Group]:
    """Return the petitioners of a case; one whose every ticket was withdrawn or returned waits for nothing any more."""
    tickets = list(work.tickets.values())
    return grouped([ticket for ticket in tickets if ticket.state not in _GONE] or tickets)


def of(work: Work, ticket_id: str) -> Group:
    """Return the tickets of the petitioner who sent this one; none if it was withdrawn, returned or is not here."""
    return next((group for group in groups(work) if any(ticket.id == ticket_id for ticket in group)), ())


def grouped(tickets: Iterable[Ticket]) -> list[Group]:
    """Sort tickets by petitioner: the same number of an identity card or a telephone is the same person."""
    found: list[list[Ticket]] = []
    for ticket in tickets:
        same = [group for group in found if any(_is_one(ticket, other) for other in group)]
        found = [group for group in found if group not in same]
        found.append([*(known for group in same for known in group), ticket])
    return [*found]


def _is_one(ticket: Ticket, other: Ticket) -> bool:
    return bool(_marks(ticket) & _marks(other))


def _marks(ticket: Ticket) -> set[str]:
    person = ticket.body.petitioner
    return {mark for mark in (person.id_number, person.phone) if mark}
