"""``bridge calendar``: due instants by hand, day by day, and the next year's notice.

Owns: the four commands and their print-outs. Must not: count days itself, or touch the database.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.calendar_words import ground, iso, named, print_json
from bridge.core.calendar import CalendarDay, WorkCalendar
from bridge.core.civil import SHANGHAI, civil_date
from bridge.core.deadline import Due, due_at
from bridge.core.policy import LimitUnit
from bridge.errors import ConfigError, Problem

app = typer.Typer(help="工作日历：推算到期时间、逐日说明、装入新一年的放假安排。", no_args_is_help=True)

Start = Annotated[str, typer.Argument(help="日期（从该日起算，该日不计）或ISO 8601时刻（不写时区按+08:00）。")]
Amount = Annotated[int, typer.Argument(min=0, max=9999, help="期限的数量。")]
Unit = Annotated[LimitUnit, typer.Option(help="工作日、自然日（末日逢假顺延）或工作小时。")]
Rules = Annotated[Path | None, typer.Option(help="取其中calendar一节的规则文件；默认用配置里的。")]
Config = Annotated[Path, typer.Option(help="配置文件；同一文件夹下的calendar/放自行装入的年度。")]
AsJson = Annotated[bool, typer.Option("--json", help="以JSON输出。")]

Row = tuple[CalendarDay, str]

_YEARS = range(1949, 3000)


@app.command()
def add(
    start: Start,
    amount: Amount,
    unit: Unit = LimitUnit.WORKING_DAYS,
    rules: Rules = None,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """推算到期时间，以ISO 8601（+08:00）输出。"""
    begin = _instant(start)
    with _refusing():
        calendar = _calendar(config, rules)
    due = due_at(amount, unit, begin, calendar)
    if as_json:
        print_json(_facts(begin, amount, unit, due, calendar))
    else:
        typer.echo(iso(due.at))
        _warn_provisional(due, calendar)


@app.command()
def explain(
    start: Start,
    amount: Amount,
    unit: Unit = LimitUnit.WORKING_DAYS,
    rules: Rules = None,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """逐日说明到期时间怎么算出来：哪些日子不计，依据哪个文件。"""
    begin = _instant(start)
    with _refusing():
        calendar = _calendar(config, rules)
    due = due_at(amount, unit, begin, calendar)
    rows = list(_rows(begin, amount, unit, due, calendar))
    if as_json:
        print_json(_facts(begin, amount, unit, due, calendar) | {"days": [_row_facts(*row) for row in rows]})
        return
    for day, counted in rows:
        typer.echo(f"{named(day.on)}  {counted or '不计'}\t{ground(day)}")
    typer.echo(f"到期 {iso(due.at)}")
    _warn_provisional(due, calendar)


@app.command()
def update(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="holiday-cn格式的年度文件。")],
    config: Config = Path("bridge.toml"),
    preview: Annotated[bool, typer.Option("--preview", help="只看会有什么变化，不装入、不改动。")] = False,
    as_json: AsJson = False,
) -> None:
    """检查一个年度的放假安排，列出性质改变的日子和会改期的在办时限，然后装入配置旁的calendar/并改期。"""
    from bridge.cli.calendar_update import Update, apply, due_changes
    from bridge.rules.calendar_data import load_calendar, load_folder, read_year

    if not config.is_file():
        raise typer.BadParameter(f"找不到{config}；年度文件装在配置旁的calendar/，请用--config指明配置")
    folder = config.parent / "calendar"
    with _refusing():
        content = file.read_bytes()
        year = read_year(content, str(file))
        present = load_folder(folder)
        before, after = load_calendar(extra=present), load_calendar(extra=[*present, year])
        counted = due_changes(config, [*present, year])
    found = Update(year, folder / f"{year.year}.json", before, after, counted)
    found.print(as_json=as_json, preview=preview)
    if not preview:
        apply(config, found, content)


@app.command()
def recount(
    rules: Annotated[Path | None, typer.Option(help="改好还没换上的规则文件，只能与--preview同用。")] = None,
    config: Config = Path("bridge.toml"),
    preview: Annotated[bool, typer.Option("--preview", help="只看哪些在办时限会改期，不改动。")] = False,
    as_json: AsJson = False,
) -> None:
    """本县安排（规则的calendar）改过以后：列出在办时限该改到哪一天，并改期、记入历史。换上规则本身不改在办时限。"""
    from bridge.cli.calendar_recount import recount as run

    with _refusing():
        run(config, rules, preview=preview, as_json=as_json)


def _instant(text: str) -> datetime:
    """Read START: a bare date stands for its first moment in Asia/Shanghai."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}不是日期或ISO 8601时刻，如2026-09-24或2026-09-24T10:00:00+08:00") from error
    if instant.year not in _YEARS:
        raise typer.BadParameter(f"{text}：年份须在{_YEARS.start}与{_YEARS.stop - 1}之间")
    return instant if instant.tzinfo else instant.replace(tzinfo=SHANGHAI)


def _calendar(config: Path, rules: Path | None) -> WorkCalendar:
    """Build the deployment's calendar: shipped years, its own years, and the overlay and hours of its rules."""
    from bridge.rules.calendar_data import load_calendar, load_folder

    extra = load_folder(config.parent / "calendar")
    chosen = rules or _configured_rules(config)
    if chosen is None:
        return load_calendar(extra=extra)
    from bridge.rules.load import load_rules

    said = load_rules(chosen).policy.calendar
    return load_calendar(overlay=said.overlay, hours=said.hours, extra=extra)


def _configured_rules(config: Path) -> Path | None:
    """Return the rules file the configuration names; None without a configuration."""
    named = os.environ.get("BRIDGE_RULES")
    if named is not None:
        return config.parent / named
    if not config.is_file():
        return None
    try:
        named = tomllib.loads(config.read_text(encoding="utf-8")).get("rules")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(config), [Problem("-", f"不是有效的TOML：{error}")]) from error
    return config.parent / named if named else None


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn a file that cannot be used into its problems on stderr and exit status 1."""
    try:
        yield
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _rows(begin: datetime, amount: int, unit: LimitUnit, due: Due, calendar: WorkCalendar) -> Iterator[Row]:
    """Yield every day from the start to the end with what it counts as; an empty word if it does not count."""
    start, end, number = civil_date(begin), civil_date(due.at), 0
    for offset in range((end - start).days + 1):
        day = calendar.explain(start + timedelta(days=offset))
        if unit is LimitUnit.WORKING_HOURS:
            yield day, "计时" if day.workday else ""
        elif offset == 0:
            yield day, "起算"
        elif unit is LimitUnit.DAYS:
            yield day, f"第{offset}日" if offset <= amount else "顺延"
        else:
            number += day.workday
            yield day, f"第{number}日" if day.workday else ""


def _facts(begin: datetime, amount: int, unit: LimitUnit, due: Due, calendar: WorkCalendar) -> dict[str, object]:
    return {
        "start": iso(begin),
        "amount": amount,
        "unit": unit.value,
        "due": iso(due.at),
        "provisional": due.provisional,
        "covered_until": calendar.covered_until.isoformat(),
        "calendar_version": calendar.version,
    }


def _row_facts(day: CalendarDay, counted: str) -> dict[str, object]:
    return {
        "date": day.on.isoformat(),
        "workday": day.workday,
        "counted": counted or None,
        "cause": day.cause.value,
        "name": day.name or None,
        "document": day.document or None,
        "provisional": day.provisional,
    }


def _warn_provisional(due: Due, calendar: WorkCalendar) -> None:
    """Say on stderr that no notice covers the end yet, so that stdout stays one instant."""
    if due.provisional:
        span = f"只有{calendar.covered_from}至{calendar.covered_until}的放假安排"
        text = f"暂定：{span}，在此之外按周一至周五推算"
        typer.echo(text, err=True)
