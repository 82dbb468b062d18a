"""``bridge rules diff | suggest | learn``: what a change would move, what corrections teach.

Owns: reading tickets from a file, printing. Must not: decide, or change a rules file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.rules_shared import AsJson, Config, RulesFile, load_or_exit, rules_path

if TYPE_CHECKING:
    from bridge.core.policy import TicketFacts
    from bridge.rules.backtest import Comparison
    from bridge.rules.suggest import Correction

Tickets = Iterable[tuple[Any, "TicketFacts"]]
ReadArchive = Callable[[Path], Tickets]

ARCHIVE = "archive"
archive_readers: list[ReadArchive] = []
"""Whoever can read the archive puts its reader here: configuration file → tickets with their ids."""

SHOWN = 200


def diff(
    old: Annotated[Path, typer.Argument(help="现行规则。")],
    new: Annotated[Path, typer.Argument(help="改过的规则。")],
    against: Annotated[str, typer.Option(help="archive(本系统存档)或工单文件 FILE.jsonl。")] = ARCHIVE,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """回测:同一批工单按新旧两份规则各判一次,列出流向和每件有变化的工单;有变化时退出状态为 1。"""
    from bridge.rules.backtest import compare

    rules_old, rules_new = load_or_exit(old), load_or_exit(new)
    result = compare(rules_old, rules_new, _tickets(against, config))
    typer.echo(json.dumps(_as_data(result), ensure_ascii=False, indent=1) if as_json else _as_text(result))
    if result.changed:
        raise typer.Exit(1)


def suggest(
    against: Annotated[str, typer.Option(help="archive(人工改判)或带 category 的 FILE.jsonl。")] = ARCHIVE,
    rules: RulesFile = None,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """从人工改判看哪些规则误判,并给出可粘贴的规则和实测效果;不改文件。"""
    from bridge.rules.suggest import misfires, propose

    compiled = load_or_exit(rules_path(rules, config))
    corrections = list(_corrections(against))
    wrong, proposals = misfires(compiled, corrections), propose(compiled, corrections)
    if as_json:
        data = {
            "misfires": [{"rule": one.rule, "wrong": one.wrong, "right": one.right} for one in wrong],
            "proposals": [
                {"category": one.category, "words": one.words, "before": one.before, "after": one.after}
                for one in proposals
            ],
        }
        typer.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    typer.echo(f"{len(corrections)} 件改判")
    for one in wrong[:20]:
        typer.echo(f"误判 {one.wrong} 次、判对 {one.right} 次:{one.rule}")
    for proposal in proposals:
        typer.echo(proposal.yaml())


def learn(
    examples: Annotated[Path, typer.Argument(help="标注例子,每行一个 JSON(text、in_scope、category)。")],
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件。")],
    rules: RulesFile = None,
    config: Config = Path("bridge.toml"),
) -> None:
    """从标注例子重新学习第二意见(约十秒)。"""
    from bridge.rules.learn import learn as learn_model
    from bridge.rules.learn import read_examples
    from bridge.rules.second_opinion import render

    compiled = load_or_exit(rules_path(rules, config))
    found = read_examples(examples, compiled.classifier.normaliser)
    model = learn_model(found)
    output.write_text(render(model), encoding="utf-8")
    typer.echo(f"从 {len(found)} 个例子学到 {len(model.weights)} 个字词,写入 {output}")


def _tickets(against: str, config: Path) -> Tickets:
    if against != ARCHIVE:
        return list(_from_file(Path(against)))
    if not archive_readers:
        typer.echo("这里读不到存档;请用 --against FILE.jsonl", err=True)
        raise typer.Exit(2)
    return archive_readers[0](config)


def _from_file(path: Path) -> Iterator[tuple[Any, TicketFacts]]:
    from bridge.clock import SystemClock
    from bridge.rules.decision import BadLine, facts_of_line

    now = SystemClock().now()
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        typer.echo(f"{path}:1:1 -: 文件不存在或无法读取", err=True)
        raise typer.Exit(2) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield facts_of_line(line, now)
        except BadLine as error:
            typer.echo(f"{path}:{number}:1 -: {error}", err=True)
            raise typer.Exit(1) from None


def _corrections(against: str) -> Iterator[Correction]:
    from bridge.clock import SystemClock
    from bridge.rules.decision import facts_of_row
    from bridge.rules.suggest import Correction

    if against == ARCHIVE:
        typer.echo("这里读不到存档里的改判;请用 --against FILE.jsonl(每行带 category)", err=True)
        raise typer.Exit(2)
    now = SystemClock().now()
    for line in Path(against).read_text(encoding="utf-8").splitlines():
        row = json.loads(line) if line.strip() else {}
        if row.get("category") and isinstance(row["category"], str):
            yield Correction(str(row.get("id")), facts_of_row(row, now), row["category"])


def _as_data(result: Comparison) -> dict[str, Any]:
    return {
        "tickets": result.tickets,
        "moved": result.moved,
        "flow": [{"from": old, "to": new, "count": count} for (old, new), count in sorted(result.flow.items())],
        "changed": [
            {"id": one.id, **{name: {"old": old, "new": new} for name, (old, new) in one.fields.items()}}
            for one in result.changed
        ],
    }


def _as_text(result: Comparison) -> str:
    from bridge.rules.backtest import matrix

    lines = [f"{result.tickets} 件工单,{len(result.changed)} 件有变化,{result.moved} 件改换主办"]
    lines += ["\t".join(row) for row in matrix(result)]
    for one in result.changed[:SHOWN]:
        said = ";".join(f"{name}:{_shown(old)} → {_shown(new)}" for name, (old, new) in one.fields.items())
        lines.append(f"{one.id}  {said}")
    if len(result.changed) > SHOWN:
        lines.append(f"……另有 {len(result.changed) - SHOWN} 件,用 --json 看全部")
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value)) or "无"
    return "无" if value is None else str(value)
