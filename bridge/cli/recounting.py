"""Open limits counted again under another calendar, for the commands that change one.

Owns: what would change, how it is worded, moving it case by case. Must not: count days itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.calendar_words import iso

if TYPE_CHECKING:
    from bridge.core.lifecycle.recount import Recounted
    from bridge.pipeline.service import Service
    from bridge.rules.compile import CompiledRules

_SHOWN = 200


def changes(config: Path, rules: CompiledRules) -> list[Recounted]:
    """Return the open limits these rules' calendar would change. Writes nothing."""
    from bridge.cli.ledger import with_service

    async def work(service: Service) -> list[Recounted]:
        found: list[Recounted] = []
        after: str | None = ""
        while after is not None:
            page, after = await service.recountable(rules, after)
            found += page
        return found

    return with_service(config, work)


def move(config: Path, counted: Sequence[Recounted]) -> None:
    """Move the limits of these cases; one that changed meanwhile is counted anew."""
    from bridge.cli.ledger import with_service

    cases = list(dict.fromkeys(each.case_id for each in counted))

    async def work(service: Service) -> None:
        for case_id in cases:
            await service.recount(case_id)

    if cases:
        with_service(config, work)


def facts(moved: Sequence[Recounted]) -> list[dict[str, object]]:
    """Return the moved limits for a program."""
    return [
        {"case_id": each.case_id, "kind": each.kind, "unit": each.unit}
        | {"from": iso(each.before), "to": iso(each.after), "provisional": each.provisional}
        for each in moved
    ]


def lines(moved: Sequence[Recounted], *, preview: bool) -> Iterator[str]:
    """Yield the moved limits for a person."""
    from bridge.cli.simulate import KINDS

    yield f"在办案件有 {len(moved)} 个时限{'会' if preview else ''}改期"
    for each in moved[:_SHOWN]:
        yield f"{each.case_id}  {KINDS.get(each.kind, each.kind)}  {each.unit}  {iso(each.before)} → {iso(each.after)}"
    if len(moved) > _SHOWN:
        yield f"……另有 {len(moved) - _SHOWN} 个，用 --json 看全部"
