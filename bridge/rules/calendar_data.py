"""Year files of the working-day calendar: reading, checking, and joining them with the overlay.

Owns: the file form (that of the public ``holiday-cn`` data plus document numbers), the years shipped in
``bridge/data/calendar`` and a deployer's own folder. Must not: count days, or make up a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bridge.core.calendar import OFFICE_HOURS, OverlayEntry, PublishedDay, PublishedYear, WorkCalendar, build_calendar
from bridge.errors import ConfigError, Problem

_MESSAGES = {
    "missing": "缺少该项",
    "json_invalid": "不是有效的JSON",
    "bool_type": "应为true（放假）或false（上班）",
    "bool_parsing": "应为true（放假）或false（上班）",
    "date_from_datetime_parsing": "应为日期，如2027-01-01",
    "date_parsing": "应为日期，如2027-01-01",
    "date_type": "应为日期，如2027-01-01",
    "int_type": "应为整数年份，如2027",
    "int_parsing": "应为整数年份，如2027",
    "string_too_short": "不能为空",
}


class _Day(BaseModel):
    """A day of a year file; ``document_number`` only where an amending notice names the day."""

    model_config = ConfigDict(extra="ignore")
    name: Annotated[str, Field(min_length=1)]
    date: date
    isOffDay: bool  # noqa: N815 - the public data's own key
    document_number: str = ""


class _Year(BaseModel):
    """A year file; keys we do not know (``$schema``, ``$id``) are the publisher's business."""

    model_config = ConfigDict(extra="ignore")
    year: Annotated[int, Field(ge=1949, le=9998)]
    papers: tuple[str, ...] = ()
    document_number: str = ""
    published_on: date | None = None
    days: tuple[_Day, ...]


def load_calendar(
    *,
    overlay: Iterable[OverlayEntry] = (),
    hours: Sequence[tuple[time, time]] = OFFICE_HOURS,
    extra: Iterable[PublishedYear] = (),
) -> WorkCalendar:
    """Build the calendar of the shipped years, the deployer's ``extra`` years (they win) and the overlay.

    Raises:
        ConfigError: a year file that cannot be used, a year missing in the middle, an overlay date
            given twice, office hours that overlap.

    """
    years = {published.year: published for published in load_published()}
    years |= {published.year: published for published in extra}
    return build_calendar(years.values(), overlay, hours)


@cache
def load_published() -> tuple[PublishedYear, ...]:
    """Return the years shipped with the bridge, ascending."""
    found = (files("bridge") / "data" / "calendar").iterdir()
    names = sorted(item.name for item in found if item.name.endswith(".json"))
    return tuple(read_year(_shipped(name), name) for name in names)


def load_folder(folder: Path) -> tuple[PublishedYear, ...]:
    """Return the years of a deployer's folder by file name; none if there is no such folder.

    Raises:
        ConfigError: a file cannot be used; every problem of that file.

    """
    return tuple(read_year(_bytes(path), str(path)) for path in sorted(folder.glob("*.json")))


def read_year(data: bytes, file: str) -> PublishedYear:
    """Parse one year file; ``file`` is its name for the error text.

    Raises:
        ConfigError: not JSON, not the form, a day given twice or far from its year; every problem.

    """
    try:
        parsed = _Year.model_validate_json(data)
    except ValidationError as error:
        raise ConfigError(file, [_problem(detail) for detail in error.errors(include_url=False)]) from error
    if problems := _day_problems(parsed):
        raise ConfigError(file, problems)
    document = parsed.document_number or next(iter(parsed.papers), "")
    days = tuple(PublishedDay(day.date, day.isOffDay, day.name, day.document_number) for day in parsed.days)
    return PublishedYear(parsed.year, document, days, parsed.published_on, parsed.papers)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            str(path), [Problem("$", f"读不出来({type(error).__name__}),请检查文件的属主和权限")]
        ) from error


def _shipped(name: str) -> bytes:
    return (files("bridge") / "data" / "calendar" / name).read_bytes()


def _day_problems(parsed: _Year) -> list[Problem]:
    """Say which days stand twice or lie outside the year and the months next to it."""
    if not parsed.days:
        return [Problem("days", f"不能为空；{parsed.year}年的放假安排可能尚未公布")]
    first: dict[date, int] = {}
    problems = []
    for index, day in enumerate(parsed.days):
        earlier = first.setdefault(day.date, index)
        if earlier != index:
            problems.append(Problem(f"days[{index}].date", f"{day.date}与days[{earlier}]重复，请只留一条"))
        if not _is_near(day.date, parsed.year):
            text = f"{day.date}离{parsed.year}年太远，一份通知只安排本年及前后相邻一个月的日期"
            problems.append(Problem(f"days[{index}].date", text))
    return problems


def _is_near(on: date, year: int) -> bool:
    return date(year - 1, 12, 1) <= on <= date(year + 1, 1, 31)


def _problem(detail: ErrorDetails) -> Problem:
    """Put one validation error into our words, with its path in the file."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(".")
    return Problem(path or "$", _MESSAGES.get(detail["type"], detail["msg"]))
