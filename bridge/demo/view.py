"""Shows the stories while they are played: a live picture on a terminal, plain lines elsewhere; then a table.

Owns: everything the demo prints. Must not: change a story or wait for anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bridge.core.calendar import WorkCalendar, build_calendar
from bridge.demo import words
from bridge.demo.player import NOT_SENT, Run
from bridge.demo.story import Step
from bridge.demo.verdict import escalations, pushes, reminders
from bridge.demo.world import Note
from bridge.rules.calendar_data import load_published
from bridge.testing.counterparts.ledger import Json

WEEKDAYS = "一二三四五六日"
BAR_WIDTH = 36
TITLE = "12345 社保费争议工单桥 · 演示"
ROOM_FOR_CTRL_C = 4
"""Columns left free beside the picture: a terminal echoes ``^C`` there, and must not wrap it into a new line."""
COUNTED = ("assignment.dispatched", "assignment.reminder", "assignment.escalated", "ticket.replied")
STYLES = {"assignment.reminder": "yellow", "assignment.escalated": "red", "ticket.replied": "green"}

MANY = 3
"""More co-units than these are counted, not named: the column is narrow."""


class Screen:
    """The audience: prints a line for everything that happens, above a live picture if there is a terminal."""

    def __init__(self, console: Console, runs: Sequence[Run], now: datetime) -> None:
        self._console = console
        self._runs = runs
        self._now = now
        self._calendar = build_calendar(load_published())
        self._shown: Counter[str] = Counter()
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Start drawing on a terminal."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing."""
        self._live.stop()

    def clock(self, now: datetime) -> None:
        """Show the business clock."""
        self._now = now

    def step(self, run: Run, step: Step, status: int) -> None:
        """Show a step and its answer."""
        outcome = {NOT_SENT: "  未送出"}.get(status, f"  拒绝({status})" if status >= HTTPStatus.BAD_REQUEST else "")
        self._say(run, words.step_text(step) + outcome, "magenta" if outcome else "cyan")

    def message(self, run: Run | None, note: Note) -> None:
        """Show what the daemon told somebody; a mere change of what is owed is not worth a line."""
        self._shown[note.type] += 1
        if note.type != "case.updated":
            about = "" if run else f"  (案件 …{str(note.body.get('case_id'))[-6:]})"
            self._say(run, words.message_text(note.to, note.type) + about, STYLES.get(note.type, ""))

    def fed(self, title: str) -> None:
        """Show a ticket that belongs to no story."""
        self._shown["ticket"] += 1
        self._say(None, words.ticket_text(title), "cyan")

    def crash(self, seconds: float) -> None:
        """Show that the daemon was killed and came back."""
        self._say(None, f"网桥进程被 kill -9,{seconds:.1f} 秒后恢复,接着办", "bold magenta")

    def _say(self, run: Run | None, text: str, style: str) -> None:
        """Print a line; it stays in the terminal's history."""
        name = f"[{run.story.id} {run.story.name}] " if run else ""
        line = Text.assemble((f"{self._now:%m-%d %H:%M}  ", "dim"), (name, "bold"), (text, style))
        self._console.print(line, soft_wrap=True, highlight=False)

    def _picture(self) -> RenderableType:
        """Draw the clock and how far the stories are."""
        day = day_name(self._calendar, self._now)
        head = Text.assemble(("业务时钟  ", "dim"), (f"{self._now:%Y-%m-%d %H:%M}", "bold"), f"  {day}")
        body = self._progress() if self._runs else (self._tally(),)
        return Panel(Group(head, *body), title=TITLE, width=self._console.width - ROOM_FOR_CTRL_C)

    def _progress(self) -> Iterator[RenderableType]:
        """Draw all steps as one bar, then the stories under way and how far each is."""
        done, total = (sum(numbers) for numbers in zip(*map(_steps, self._runs), strict=True))
        ended = sum(_is_over(run) for run in self._runs)
        label = Text(f"{done}/{total} 步  {ended}/{len(self._runs)} 个故事演完", "dim")
        yield Columns([ProgressBar(total=total, completed=done, width=BAR_WIDTH), label])
        yield Columns([_story(run) for run in self._runs if run.done and not _is_over(run)], padding=(0, 3))

    def _tally(self) -> Text:
        """Draw how many messages of the telling kinds there were."""
        kinds = {"ticket": "工单", **{kind: words.MESSAGES[kind] for kind in COUNTED}}
        return Text("  ".join(f"{word} {self._shown[kind]}" for kind, word in kinds.items()), "dim")


def _steps(run: Run) -> tuple[int, int]:
    """Return how many steps of a story were taken, of how many."""
    return run.done, len(run.story.steps)


def _is_over(run: Run) -> bool:
    """Tell whether a story's last step was taken."""
    return run.done == len(run.story.steps)


def _story(run: Run) -> Text:
    """Name a story under way."""
    done, total = _steps(run)
    return Text(f"{run.story.id} {run.story.name} {done}/{total}", "red" if run.problems else "")


def day_name(calendar: WorkCalendar, now: datetime) -> str:
    """Name the weekday, and say so where the State Council moved it."""
    weekday, working = now.weekday(), calendar.is_working_day(now.date())
    note = "调休上班" if weekday > 4 and working else "法定假日" if weekday < 5 and not working else ""  # noqa: PLR2004 - Saturday is 5
    return f"周{WEEKDAYS[weekday]} {note}".rstrip()


def results(entries: Sequence[tuple[Run, Json, Sequence[str]]]) -> Table:
    """Return the closing table, 80 columns wide: a row per story with its case and how it ended."""
    table = Table(title="演示结果", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for title in ("故事", "类别", "主办;协办"):
        table.add_column(title, no_wrap=True)
    for title in ("回推", "催办", "升级"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("结局", overflow="fold")
    for run, case, found in entries:
        table.add_row(*_row(run, case), _ending(run, case, found))
    return table


def _row(run: Run, case: Json) -> tuple[str, ...]:
    """Return a story's cells up to its ending."""
    parts = case.get("assignments", [])
    co_units = dict.fromkeys(words.SHORT_UNITS[part["unit"]] for part in parts if part["role"] == "co")
    lead = words.SHORT_UNITS.get(case.get("lead") or "", "—")
    return (
        f"{run.story.id} {run.story.name}",
        words.CATEGORIES.get(str(case.get("category")), "—"),
        ";".join([lead, "、".join(co_units) if len(co_units) <= MANY else f"另{len(co_units)}家"])
        if co_units
        else lead,
        str(len(pushes(run))),
        str(len(reminders(run))),
        str(len(escalations(run))),
    )


def _ending(run: Run, case: Json, found: Sequence[str]) -> Text:
    """Return how a story ended, and how it should have if that is another state."""
    expected, actual = run.story.outcome.state, str(case.get("state"))
    other = f"(应为{words.STATES[expected]})" if actual != expected else ""
    return Text(f"{'✗' if found else '✓'} {words.STATES.get(actual, '—')}{other}", "red" if found else "green")
