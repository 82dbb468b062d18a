"""Starting and closing the clocks of a case.

Owns: when a clock starts, which rung of its ladder fires next, and whether it was met. Must not: choose its limit
(``limits``), move it (``moves``, ``pauses``) or send anything (``ticks``).
"""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter

from bridge.core.deadline import ladder
from bridge.core.lifecycle import limits
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.deadline import Deadline, Step
from bridge.core.model.ticket import Ticket
from bridge.core.policy import LimitUnit
from bridge.core.values import changed
from bridge.core.vocabulary import LEADING_OFFICE, DeadlineKind, DeadlineStatus, ProcedureId, Role

OPEN = frozenset({DeadlineStatus.RUNNING, DeadlineStatus.DUE_SOON, DeadlineStatus.OVERDUE})
"""Statuses of a clock that still runs (late or not)."""

OF_TICKETS = frozenset({DeadlineKind.REPLY, DeadlineKind.ACCEPT_NOTICE})
"""Clocks of a ticket: whoever leads the case answers for them."""

TRIAGE_UNIT = "office"
"""The unit whose queue an unrouted case waits in (R7: the hub)."""


def start(  # noqa: PLR0913 - a clock simply has this many inputs
    work: Work,
    kind: DeadlineKind,
    owner: str,
    unit: str,
    start_at: datetime,
    *,
    ticket: Ticket | None = None,
    upstream: datetime | None = None,
    reminded: bool = True,
) -> Deadline | None:
    """Start a clock for ``owner`` (a ticket, assignment or case id); None if nothing limits it.

    The effective limit is the earliest of ``upstream``, the statutes and the rules' own (domain 3.8).
    Reminders that would lie before this moment are recorded, not sent.
    """
    scope = limits.scope_of(work, kind, ticket)
    plan = limits.plan(scope, limits.counted_from(scope, start_at), upstream, reminded=reminded)
    if plan is None:
        return None
    first = plan.rungs[0]
    deadline = Deadline(
        id=f"{work.case.id}d{work.next_serial()}",
        case_id=work.case.id,
        kind=kind,
        owner=owner,
        unit=unit,
        round=work.case.round,
        status=DeadlineStatus.RUNNING,
        start_at=start_at,
        due_at=plan.due_at,
        basis=plan.bases,
        calendar_version=work.policy.calendar.version,
        provisional=plan.provisional,
        steps=plan.rungs,
        next_step=first.name,
        next_fire_at=None if work.case.suspended else first.at,
    )
    if first.at <= start_at or first.at <= work.now:
        deadline = with_ladder(work, deadline, plan.unit, reminded=len(plan.rungs) > 1, after=work.now)
    work.deadlines[deadline.id] = deadline
    return deadline


def with_ladder(work: Work, deadline: Deadline, unit: LimitUnit, *, reminded: bool, after: datetime) -> Deadline:
    """Give a deadline its ladder; rungs not after ``after`` are dropped, but never the breach itself."""
    amount = limits.natural_days(limits.binding_basis(deadline), unit)
    calendar = work.policy.calendar
    rungs = ladder(deadline.start_at, deadline.due_at, calendar, unit=unit, reminded=reminded, amount=amount)
    missed = deadline.status is DeadlineStatus.OVERDUE
    steps = tuple(step for step in rungs if step.at > after or (step.name == "overdue" and not missed))
    skipped = [step.name for step in rungs if step not in steps]
    if skipped:
        work.record("reminder.skipped", deadline=deadline.id, kind=deadline.kind.value, steps=skipped)
    first = _after(steps, None)
    fire_at = first.at if first and not work.case.suspended else None
    return changed(deadline, steps=steps, next_step=first.name if first else None, next_fire_at=fire_at)


def _after(steps: tuple[Step, ...], done: str | None) -> Step | None:
    if done is None:
        return steps[0] if steps else None
    names = [step.name for step in steps]
    rest = steps[names.index(done) + 1 :] if done in names else steps
    return rest[0] if rest else None


def advance(work: Work, deadline: Deadline) -> Deadline:
    """Move a deadline to its next rung after the present one has fired."""
    step = _after(deadline.steps, deadline.next_step)
    return work.set_deadline(deadline, next_step=step.name if step else None, next_fire_at=step.at if step else None)


def close(work: Work, deadline: Deadline | None, *, at: datetime | None = None) -> None:
    """Close a clock as met or missed, by the moment ``at`` (default now); a closed one stays as it is."""
    if deadline is None or deadline.status not in OPEN:
        return
    met = deadline.kind in limits.LAPSES or in_time(work, deadline, at or work.now)
    status = DeadlineStatus.MET if met else DeadlineStatus.MISSED
    if not met and deadline.status is not DeadlineStatus.OVERDUE:
        record_miss(work, deadline)
    if not met or deadline.status is DeadlineStatus.OVERDUE:
        record_end_of_delay(work, deadline)
    work.set_deadline(deadline, status=status, closed_at=work.now, next_step=None, next_fire_at=None)


def in_time(work: Work, deadline: Deadline, at: datetime) -> bool:
    """Tell whether a moment keeps a limit; a limit that had not run out when a pause began stands still."""
    paused = work.case.suspended_at if work.case.suspended else None
    return at <= deadline.due_at or (paused is not None and paused < deadline.due_at)


def record_miss(work: Work, deadline: Deadline) -> None:
    """Write a breach into the history, once: by the sweep, or by the late receipt that came before it."""
    unit = notify_unit(work, deadline)
    work.record("deadline.missed", deadline=deadline.id, kind=deadline.kind.value, unit=unit)


def record_end_of_delay(work: Work, deadline: Deadline) -> None:
    """Write into the history that a missed clock is no longer overdue: met after all, moved, or no longer due."""
    work.record("delay.ended", deadline=deadline.id, kind=deadline.kind.value)


def cancel(work: Work, deadline: Deadline | None) -> None:
    """Stop a clock that no longer applies."""
    if deadline is not None and deadline.status in OPEN:
        if deadline.status is DeadlineStatus.OVERDUE:
            record_end_of_delay(work, deadline)
        work.set_deadline(
            deadline, status=DeadlineStatus.CANCELLED, closed_at=work.now, next_step=None, next_fire_at=None
        )


def cancel_all(work: Work, owner: str | None = None) -> None:
    """Stop every running clock of an owner, or of the whole case."""
    for deadline in list(work.deadlines.values()):
        if owner is None or deadline.owner == owner:
            cancel(work, deadline)


def start_reply(work: Work, ticket: Ticket, start_at: datetime, upstream: datetime | None) -> None:
    """Start the clock of the reply owed to one ticket."""
    unit = work.case.lead or TRIAGE_UNIT
    start(work, DeadlineKind.REPLY, ticket.id, unit, start_at, ticket=ticket, upstream=upstream)


def start_for_dispatch(work: Work, assignment: Assignment, *, sign: bool, opinion: bool) -> None:
    """Start the clocks that run from a dispatch: signing, the return window, the opinion."""
    if sign:
        start(work, DeadlineKind.SIGN, assignment.id, assignment.unit, work.now)
        if assignment.may_return:
            start(work, DeadlineKind.RETURN, assignment.id, assignment.unit, work.now)
    if opinion:
        start_opinion(work, assignment)


def start_opinion(work: Work, assignment: Assignment) -> None:
    """Start an opinion clock, never later than the reply it serves.

    A lead whose opinion *is* the reply (transfer, direct) is reminded by the reply's own ladder only.
    A clock that runs already is left alone.
    """
    running = work.clock_of(assignment.id, DeadlineKind.OPINION)
    if running is not None and running.status in OPEN:
        return
    reply = reply_due(work)
    start(
        work,
        DeadlineKind.OPINION,
        assignment.id,
        assignment.unit,
        work.now,
        upstream=reply if reply is not None and reply > work.now else None,
        reminded=not opinion_is_reply(work, assignment),
    )


def opinion_is_reply(work: Work, assignment: Assignment) -> bool:
    """Tell whether an opinion is the reply itself: the lead's, where no other unit is asked."""
    return assignment.role is Role.LEAD and work.case.procedure in (ProcedureId.TRANSFER, ProcedureId.DIRECT)


def start_consolidation(work: Work, assignment: Assignment, last_opinion_at: datetime) -> None:
    """Start the clock of the consolidated opinion; it runs from the last opinion."""
    start(work, DeadlineKind.CONSOLIDATE, assignment.id, assignment.unit, last_opinion_at)


def start_objection(work: Work) -> None:
    """Start the window for objections, the longest that any ticket of the case gives its petitioner."""
    unit = work.case.accepting_unit or work.case.lead or TRIAGE_UNIT
    scopes = [(ticket, limits.scope_of(work, DeadlineKind.OBJECTION, ticket)) for ticket in work.tickets.values()]
    starts = [(ticket, scope, limits.counted_from(scope, work.now)) for ticket, scope in scopes]
    plans = [(ticket, limits.plan(scope, at, None, reminded=True)) for ticket, scope, at in starts]
    ends = [(plan.due_at, ticket) for ticket, plan in plans if plan is not None]
    if ends:
        _, last = max(ends, key=itemgetter(0))
        start(work, DeadlineKind.OBJECTION, work.case.id, unit, work.now, ticket=last)


def reply_due(work: Work) -> datetime | None:
    """Return the earliest reply limit of the tickets of the present round."""
    present = [ticket for ticket in work.tickets.values() if ticket.case_round == work.case.round]
    due = [d.due_at for t in present if (d := work.clock_of(t.id, DeadlineKind.REPLY))]
    return min(due, default=None)


def notify_unit(work: Work, deadline: Deadline) -> str:
    """Return the unit that answers for a deadline now."""
    if deadline.kind in (DeadlineKind.APPROVAL, DeadlineKind.MEETING):
        return LEADING_OFFICE
    return work.case.lead or TRIAGE_UNIT if deadline.kind in OF_TICKETS else deadline.unit
