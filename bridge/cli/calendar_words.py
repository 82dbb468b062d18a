"""How ``bridge calendar`` words days and instants.

Owns: the Chinese of a day's cause. Must not: count.
"""

from __future__ import annotations

import json
from datetime import date, datetime

import typer

from bridge.core.calendar import CalendarDay, DayCause
from bridge.core.civil import SHANGHAI

_WEEKDAYS = "一二三四五六日"
_CAUSES = {
    DayCause.WEEKDAY: "工作日",
    DayCause.WEEKEND: "周末",
    DayCause.HOLIDAY: "放假",
    DayCause.MAKE_UP: "调休上班",
}


def ground(day: CalendarDay) -> str:
    """Say why the day counts or does not, with the document that says so."""
    cause = _CAUSES.get(day.cause) or ("本县安排上班" if day.workday else "本县安排放假")
    text = f"{cause}：{day.name}" if day.name else cause
    text += f"（{day.document}）" if day.document else ""
    return f"{text}，暂定" if day.provisional else text


def named(on: date) -> str:
    """Name a day with its weekday."""
    return f"{on} 周{_WEEKDAYS[on.weekday()]}"


def iso(at: datetime) -> str:
    """Write an instant at +08:00."""
    return at.astimezone(SHANGHAI).isoformat()


def print_json(facts: dict[str, object]) -> None:
    """Print one line of JSON."""
    typer.echo(json.dumps(facts, ensure_ascii=False))
