"""What our own clocks do: each rung of a deadline's ladder, once; and the ends of windows.

Owns: the consequence of a rung. Must not: find what is due (the store's sweep does) or read a clock.
Source: contract section 4, "Reminders at 09:00 on working days ... escalation three working days after".
"""

from __future__ import annotations

from bridge.core.civil import iso
from bridge.core.lifecycle import clocks, limits, notices, replying, sides, stages, telling, views
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.deadline import Deadline
from bridge.core.vocabulary import CaseState, DeadlineKind, DeadlineStatus, MessageType, SideStatus

REMINDERS = frozenset({"half", "eighty", "due_day", "after_one"})
"""Rungs that are sent to the unit."""


def fire(work: Work, deadline: Deadline, step: str) -> bool:
    """Fire a rung if it is still the next one and due; False if somebody else was first."""
    due = deadline.next_fire_at is not None and deadline.next_fire_at <= work.now
    if deadline.next_step != step or deadline.status not in clocks.OPEN or not due or work.case.suspended:
        return False
    clocks.advance(work, deadline)
    if step == "overdue":
        _end(work, work.deadlines[deadline.id])
    elif step == "escalate":
        _escalate(work, work.deadlines[deadline.id])
    else:
        _remind(work, work.deadlines[deadline.id], step)
    return True


def pass_over(work: Work, deadline: Deadline) -> None:
    """Bring a clock of the past to now: its end takes effect as of then, every other rung behind is only recorded."""
    behind = [step for step in deadline.steps if step.at <= work.now]
    skipped = [step.name for step in behind if step.name != "overdue"]
    if skipped:
        work.record("reminder.skipped", deadline=deadline.id, kind=deadline.kind.value, steps=skipped)
    ahead = tuple(step for step in deadline.steps if step.at > work.now)
    first = ahead[0] if ahead else None
    deadline = work.set_deadline(
        deadline, steps=ahead, next_step=first.name if first else None, next_fire_at=first.at if first else None
    )
    if deadline.due_at <= work.now and deadline.status is not DeadlineStatus.OVERDUE:
        _end(work, deadline)


def _remind(work: Work, deadline: Deadline, step: str) -> None:
    if deadline.status is DeadlineStatus.RUNNING:
        deadline = work.set_deadline(deadline, status=DeadlineStatus.DUE_SOON)
    assignment = owner_of(work, deadline)
    unit = clocks.notify_unit(work, deadline)
    work.record("reminder.sent", deadline=deadline.id, kind=deadline.kind.value, unit=unit, step=step)
    if assignment is not None:
        views.send_unit(work, assignment, MessageType.ASSIGNMENT_REMINDER, deadline=deadline_view(deadline), step=step)
    else:
        views.send_office(work, None, f"reminder_{step}", deadline=deadline_view(deadline))


def owner_of(work: Work, deadline: Deadline) -> Assignment | None:
    """Return the assignment a deadline speaks to: its own, or the lead's for a ticket's."""
    if deadline.owner in work.assignments:
        return work.assignments[deadline.owner]
    return work.lead() if deadline.kind in clocks.OF_TICKETS else None


def deadline_view(deadline: Deadline) -> dict[str, str | None]:
    """Return a deadline as a message shows it."""
    return {
        "kind": deadline.kind.value,
        "unit": deadline.unit,
        "due_at": iso(deadline.due_at),
        "clause": limits.binding_clause(deadline),
    }


def _escalate(work: Work, deadline: Deadline) -> None:
    unit = clocks.notify_unit(work, deadline)
    work.record("deadline.escalated", deadline=deadline.id, kind=deadline.kind.value, unit=unit)
    extra = {"draft": draft} if (draft := notices.criticism_of_delay(work, deadline)) else {}
    views.send_office(work, owner_of(work, deadline), "overdue", deadline=deadline_view(deadline), **extra)


def _end(work: Work, deadline: Deadline) -> None:
    if deadline.kind is DeadlineKind.RETURN:
        clocks.close(work, deadline)
        work.record("return.lapsed", deadline=deadline.id, unit=deadline.unit)
    elif deadline.kind is DeadlineKind.OBJECTION:
        clocks.close(work, deadline)
        work.set_case(objection="lapsed")
        work.record("objection.lapsed", deadline=deadline.id)
        replying.archive_if_done(work)
        _say_what_waits(work)
    else:
        _miss(work, deadline)


def _say_what_waits(work: Work) -> None:
    """Nobody objected, but somebody was not told yet: whoever answered reads that the archive waits for it."""
    answered = stages.consolidator(work) or work.lead()
    waits = list(dict.fromkeys(r.side.value for r in sides.records(work) if r.status is SideStatus.PENDING))
    if work.case.state is CaseState.REPLIED and answered is not None and (waits or telling.open_(work)):
        work.record("archive.delayed", unit=answered.unit, untold_sides=waits)
        views.send_unit(work, answered, MessageType.CASE_UPDATED, untold_sides=waits)


def _miss(work: Work, deadline: Deadline) -> None:
    work.set_deadline(deadline, status=DeadlineStatus.OVERDUE)
    clocks.record_miss(work, deadline)
    if deadline.kind is DeadlineKind.INVITE and not work.case.invited:
        stages.invite(work)
