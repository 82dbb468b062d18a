"""The working-day calendar: which days count, for a civil date in Asia/Shanghai.

Owns: published years plus the county's overlay as one immutable :class:`WorkCalendar`, and counting on it.
Must not: read files or a clock (``bridge.rules.calendar_data`` loads the years), or guess a missing year.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, pairwise

from bridge.core.civil import SHANGHAI, instant_at
from bridge.errors import ConfigError, Problem

OFFICE_HOURS = ((time(8, 30), time(12)), (time(14, 30), time(18)))
"""Source: the contract, §4; the county has not decided, so a deployer may set his own."""

_WEEKDAYS = 5
_NEXT_DAY = timedelta(days=1)
_ORDINALS = range(date.max.toordinal() + 1)


class DayCause(StrEnum):
    """Why a day counts or does not."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    OVERLAY = "overlay"


@dataclass(frozen=True, slots=True)
class PublishedDay:
    """One day a State Council notice names: off (放假) or worked (上班)."""

    on: date
    off: bool
    name: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class PublishedYear:
    """One year's notice (放假调休). Its days may lie in the December before or the January after."""

    year: int
    document: str
    days: tuple[PublishedDay, ...]
    published_on: date | None = None
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OverlayEntry:
    """A day the county decides otherwise, with the act that says so; beats every notice."""

    date: date
    workday: bool
    reason: str
    by: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day with its verdict and the ground for it."""

    on: date
    workday: bool
    cause: DayCause
    name: str = ""
    document: str = ""
    provisional: bool = False


def build_calendar(
    years: Iterable[PublishedYear],
    overlay: Iterable[OverlayEntry] = (),
    hours: Sequence[tuple[time, time]] = OFFICE_HOURS,
) -> WorkCalendar:
    """Join published years, overlay and office hours.

    Raises:
        ConfigError: no year at all, a year missing in the middle or twice, a date twice in the
            overlay, office hours that are empty, reversed or overlapping; every problem at once.

    """
    ordered = tuple(sorted(years, key=lambda published: published.year))
    entries, spans = tuple(overlay), tuple(hours)
    problems = [*year_problems(ordered), *overlay_problems(entries), *hours_problems(spans)]
    if problems:
        raise ConfigError("calendar", problems)
    return WorkCalendar(ordered, entries, spans)


def year_problems(years: Sequence[PublishedYear]) -> list[Problem]:
    """Say which published years are missing or double; ``years`` is sorted."""
    if not years:
        return [Problem("years", "没有任何年度的放假调休数据，请放入至少一个年度文件")]
    problems = []
    for before, after in pairwise(years):
        if after.year == before.year:
            problems.append(Problem(f"years.{after.year}", f"{after.year}年的放假调休数据出现两次，请只留一份"))
        elif after.year > before.year + 1:
            missing = "、".join(f"{year}年" for year in range(before.year + 1, after.year))
            problems.append(
                Problem(f"years.{before.year + 1}", f"缺少{missing}的放假调休数据，中间年度不能推定，请补上")
            )
    return problems


def overlay_problems(overlay: Sequence[OverlayEntry]) -> list[Problem]:
    """Say which overlay entries repeat the date of an earlier one."""
    first: dict[date, int] = {}
    problems = []
    for index, entry in enumerate(overlay):
        earlier = first.setdefault(entry.date, index)
        if earlier != index:
            text = f"{entry.date}已在第{earlier + 1}条写过，同一日期只能写一条，请删去或合并"
            problems.append(Problem(f"overlay[{index}].date", text))
    return problems


def hours_problems(hours: Sequence[tuple[time, time]]) -> list[Problem]:
    """Say what is wrong with the office hours."""
    if not hours:
        return [Problem("hours", "工作时间不能为空")]
    problems = [
        Problem(f"hours[{index}]", f"{start:%H:%M}不早于{end:%H:%M}，请写成[开始, 结束]")
        for index, (start, end) in enumerate(hours)
        if start >= end
    ]
    problems += [
        Problem(f"hours[{index}]", f"{after[0]:%H:%M}早于上一段的结束{before[1]:%H:%M}，各段须按先后排列且不重叠")
        for index, (before, after) in enumerate(pairwise(hours), 1)
        if after[0] < before[1]
    ]
    return problems


class WorkCalendar:
    """Counts working days. Immutable; build it with :func:`build_calendar`.

    A day counts by the overlay, else by the notice that names it, else Monday to Friday. Past
    ``covered_until`` the weekday rule is an assumption: dates there are provisional. (A notice may
    still move the last days of December of the year before its own.)
    """

    def __init__(
        self,
        years: tuple[PublishedYear, ...],
        overlay: tuple[OverlayEntry, ...],
        hours: tuple[tuple[time, time], ...],
    ) -> None:
        """Index the days that differ from the weekday rule; the arguments are already checked."""
        self.hours = hours
        self.overlay = overlay
        self.covered_from = date(years[0].year, 1, 1)
        self.covered_until = date(years[-1].year, 12, 31)
        self.version = _version(years, overlay, hours)
        self._published = {day.on: (day, published) for published in years for day in published.days}
        self._overlay = {entry.date: entry for entry in overlay}
        verdicts = {on: not day.off for on, (day, _) in self._published.items()}
        verdicts |= {entry.date: entry.workday for entry in overlay}
        flips = sorted((on.toordinal(), works) for on, works in verdicts.items() if works != _is_weekday(on))
        self._flipped = [ordinal for ordinal, _ in flips]
        self._shift = [0, *accumulate(1 if works else -1 for _, works in flips)]
        self._days_off = frozenset(ordinal for ordinal, works in flips if not works)
        self._days_on = frozenset(ordinal for ordinal, works in flips if works)
        self._nth = lru_cache(maxsize=4096)(self._find_nth)

    def is_working_day(self, on: date) -> bool:
        """Whether the day counts; past the coverage by weekday and overlay."""
        ordinal = on.toordinal()
        return ordinal in self._days_on if not _is_weekday(on) else ordinal not in self._days_off

    def is_provisional(self, on: date) -> bool:
        """Whether no published notice covers the day."""
        return not self.covered_from <= on <= self.covered_until

    def add_working_days(self, start: date, n: int) -> date:
        """Return the ``n``-th working day after ``start`` (before it for a negative ``n``; ``start`` for 0)."""
        if n == 0:
            return start
        ordinal = start.toordinal()
        return self._nth(self._count(ordinal) + n if n > 0 else self._count(ordinal - 1) + n + 1)

    def next_working_day(self, on: date) -> date:
        """Return the day itself if it counts, else the first one after it that does."""
        return on if self.is_working_day(on) else self.add_working_days(on, 1)

    def previous_working_day(self, on: date) -> date:
        """Return the day itself if it counts, else the last one before it that does."""
        return on if self.is_working_day(on) else self.add_working_days(on, -1)

    def working_days_between(self, start: date, end: date) -> int:
        """Count the working days after ``start`` up to and including ``end``; negative if ``end`` is earlier."""
        return self._count(end.toordinal()) - self._count(start.toordinal())

    def add_working_hours(self, start: datetime, n: int) -> datetime:
        """Return the UTC instant at which ``n`` office hours after ``start`` are used up; ``start`` for 0.

        Time outside office hours does not count; hours used up at 12:00 end at 12:00, not after lunch.
        """
        if n == 0:
            return start.astimezone(UTC)
        local = start.astimezone(SHANGHAI)
        day = self.next_working_day(local.date())
        used = self._used(local.time()) if day == local.date() else timedelta()
        length = self._used(time.max)
        whole, rest = divmod(used + timedelta(hours=n), length)
        if not rest:
            whole, rest = whole - 1, length
        return instant_at(self.add_working_days(day, whole), self._clock_time(rest))

    def explain(self, on: date) -> CalendarDay:
        """Return the day's verdict with the ground for it, for people to check."""
        provisional = self.is_provisional(on)
        if entry := self._overlay.get(on):
            return CalendarDay(on, entry.workday, DayCause.OVERLAY, entry.reason, entry.doc, provisional)
        if found := self._published.get(on):
            day, published = found
            cause = DayCause.HOLIDAY if day.off else DayCause.MAKE_UP
            return CalendarDay(on, not day.off, cause, day.name, day.document or published.document, provisional)
        works = _is_weekday(on)
        return CalendarDay(on, works, DayCause.WEEKDAY if works else DayCause.WEEKEND, provisional=provisional)

    def _count(self, ordinal: int) -> int:
        """Count the working days from 0001-01-01 (a Monday, ordinal 1) up to and including ``ordinal``."""
        weeks, rest = divmod(ordinal, 7)
        return weeks * _WEEKDAYS + min(rest, _WEEKDAYS) + self._shift[bisect_right(self._flipped, ordinal)]

    def _find_nth(self, count: int) -> date:
        """Return the first day whose count is ``count``; it is a working day."""
        return date.fromordinal(bisect_left(_ORDINALS, count, key=self._count))

    def _used(self, at: time) -> timedelta:
        """Return how much office time of a working day has passed at ``at``."""
        return sum((_span(start, min(end, at)) for start, end in self.hours if start < at), timedelta())

    def _clock_time(self, used: timedelta) -> time:
        """Return the earliest time of day at which ``used`` office time has passed; the inverse of :meth:`_used`."""
        for start, end in self.hours:
            if used <= (length := _span(start, end)):
                return (datetime.combine(date.min, start) + used).time()
            used -= length
        raise ValueError("more office time than a day has")


def _is_weekday(on: date) -> bool:
    return on.weekday() < _WEEKDAYS


def _span(start: time, end: time) -> timedelta:
    return datetime.combine(date.min, end) - datetime.combine(date.min, start)


def _version(
    years: Iterable[PublishedYear],
    overlay: Iterable[OverlayEntry],
    hours: Iterable[tuple[time, time]],
) -> str:
    """Hash everything that decides a count, and nothing else; 12 hexadecimal digits."""
    days = {(day.on.isoformat(), day.off) for published in years for day in published.days}
    spoken = [published.year for published in years]
    moved = sorted((entry.date.isoformat(), entry.workday) for entry in overlay)
    text = repr((spoken, sorted(days), moved, [(start.isoformat(), end.isoformat()) for start, end in hours]))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
