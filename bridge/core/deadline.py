"""When a limit ends, and on which days its owner is reminded before and after.

Owns: :func:`due_at` and the ladder of reminders. Must not: know who is reminded, send, or read a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bridge.core.calendar import WorkCalendar
from bridge.core.civil import civil_date, instant_at
from bridge.core.model.deadline import Step
from bridge.core.policy import LimitUnit
from bridge.core.snapshots import kept

DAY_END = time(23, 59, 59)
"""Source: the contract, §4: day limits end 23:59:59 +08:00."""

REMINDED_AT = time(9)
"""Source: the contract, §4: reminders at 09:00 on working days."""

LONG_LIMIT_DAYS = 5
"""Source: the contract, §4: only limits of five days and more are reminded at 50 % and 80 %."""

HALF_PERCENT, EIGHTY_PERCENT = 50, 80
AFTER_WORKING_DAYS, ESCALATE_WORKING_DAYS = 1, 3
"""Source: the contract, §4: one working day after the limit, and three for 领导小组办公室."""

_counted = kept(4_096)
"""Keeps what was counted between two days: tickets of one day share nearly all of it."""


@dataclass(frozen=True, slots=True)
class Due:
    """The instant (UTC) a limit ends; provisional where no published calendar covers it."""

    at: datetime
    provisional: bool


def due_at(limit_amount: int, unit: LimitUnit, start_at: datetime, calendar: WorkCalendar) -> Due:
    """Return the end of a limit that starts at an instant.

    The day of the start is not counted. Natural days roll past holidays to the next working day.

    Source: 民事诉讼法 85 (the first day is not counted; a last day on a holiday moves to the first day after).
    """
    if limit_amount < 0:
        raise ValueError(f"a limit cannot be negative: {limit_amount}")
    if unit is LimitUnit.WORKING_HOURS:
        at = calendar.add_working_hours(start_at, limit_amount)
        return Due(at, calendar.is_provisional(civil_date(at)))
    return _due_on(limit_amount, unit, civil_date(start_at), calendar)


@_counted
def _due_on(limit_amount: int, unit: LimitUnit, start: date, calendar: WorkCalendar) -> Due:
    last = start + timedelta(days=limit_amount)
    if unit is LimitUnit.WORKING_DAYS:
        last = calendar.add_working_days(start, limit_amount)
    last = calendar.next_working_day(last)
    return Due(instant_at(last, DAY_END), calendar.is_provisional(last))


def ladder(
    start_at: datetime,
    due_at: datetime,
    calendar: WorkCalendar,
    *,
    unit: LimitUnit,
    reminded: bool,
    amount: int | None = None,
) -> tuple[Step, ...]:
    """Return the steps of a limit, by time; ``overdue`` (at ``due_at``) is always among them.

    ``unit`` says what half and eighty per cent are taken of: natural days for ``days``, else the
    working days after the start up to the end. ``amount`` is the limit in natural days before it
    rolled past a holiday; without it the days up to ``due_at`` count. Of steps that fall together
    the later in the order half, eighty, due_day stands; a step not after the start is left out.
    """
    overdue = Step("overdue", due_at.astimezone(UTC))
    if not reminded:
        return (overdue,)
    due_on = civil_date(due_at)
    due_day = _last_morning(due_at, due_on, calendar)
    halfway = _halfway(civil_date(start_at), due_on, calendar, unit, amount)
    before = (*[step for step in halfway if step.at < due_day.at], due_day)
    return (*[step for step in before if step.at > start_at], overdue, *_late(due_on, calendar))


@_counted
def _halfway(start: date, end: date, calendar: WorkCalendar, unit: LimitUnit, amount: int | None) -> tuple[Step, ...]:
    """Return the steps at half and eighty per cent of a long limit; of two that fall together the later stands."""
    days = _halfway_days(start, end, calendar, unit, amount)
    steps = {instant_at(day, REMINDED_AT): name for name, day in days}
    return tuple(Step(name, at) for at, name in steps.items())


def _halfway_days(
    start: date, end: date, calendar: WorkCalendar, unit: LimitUnit, amount: int | None
) -> list[tuple[str, date]]:
    """Return the days of half and eighty per cent of a long limit, rounded up to whole days."""
    natural = unit is LimitUnit.DAYS
    total = (amount or (end - start).days) if natural else calendar.working_days_between(start, end)
    if total < LONG_LIMIT_DAYS:
        return []
    shares = (("half", HALF_PERCENT), ("eighty", EIGHTY_PERCENT))
    counted = [(name, -(-total * percent // 100)) for name, percent in shares]
    if natural:
        return [(name, calendar.next_working_day(start + timedelta(days=n))) for name, n in counted]
    return [(name, calendar.add_working_days(start, n)) for name, n in counted]


def _last_morning(due_at: datetime, due_on: date, calendar: WorkCalendar) -> Step:
    """Return the step at the last 09:00 of a working day before the limit ends: on the due day wherever possible."""
    last, before = _last_mornings(due_on, calendar)
    return last if last.at < due_at else before


@_counted
def _last_mornings(due_on: date, calendar: WorkCalendar) -> tuple[Step, Step]:
    day = calendar.previous_working_day(due_on)
    days = (day, calendar.add_working_days(day, -1))
    last, before = (Step("due_day", instant_at(each, REMINDED_AT)) for each in days)
    return last, before


@_counted
def _late(due_on: date, calendar: WorkCalendar) -> tuple[Step, ...]:
    after = (("after_one", AFTER_WORKING_DAYS), ("escalate", ESCALATE_WORKING_DAYS))
    return tuple(Step(name, instant_at(calendar.add_working_days(due_on, n), REMINDED_AT)) for name, n in after)
