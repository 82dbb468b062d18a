"""``bridge calendar update``: a year's notice, the days and the open limits it moves, and putting it in place.

Owns: the preview before anything is written, writing the year, then moving the limits case by case.
Must not: count days itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bridge.cli import recounting
from bridge.cli.calendar_words import ground, named, print_json
from bridge.core.calendar import CalendarDay, PublishedYear, WorkCalendar

if TYPE_CHECKING:
    from bridge.core.lifecycle.recount import Recounted

_DAYS_AROUND_A_YEAR = 31 + 366 + 31
"""A notice may name days from the December before to the January after its year."""


@dataclass(frozen=True, slots=True)
class Update:
    """A notice, where it goes, the calendar without and with it, and the open limits it changes (None: no ledger yet)."""

    year: PublishedYear
    target: Path
    before: WorkCalendar
    after: WorkCalendar
    counted: list[Recounted] | None

    def print(self, *, as_json: bool, preview: bool) -> None:
        """Print what changes, before anything is written."""
        print_json(self._data(preview)) if as_json else self._page(preview)

    @property
    def moved(self) -> list[Recounted]:
        """The limits that end on another day; the others it changes only become certain."""
        return [each for each in self.counted or () if each.moves]

    def _changed(self) -> list[CalendarDay]:
        around = (date(self.year.year - 1, 12, 1) + timedelta(days=n) for n in range(_DAYS_AROUND_A_YEAR))
        return [
            self.after.explain(on) for on in around if self.after.is_working_day(on) != self.before.is_working_day(on)
        ]

    def _data(self, preview: bool) -> dict[str, object]:
        return {
            "year": self.year.year,
            "document": self.year.document or None,
            "file": str(self.target),
            "applied": not preview,
            "covered_until": {
                "before": self.before.covered_until.isoformat(),
                "after": self.after.covered_until.isoformat(),
            },
            "changes": [{"date": d.on.isoformat(), "workday": d.workday, "name": d.name} for d in self._changed()],
            "deadlines": recounting.facts(self.moved),
        }

    def _page(self, preview: bool) -> None:
        typer.echo(
            f"{self.year.year}年：{self.year.document or '未写文号'} → {'（仅预览）' if preview else self.target}"
        )
        typer.echo(f"放假安排覆盖到{self.before.covered_until} → {self.after.covered_until}")
        changed = self._changed()
        for day in changed:
            typer.echo(f"{named(day.on)}  {'放假 → 上班' if day.workday else '上班 → 放假'}\t{ground(day)}")
        if not changed:
            typer.echo("没有一天的性质改变")
        if self.counted is None:
            return
        for line in recounting.lines(self.moved, preview=preview):
            typer.echo(line)


def due_changes(config: Path, years: Sequence[PublishedYear]) -> list[Recounted] | None:
    """Return the open limits these years would change; None where there is no ledger yet. Writes nothing."""
    from bridge.cli.options import settings_of
    from bridge.live_rules import load

    if not _has_ledger(config):
        return None
    return recounting.changes(config, load(settings_of(config)).with_years(tuple(years)).prepare())


def _has_ledger(config: Path) -> bool:
    """Tell whether the configuration is one of a bridge that was started before: only then is there a key file."""
    from bridge.cli.options import settings_of

    return bool(config.read_bytes().strip()) and settings_of(config).key_file.exists()


def apply(config: Path, update: Update, content: bytes) -> None:
    """Put the year in place whole or not at all, then move the limits; a case that changed meanwhile is counted anew."""
    update.target.parent.mkdir(parents=True, exist_ok=True)
    fresh = update.target.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(update.target)
    recounting.move(config, update.counted or [])
    moved = "已装入，时限已改期" if update.moved else "已装入"
    typer.echo(f"{moved}；正在运行的服务几秒内自动换上新日历，立即换上可执行 bridge rules reload", err=True)
