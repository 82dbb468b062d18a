"""``bridge calendar``: due instants by hand, day by day, and the next year's notice.

Owns: the three commands and their print-outs. Must not: count days itself, or touch the database.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bridge.core.calendar import SHANGHAI, CalendarDay, DayCause, PublishedYear, WorkCalendar, civil_date
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

_DAYS_AROUND_A_YEAR = 31 + 366 + 31
"""A notice may name days from the December before to the January after its year."""

_WEEKDAYS = "一二三四五六日"
_CAUSES = {
    DayCause.WEEKDAY: "工作日",
    DayCause.WEEKEND: "周末",
    DayCause.HOLIDAY: "放假",
    DayCause.MAKE_UP: "调休上班",
}


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
        _print_json(_facts(begin, amount, unit, due, calendar))
    else:
        typer.echo(_iso(due.at))
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
        _print_json(_facts(begin, amount, unit, due, calendar) | {"days": [_row_facts(*row) for row in rows]})
        return
    for day, counted in rows:
        typer.echo(f"{_date(day.on)}  {counted or '不计'}\t{_ground(day)}")
    typer.echo(f"到期 {_iso(due.at)}")
    _warn_provisional(due, calendar)


@app.command()
def update(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="holiday-cn格式的年度文件。")],
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """检查一个年度的放假安排，装入配置旁的calendar/，并列出变化。"""
    from bridge.rules.calendar_data import load_calendar, load_folder, read_year

    if not config.is_file():
        raise typer.BadParameter(f"找不到{config}；年度文件装在配置旁的calendar/，请用--config指明配置")
    folder = config.parent / "calendar"
    with _refusing():
        content = file.read_bytes()
        year = read_year(content, str(file))
        present = load_folder(folder)
        before, after = load_calendar(extra=present), load_calendar(extra=[*present, year])
    target = folder / f"{year.year}.json"
    _write(target, content)
    _print_update(year, target, before, after, as_json=as_json)


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
    if not config.is_file():
        return None
    try:
        named = tomllib.loads(config.read_text(encoding="utf-8")).get("rules")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(config), [Problem("-", f"不是有效的TOML：{error}")]) from error
    named = os.environ.get("BRIDGE_RULES", named)
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
        "start": _iso(begin),
        "amount": amount,
        "unit": unit.value,
        "due": _iso(due.at),
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


def _ground(day: CalendarDay) -> str:
    """Say why the day counts or does not, with the document that says so."""
    cause = _CAUSES.get(day.cause) or ("本县安排上班" if day.workday else "本县安排放假")
    text = f"{cause}：{day.name}" if day.name else cause
    text += f"（{day.document}）" if day.document else ""
    return f"{text}，暂定" if day.provisional else text


def _warn_provisional(due: Due, calendar: WorkCalendar) -> None:
    """Say on stderr that no notice covers the end yet, so that stdout stays one instant."""
    if due.provisional:
        text = f"暂定：放假安排只公布到{calendar.covered_until}，之后按周一至周五推算"
        typer.echo(text, err=True)


def _write(target: Path, content: bytes) -> None:
    """Put the file in place whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(target)


def _print_update(
    year: PublishedYear, target: Path, before: WorkCalendar, after: WorkCalendar, *, as_json: bool
) -> None:
    """Print where the year went, how far the calendar reaches now and which days count otherwise."""
    around = (date(year.year - 1, 12, 1) + timedelta(days=n) for n in range(_DAYS_AROUND_A_YEAR))
    changed = [after.explain(on) for on in around if after.is_working_day(on) != before.is_working_day(on)]
    if as_json:
        _print_json(
            {
                "year": year.year,
                "document": year.document or None,
                "file": str(target),
                "covered_until": {"before": before.covered_until.isoformat(), "after": after.covered_until.isoformat()},
                "changes": [{"date": day.on.isoformat(), "workday": day.workday, "name": day.name} for day in changed],
            }
        )
        return
    typer.echo(f"{year.year}年：{year.document or '未写文号'} → {target}")
    typer.echo(f"放假安排覆盖到{before.covered_until} → {after.covered_until}")
    for day in changed:
        typer.echo(f"{_date(day.on)}  {'放假 → 上班' if day.workday else '上班 → 放假'}\t{_ground(day)}")
    if not changed:
        typer.echo("没有一天的性质改变")


def _date(on: date) -> str:
    return f"{on} 周{_WEEKDAYS[on.weekday()]}"


def _iso(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat()


def _print_json(facts: dict[str, object]) -> None:
    typer.echo(json.dumps(facts, ensure_ascii=False))
