"""A case stands still and goes on: its clocks are silenced, then run on by the time that was lost.

Owns: how far a pause moves a limit, in the limit's own days. Must not: decide when a case pauses (``actions``, ``replying``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.core.civil import SHANGHAI
from bridge.core.lifecycle import clocks, moves
from bridge.core.lifecycle.work import Work
from bridge.core.model.deadline import Deadline
from bridge.core.policy import LimitUnit


def suspend(work: Work) -> None:
    """Silence every running clock while the case is paused."""
    for deadline in list(work.deadlines.values()):
        if deadline.status in clocks.OPEN:
            work.set_deadline(deadline, next_fire_at=None)


def resume(work: Work, suspended_at: datetime) -> None:
    """Let the clocks run on: every limit not yet past when the pause began moves by the time paused, in its own days."""
    for deadline in list(work.deadlines.values()):
        if deadline.status not in clocks.OPEN:
            continue
        paused_from = max(suspended_at, deadline.start_at)
        if deadline.due_at <= suspended_at:
            rung = next((step for step in deadline.steps if step.name == deadline.next_step), None)
            work.set_deadline(deadline, next_fire_at=rung.at if rung else None)
        else:
            until = _later_by_pause(work, deadline, paused_from)
            moves.move(
                work,
                deadline,
                until,
                f"中止 {(work.now - paused_from) // timedelta(days=1)} 天后恢复计时",
                source=moves.PAUSE,
            )


def _later_by_pause(work: Work, deadline: Deadline, suspended_at: datetime) -> datetime:
    calendar, local = work.policy.calendar, deadline.due_at.astimezone(SHANGHAI)
    begun, ended = suspended_at.astimezone(SHANGHAI).date(), work.now.astimezone(SHANGHAI).date()
    natural = _natural_days(deadline)
    if natural is not None:
        rolled = any(basis.due_at == deadline.due_at and basis.amount == natural for basis in deadline.basis)
        last = deadline.start_at.astimezone(SHANGHAI).date() + timedelta(days=natural) if rolled else local.date()
        day = last + (ended - begun)
        day = calendar.next_working_day(day)
    else:
        paused = calendar.working_days_between(begun, ended)
        day = calendar.add_working_days(local.date(), paused) if paused else local.date()
    return datetime.combine(day, local.timetz()).astimezone(UTC)


def _natural_days(deadline: Deadline) -> int | None:
    """Return the natural days (信访, the objection window) that the limit that stands was counted in; else None."""
    counted = [basis for basis in deadline.basis if basis.unit]
    winner = min(counted, key=lambda basis: basis.due_at, default=None)
    return winner.amount if winner is not None and winner.unit == LimitUnit.DAYS.value else None
