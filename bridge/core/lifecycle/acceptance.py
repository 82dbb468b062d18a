"""When a ticket counts as accepted (受理), and what follows from it for its upstream.

Owns: the accepting unit's ``ticket.accepted`` and the clock of the written notice. Must not: decide who accepts.
Source: contract section 3, ``ticket.accepted``; 信访工作条例 第二十三条 (the petitioner is told within 15 days, in writing).
"""

from __future__ import annotations

from bridge.core.civil import iso
from bridge.core.lifecycle import clocks, petitioners, sides, views
from bridge.core.lifecycle.work import Work
from bridge.core.model.case import Case
from bridge.core.model.ticket import Ticket
from bridge.core.vocabulary import DeadlineKind, MessageType, TicketState


def start_notice(work: Work, ticket: Ticket) -> None:
    """Start the clock of the acceptance notice, where the rules limit it; an anonymous petitioner cannot be told."""
    if awaits_notice(work, ticket):
        unit = work.case.lead or clocks.TRIAGE_UNIT
        clocks.start(work, DeadlineKind.ACCEPT_NOTICE, ticket.id, unit, ticket.received_at, ticket=ticket)


def awaits_notice(work: Work, ticket: Ticket) -> bool:
    """Tell whether a ticket is accepted by telling its petitioner."""
    return work.context.terms(ticket.feed).accepted_by_notice and not ticket.body.petitioner.anonymous


def accept(work: Work, unit: str) -> None:
    """Make a unit the accepting unit (签收, 受理告知) and tell every upstream but those that wait for the notice."""
    work.set_case(accepting_unit=unit)
    for ticket in work.owing_tickets():
        if not awaits_notice(work, ticket) or sides.payer_told(work, ticket):
            _push_accepted(work, ticket, unit)


def noticed(work: Work, ticket_id: str | None = None) -> None:
    """Every petitioner (or the one of a ticket) was told: the notice is given; upstreams that waited learn who accepted."""
    told = list(work.tickets.values()) if ticket_id is None else petitioners.of(work, ticket_id)
    for ticket in told:
        clocks.close(work, work.clock_of(ticket.id, DeadlineKind.ACCEPT_NOTICE))
    if work.case.accepting_unit is not None:
        for ticket in told:
            if ticket.state in (TicketState.OPEN, TicketState.REPLYING, TicketState.REPLIED):
                _push_accepted(work, ticket, work.case.accepting_unit)


def joined(work: Work, ticket: Ticket, former: Case) -> None:
    """A ticket came from another case: its upstream learns who accepted it, if that is news and known by now."""
    unit, before = work.case.accepting_unit, former.accepting_unit
    known = ticket.accepted_at is not None
    if known and before in (unit, work.case.lead if unit is None else unit):
        return
    ticket = work.set_ticket(ticket, accepted_at=None)
    if unit is not None and (known or not awaits_notice(work, ticket)):
        _push_accepted(work, ticket, unit)


def catch_up(work: Work, ticket: Ticket) -> None:
    """A ticket is worked on again: its upstream learns who accepted it, if it does not know yet."""
    unit = work.case.accepting_unit
    if unit is not None and not awaits_notice(work, ticket):
        _push_accepted(work, ticket, unit)


def _push_accepted(work: Work, ticket: Ticket, unit: str) -> None:
    if ticket.accepted_at is not None:
        return
    due = work.clock_of(ticket.id, DeadlineKind.REPLY)
    work.set_ticket(ticket, accepted_at=work.now)
    at = iso(due.due_at) if due else None
    views.push(work, ticket, MessageType.TICKET_ACCEPTED, accepting_unit=unit, due=at)
