"""Where ``bridge rules diff | suggest`` take their tickets from: the archive, or a file.

Owns: reading, the verdicts a file's labels give, telling on stderr how far it is. Must not: judge a ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DOES_NOT_HOLD, refuse

if TYPE_CHECKING:
    from bridge.core.verdict import Verdict
    from bridge.pipeline.service import Service
    from bridge.rules.backtest import Sample

ARCHIVE = "archive"
PROGRESS_EVERY = 1_000
_BAD_SHOWN = 50

Against = Annotated[str, typer.Option(help="archive（本系统的案件）或工单文件 FILE.jsonl。")]
Days = Annotated[int, typer.Option("--days", min=1, max=36_500, help="看存档里最近多少天登记的案件。")]


def samples(against: str, config: Path, days: int) -> list[Sample]:
    """Read every ticket; exits 2 if there is no such file or nothing in it, 1 if a line cannot be read."""
    return _from_archive(config, days) if against == ARCHIVE else _from_file(Path(against))


def progress(word: str) -> Callable[[int], None]:
    """Return a reporter that says ``word`` and the count on stderr every thousand."""

    def seen(count: int) -> None:
        if count % PROGRESS_EVERY == 0:
            typer.echo(f"{word} {count} 件…", err=True)

    return seen


def _from_archive(config: Path, days: int) -> list[Sample]:
    from bridge.cli.ledger import with_service

    async def work(service: Service) -> list[Sample]:
        since = service.runtime.now() - timedelta(days=days)
        found, after = await service.examples(since, None)
        while after is not None:
            page, after = await service.examples(since, after)
            found += page
            typer.echo(f"已读 {len(found)} 件…", err=True)
        return found

    return with_service(config, work)


def _from_file(path: Path) -> list[Sample]:
    """Read every line before anything is judged; all that cannot be read are told at once."""
    from bridge.clock import SystemClock
    from bridge.rules.decision import BadLine

    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise refuse(f"{path}:1:1 -: 文件不存在或无法读取") from None
    found, bad, now = [], [], SystemClock().now()
    for number, line in enumerate(lines, 1):
        try:
            found += [_sample(line, now)] if line.strip() else []
        except BadLine as error:
            bad.append(f"{path}:{number}:1 -: {error}")
    if bad:
        raise refuse("\n".join(bad[:_BAD_SHOWN]), DOES_NOT_HOLD)
    if not found:
        raise refuse(f"{path}:1:1 -: 文件里没有一件工单")
    return found


def _sample(line: bytes, now: datetime) -> Sample:
    from bridge.rules.backtest import Sample
    from bridge.rules.decision import facts_of_row, row_of_line

    row = row_of_line(line)
    return Sample(row.get("id"), facts_of_row(row, now), _verdict(row))


def _verdict(row: Mapping[str, Any]) -> Verdict:
    """What the labels of a line say; ``in_scope: false`` stands above a category."""
    from bridge.core.verdict import OUT, Verdict

    category, lead = row.get("category"), row.get("lead")
    if row.get("in_scope") is False:
        return Verdict(OUT)
    return Verdict(category if isinstance(category, str) else None, lead if isinstance(lead, str) else None)
