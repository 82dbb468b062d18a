"""Who stands behind the tickets of a case: one petitioner may have sent several, and a merge brings several together.

Owns: which tickets are one person's. Must not: say what anybody is told (``sides`` and ``telling`` do).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from bridge.core.lifecycle.work import Work
from bridge.core.model.ticket import Ticket
from bridge.core.telephones import telephones
from bridge.core.vocabulary import TicketState

Group = Sequence[Ticket]
"""The tickets of one petitioner, in the order of the case."""

_GONE = frozenset({TicketState.WITHDRAWN, TicketState.RETURNED})

_FEWEST_DIGITS = 7
"""An identity card, passport or permit has no fewer."""

_FOREIGN = re.compile(r"[^0-9A-Z]")
"""What does not count in the number of a paper: its hyphens, spaces and words."""


def groups(work: Work) -> list[Group]:
    """Return the petitioners of a case; one whose every ticket was withdrawn or returned waits for nothing any more."""
    if len(work.tickets) == 1:
        return [list(work.tickets.values())]
    people = grouped(work.tickets.values())
    waiting = [[ticket for ticket in group if ticket.state not in _GONE] for group in people]
    return [group for group in waiting if group] or people


def of(work: Work, ticket_id: str) -> Group:
    """Return the tickets of the petitioner who sent this one; none if he waits for nothing any more or is not here."""
    own = ids(work, (ticket_id,))
    return next((group for group in groups(work) if group[0].id in own), ())


def ids(work: Work, ticket_ids: Collection[str]) -> set[str]:
    """Return every ticket of the petitioners who sent these, gone ones too: what is kept of a person names any of them."""
    if len(work.tickets) == 1:
        return set(ticket_ids)
    people = [{ticket.id for ticket in group} for group in grouped(work.tickets.values())]
    return set(ticket_ids).union(*(own for own in people if not own.isdisjoint(ticket_ids)))


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


def _marks(ticket: Ticket) -> set[tuple[str, str]]:
    person = ticket.body.petitioner
    numbers = {("phone", number) for number in telephones(person.phone)}
    paper = _paper(person.id_number)
    return numbers | {("id", paper)} if paper else numbers


def _paper(text: str | None) -> str:
    """Return what tells one paper from another; empty for none, a masked number or a word in its place (不详, 0)."""
    plain = unicodedata.normalize("NFKC", text or "").upper()
    digits = [char for char in plain if char.isdecimal()]
    tells = len(digits) >= _FEWEST_DIGITS and len(set(digits)) > 1 and "*" not in plain
    return _FOREIGN.sub("", plain) if tells else ""
