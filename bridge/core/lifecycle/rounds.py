"""Rounds: starting a rework, what is left after a withdrawal, taking every assignment back.

Owns: what starts a new round (contract section 3, "Rework") and what ends one early.
Must not: decide whether it is legal; its callers do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bridge.core.lifecycle import clocks, moves, replying, stages
from bridge.core.lifecycle.work import Work
from bridge.core.model.ticket import Ticket
from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineKind, TicketState


def start_round(work: Work, tickets: Sequence[Ticket], respond_by: datetime | None) -> None:
    """Start the next round: the same assignments are sent again, stage by stage; signing and approval stand.

    Only ``tickets`` are owed a reply. The clock runs to ``respond_by``, or for the procedure's limit.
    """
    clocks.cancel(work, work.clock_of(work.case.id, DeadlineKind.OBJECTION))
    work.set_case(
        round=work.case.round + 1, state=CaseState.HANDLING, returns=0, objection=None, closed_at=None, sides=(),
        urged=False,
    )  # fmt: skip
    unaware = [ticket.id for ticket in tickets if _knows_another_lead(work, ticket)]
    for ticket in tickets:
        reopened = work.set_ticket(ticket, state=TicketState.OPEN, round=ticket.round + 1)
        _start_round_clock(work, reopened, respond_by)
    for ticket in list(work.tickets.values()):
        if ticket.state is TicketState.OPEN:
            work.set_ticket(ticket, case_round=work.case.round)
    for assignment in list(work.active()):
        clocks.cancel_all(work, assignment.id)
        work.set_assignment(
            assignment, state=AssignmentState.QUEUED, owes=(), overridden=False, unfilled=False, extension=None
        )
    work.record("round.started", round=work.case.round, tickets=[ticket.id for ticket in tickets])
    if work.case.lead is None:
        work.set_case(state=CaseState.TRIAGE, review_reason="重新办理，尚未确定主办单位")
        return
    _send_again_without_duty(work)
    stages.begin(work)
    stages.tell_upstream_lead(work, [work.tickets[ticket_id] for ticket_id in unaware])


def _knows_another_lead(work: Work, ticket: Ticket) -> bool:
    """Tell whether the lead changed after the ticket was answered: only those still waiting were told then."""
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    return clock is not None and clock.unit != work.case.lead


def _send_again_without_duty(work: Work) -> None:
    """A unit no stage asks anything of (the accepting unit after a transfer) keeps its place and is told."""
    planned = stages.planned_units(work)
    for assignment in list(work.assignments.values()):
        if assignment.state is AssignmentState.QUEUED and assignment.signed_at and assignment.unit not in planned:
            stages.dispatch(work, assignment)


def _start_round_clock(work: Work, ticket: Ticket, respond_by: datetime | None) -> None:
    """The round's own limit replaces the rules' where the upstream gave one."""
    clocks.start_reply(work, ticket, work.now, None)
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    if clock is not None and respond_by is not None and respond_by != clock.due_at:
        moves.replace_limit(work, clock, respond_by)


def settle_rest(work: Work) -> None:
    """After a ticket left or was withdrawn: a case that nobody waits for does not go on working."""
    states = {ticket.state for ticket in work.tickets.values()}
    answered = work.case.state is CaseState.REPLIED and TicketState.REPLIED in states
    if TicketState.OPEN in states or answered:
        return
    if not states & {TicketState.REPLYING, TicketState.REPLIED}:
        withdraw_assignments(work)
        replying.end(work, CaseState.WITHDRAWN)
        return
    for assignment in list(work.active()):
        clocks.cancel_all(work, assignment.id)
        work.set_assignment(assignment, owes=())
    clocks.cancel_all(work, work.case.id)
    work.set_case(sign_off_pending=False)
    if TicketState.REPLYING in states:
        work.set_case(state=CaseState.REPLYING)
    else:
        replying.replied(work)


def withdraw_assignments(work: Work) -> None:
    """Take back every assignment that is queued or active."""
    for assignment in list(work.assignments.values()):
        if assignment.state in stages.LIVE:
            stages.withdraw(work, assignment)
