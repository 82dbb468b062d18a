"""``bridge calendar recount``: the county's own days changed in the rules; which open limits move, and moving them.

Owns: the refusal to move by rules that are not the live ones. Must not: change the rules, or count days itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bridge.cli import recounting
from bridge.cli.calendar_words import ground, named, print_json

if TYPE_CHECKING:
    from bridge.core.calendar import WorkCalendar
    from bridge.core.lifecycle.recount import Recounted


def recount(config: Path, rules: Path | None, *, preview: bool, as_json: bool) -> None:
    """Print the limits that end otherwise by the rules' calendar, and move them unless this is a preview.

    Raises:
        ConfigError: the rules cannot be used, or their own tests fail.

    """
    from bridge.cli.options import refuse, settings_of
    from bridge.live_rules import adjusted
    from bridge.rules.reload import load_tested

    if rules is not None and not preview:
        raise refuse("--rules 只用来预览；要改期，请先把改好的规则换上（文件名与配置一致），再不带 --rules 执行")
    settings = settings_of(config, rules)
    loaded = adjusted(settings, load_tested(settings.rules))
    found = recounting.changes(config, loaded)
    moved = [each for each in found if each.moves]
    _print(loaded.policy.calendar, moved, preview=preview, as_json=as_json)
    if not preview:
        recounting.move(config, found)


def _print(calendar: WorkCalendar, moved: list[Recounted], *, preview: bool, as_json: bool) -> None:
    if as_json:
        days = [{"date": day.date.isoformat(), "workday": day.workday} for day in calendar.overlay]
        told = {"applied": not preview, "calendar_version": calendar.version, "overlay": days}
        print_json(told | {"deadlines": recounting.facts(moved)})
        return
    typer.echo(f"放假安排覆盖到{calendar.covered_until}，本县另行安排 {len(calendar.overlay)} 天（calendar.overlay）")
    for entry in calendar.overlay:
        typer.echo(f"{named(entry.date)}\t{ground(calendar.explain(entry.date))}")
    for line in recounting.lines(moved, preview=preview):
        typer.echo(line)
    if moved and preview:
        typer.echo("只是预览，没有改动；规则换上以后不带 --preview 执行一次即改期并记入历史", err=True)
