"""``bridge import``: the open cases of the county's own spreadsheet.

Owns: what is said of good and bad rows, the exit status. Must not: read a cell or decide.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse

if TYPE_CHECKING:
    from bridge.errors import Problem
    from bridge.pipeline.service import Service
    from bridge.pipeline.takeover import TakenOver
    from bridge.takeover.reading import Table
    from bridge.takeover.rows import Row

WINDOW = 100
"""So many rows are written together, with one wait for the disk; then the progress is told."""
STATES = {
    "triage": "待人工分派", "awaiting_approval": "待组长同意", "handling": "办理中", "consolidating": "待综合",
    "replied": "已答复", "archived": "已归档", "closed_consult": "咨询已答复",
}  # fmt: skip


def take_over(
    file: Annotated[Path, typer.Argument(help="台账：.xlsx、.xls 或 .csv。")],
    template: Annotated[bool, typer.Option("--template", help="不导入，把空白模板写到这个文件（.xlsx）。")] = False,
    feed: Annotated[str | None, typer.Option(help="来源列空着时算哪个来源；只配了一个来源时可不写。")] = None,
    sheet: Annotated[str | None, typer.Option(help="工作表名，缺省第一张。")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查并说明会怎样，不写库、不外发。")] = False,
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing", help="有一行不对就一行也不导入。")] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="发给单位的交办先扣住，以后用 bridge replay --reason taken_over 发出。")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """接收原台账里未办结的案件：日期照旧，过去的提醒、升级只记不发；按工单编号识别，重复导入不会重复立案。"""
    if template:
        _write_template(file)
        return
    from bridge.cli.ledger import with_service
    from bridge.takeover.reading import read_table

    table = read_table(file, sheet)
    for remark in table.heading.unknown:
        typer.echo(f"表头：{remark}", err=True)

    async def work(service: Service) -> list[dict[str, Any]]:
        rows = _rows(service, table, feed)
        stop = all_or_nothing and any(row.problems for row in rows)
        results = await _each(service, rows, held=hold, dry=dry_run or all_or_nothing)
        if all_or_nothing and not stop and not dry_run and not any(each["problems"] for each in results):
            results = await _each(service, rows, held=hold, dry=False)
        return results

    results = with_service(config, work)
    bad = any(each["problems"] for each in results)
    _tell(results, written=not dry_run and not (all_or_nothing and bad), as_json=as_json)
    if bad:
        raise typer.Exit(DOES_NOT_HOLD)


def _write_template(file: Path) -> None:
    from bridge.sheets import write
    from bridge.takeover.template import sheets

    if file.exists():
        raise refuse(f"{file} 已存在，不覆盖")
    try:
        write(file, sheets())
    except (ValueError, OSError) as error:
        raise refuse(f"{file} 写不出来：{error}") from None
    typer.echo(f"模板已写到 {file}；填写说明在第二张工作表")


def _rows(service: Service, table: Table, feed: str | None) -> list[Row]:
    """Read every line under the rules and feeds of this installation."""
    from bridge.takeover.rows import RowReader

    runtime = service.runtime
    policy = runtime.rules().policy
    named = _feeds(service)
    configured = [name for name in runtime.feeds if not name.startswith("counter.")]
    if feed is not None and feed not in named:
        raise refuse(f"没有来源 {feed}；有：{'、'.join(runtime.feeds)}")
    default = named[feed] if feed else configured[0] if len(configured) == 1 else None
    reader = RowReader(table, policy, named, default, runtime.now())
    return [reader.read(line) for line in table.lines]


def _feeds(service: Service) -> Mapping[str, str]:
    """Return what may stand in the 来源 column: feeds by name, by the kind of upstream, counters by their unit."""
    runtime = service.runtime
    units = runtime.rules().policy.units
    named = {name: name for name in runtime.feeds}
    named |= {f"{units[name.removeprefix('counter.')].name}窗口": name for name in named if name.startswith("counter.")}
    words = {"xinfang": ("信访", "信访局", "网上信访"), "hotline_12345": ("12345", "12345热线", "热线", "政务热线")}
    for adapter, spoken in words.items():
        of_kind = [name for name, terms in runtime.feeds.items() if terms.adapter == adapter]
        if len(of_kind) == 1:
            named |= dict.fromkeys(spoken, of_kind[0])
    return named


async def _each(service: Service, rows: list[Row], *, held: bool, dry: bool) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for start in range(0, len(rows), WINDOW):
        window = rows[start : start + WINDOW]
        results += await asyncio.gather(*(_one(service, row, held=held, dry=dry) for row in window))
        if len(window) == WINDOW:
            typer.echo(f"已处理 {len(results)}/{len(rows)} 行…", err=True)
    return results


async def _one(service: Service, row: Row, *, held: bool, dry: bool) -> dict[str, Any]:
    """Take one row over; what the mechanism refuses is a problem of the row."""
    from bridge.cli.ledger import operator
    from bridge.errors import IllegalTransition, InvalidPayload

    problems = [str(problem) for problem in row.problems]
    taken: TakenOver | None = None
    if row.paper is not None:
        try:
            taken = await service.take_over(row.feed, row.paper, operator(), held=held, dry=dry)
        except InvalidPayload as error:
            problems = [_worded(row, problem) for problem in error.problems]
        except IllegalTransition as error:
            problems = [f"第 {row.number} 行：{error}"]
    outcome = "bad" if problems else "ended" if row.ended else "known" if taken and taken.known else "taken"
    return {
        "row": row.number, "external_id": row.external_id, "feed": row.feed, "outcome": outcome,
        "case_id": taken.case_id if taken and (taken.known or not dry) else None,
        "state": taken.state if taken else None, "messages": taken.messages if taken else 0, "problems": problems,
    }  # fmt: skip


def _worded(row: Row, problem: Problem) -> str:
    from bridge.takeover.cells import RowProblem
    from bridge.takeover.columns import name_of

    key = problem.path.split(".")[-1]
    return str(RowProblem(row.number, name_of("reply" if key == "text" else key), problem.message))


def _tell(results: list[dict[str, Any]], *, written: bool, as_json: bool) -> None:
    for each in results:
        for problem in each["problems"]:
            typer.echo(problem, err=True)
    if as_json:
        print_json({"written": written, "rows": results})
        return
    counts = Counter(each["outcome"] for each in results)
    states = Counter(STATES.get(each["state"], each["state"]) for each in results if each["outcome"] == "taken")
    messages = sum(each["messages"] for each in results)
    done = "已接收" if written else "可接收（没有写入）"
    typer.echo(f"{done} {counts['taken']} 件：{'、'.join(f'{name} {count}' for name, count in states.items()) or '无'}")
    typer.echo(f"已有 {counts['known']} 件、已办结不接收 {counts['ended']} 件、有问题 {counts['bad']} 行（见上）")
    typer.echo(f"{'发给' if written else '将发给'}单位的交办 {messages} 件；过去的提醒、升级只记不发")
