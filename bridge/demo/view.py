"""Shows the stories while they are played: a live picture on a terminal, plain lines elsewhere; then a table.

Owns: everything the demo prints. Must not: change a story or wait for anything.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bridge.core.calendar import WorkCalendar, build_calendar
from bridge.demo import words
from bridge.demo.player import Run
from bridge.demo.story import Step
from bridge.demo.verdict import escalations, pushes, reminders
from bridge.demo.world import Note
from bridge.rules.calendar_data import load_published
from bridge.testing.counterparts.ledger import Json

LINES_SHOWN = 12
WEEKDAYS = "一二三四五六日"


class Screen:
    """The audience: a context manager that draws while it is open and prints lines if there is no terminal."""

    def __init__(self, console: Console, runs: Sequence[Run], now: datetime) -> None:
        self._console = console
        self._runs = runs
        self._now = now
        self._calendar = build_calendar(load_published())
        self._lines: deque[Text] = deque(maxlen=LINES_SHOWN)
        self._last: dict[str, str] = {}
        self._stack = contextlib.ExitStack()
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Start drawing on a terminal."""
        if self._console.is_terminal:
            self._stack.enter_context(self._live)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing."""
        self._stack.close()

    def clock(self, now: datetime) -> None:
        """Show the business clock."""
        self._now = now

    def step(self, run: Run, step: Step, status: int) -> None:
        """Show a step and its answer."""
        refused = "" if status < 400 else f"  拒绝({status})"  # noqa: PLR2004 - HTTP's border between yes and no
        self._say(run, words.step_text(step) + refused, "cyan")

    def message(self, run: Run | None, note: Note) -> None:
        """Show what the daemon told somebody."""
        style = {"assignment.reminder": "yellow", "assignment.escalated": "red", "ticket.replied": "green"}
        self._say(run, words.message_text(note.to, note.type), style.get(note.type, "white"))

    def crash(self, seconds: float) -> None:
        """Show that the daemon was killed and came back."""
        self._say(None, f"网桥进程被 kill -9,{seconds:.1f} 秒后恢复,接着办", "bold magenta")

    def _say(self, run: Run | None, text: str, style: str) -> None:
        """Keep a line for the picture, or print it."""
        name = f"{run.story.id} {run.story.name}" if run else "—"
        line = Text.assemble((f"{self._now:%m-%d %H:%M}  ", "dim"), (f"[{name}] ", "bold"), (text, style))
        if run is not None:
            self._last[run.story.id] = text
        if self._console.is_terminal:
            self._lines.append(line)
        else:
            self._console.print(line, soft_wrap=True, highlight=False)

    def _picture(self) -> RenderableType:
        """Draw the clock, the stories and the last lines."""
        day = day_name(self._calendar, self._now)
        head = Text.assemble(("业务时钟  ", "dim"), (f"{self._now:%Y-%m-%d %H:%M}", "bold"), f"  {day}")
        return Group(Panel(head, title="12345 社保费争议工单桥 · 演示"), self._progress(), *self._lines)

    def _progress(self) -> Table:
        """Draw how far every story is."""
        table = Table(box=None, padding=(0, 1))
        for title in ("", "故事", "进度", "最近"):
            table.add_column(title, no_wrap=True)
        for run in self._runs:
            total = len(run.story.steps)
            mark = "✗" if run.problems else "●" if run.done == total else "…" if run.done else "·"
            bar = ProgressBar(total=total, completed=run.done, width=16)
            table.add_row(mark, f"{run.story.id} {run.story.name}", bar, self._last.get(run.story.id, ""))
        return table


def day_name(calendar: WorkCalendar, now: datetime) -> str:
    """Name the weekday, and say so where the State Council moved it."""
    weekday, working = now.weekday(), calendar.is_working_day(now.date())
    note = "调休上班" if weekday > 4 and working else "法定假日" if weekday < 5 and not working else ""  # noqa: PLR2004 - Saturday is 5
    return f"周{WEEKDAYS[weekday]} {note}".rstrip()


def results(entries: Sequence[tuple[Run, Json, Sequence[str]]]) -> Table:
    """Return the closing table: a row per story with its case and its differences."""
    table = Table(title="演示结果", title_style="bold")
    for title in ("", "故事", "类别", "主办 / 协办", "步骤", "回推", "催办", "升级", "应为", "实为"):
        table.add_column(title, overflow="fold")
    for run, case, found in entries:
        table.add_row(Text("✗", "red") if found else Text("✓", "green"), *_row(run, case))
    return table


def _row(run: Run, case: Json) -> tuple[str, ...]:
    """Return a story's cells."""
    category = case.get("category")
    key = category.get("id") if isinstance(category, dict) else category
    parts = case.get("assignments", [])
    co_units = dict.fromkeys(words.UNITS[part["unit"]] for part in parts if part["role"] == "co")
    lead = words.UNITS.get(case.get("lead") or "", "—")
    return (
        f"{run.story.id} {run.story.name}",
        words.CATEGORIES.get(key or "", "—"),
        f"{lead} / {'、'.join(co_units) or '—'}",
        str(run.done),
        str(len(pushes(run))),
        str(len(reminders(run))),
        str(len(escalations(run))),
        words.STATES[run.story.outcome.state],
        words.STATES.get(str(case.get("state")), "—"),
    )
