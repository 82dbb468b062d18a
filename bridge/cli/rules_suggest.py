"""``bridge rules suggest | learn``: what corrections teach, and the second opinion learnt from examples.

Owns: printing proposals, writing examples and the learnt model to files of their own. Must not: change a rules file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.private_file import write_private
from bridge.cli.rules_samples import ARCHIVE, Against, Days, samples
from bridge.cli.rules_shared import AsJson, Config, RulesFile, load_or_exit, rules_path

if TYPE_CHECKING:
    from bridge.rules.backtest import Sample
    from bridge.rules.suggest import Lessons

DAYS = 365
SHOWN = 20


def suggest(
    against: Against = ARCHIVE,
    days: Days = DAYS,
    examples: Annotated[
        Path | None, typer.Option("--examples", help="另把人工判定过的工单写成标注例子（含原文，权限 0600）。")
    ] = None,
    rules: RulesFile = None,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
) -> None:
    """从人工改判、改派、退单看哪些规则误判，并给出可粘贴的规则和实测效果；不改规则文件。"""
    from bridge.rules.suggest import Lessons

    compiled = load_or_exit(rules_path(rules, config))
    lessons = Lessons(compiled, samples(against, config, days))
    if examples is not None:
        _write_examples(examples, lessons.samples)
    typer.echo(json.dumps(_data(lessons), ensure_ascii=False, indent=1) if as_json else _page(lessons))


def _data(lessons: Lessons) -> dict[str, object]:
    return {
        "judged": len(lessons.judged),
        "corrected": sum(bool(one.verdict.acts) for one, _ in lessons.judged),
        "misfires": [
            {"rule": one.rule, "wrong": one.wrong, "right": one.right, "tickets": one.tickets}
            for one in lessons.misfires()
        ],
        "routes": [
            {"route": one.route, "lead": one.lead, "wanted": one.wanted, "count": one.count, "tickets": one.tickets}
            for one in lessons.routes()
        ],
        "proposals": [
            {
                "category": one.category,
                "mistaken": one.mistaken,
                "words": one.words,
                "before": one.before,
                "after": one.after,
                "total": one.total,
                "yaml": one.yaml(),
            }
            for one in lessons.proposals()
        ],
    }


def _page(lessons: Lessons) -> str:
    lines = [f"{len(lessons.judged)} 件有人工判定的工单"]
    lines += [
        f"规则 {one.rule}：误判 {one.wrong} 次、判对 {one.right} 次（{'、'.join(one.tickets)}）"
        for one in lessons.misfires()[:SHOWN]
    ]
    lines += [
        f"路由 {one.route}：派 {one.lead}，被改派 {one.wanted} {one.count} 次（{'、'.join(one.tickets)}）"
        for one in lessons.routes()[:SHOWN]
    ]
    proposals = lessons.proposals()
    lines.append(
        "建议（请人工斟酌，把“- {…}”那几行粘贴到规则文件 rules: 下已有的同名一节里，再 rules check、test、diff）："
        if proposals
        else "没有可建议的规则"
    )
    return "\n".join([*lines, *(one.yaml() for one in proposals)])


def _write_examples(path: Path, found: Sequence[Sample]) -> None:
    """Write what people judged in the form ``rules learn`` reads; citizens' words, so for the owner's eyes only."""
    from bridge.core.verdict import OUT

    rows = [
        {
            "id": str(one.id),
            "title": one.facts.body.title,
            "text": one.facts.body.content,
            "in_scope": one.verdict.category != OUT,
            "category": None if one.verdict.category == OUT else one.verdict.category,
            "lead": None if one.verdict.category == OUT else one.verdict.lead,
        }
        for one in found
        if one.verdict.category is not None
    ]
    write_private(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
    typer.echo(f"{len(rows)} 件写入 {path}", err=True)


def learn(
    examples: Annotated[Path, typer.Argument(help="标注例子，每行一个 JSON（text、in_scope、category）。")],
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件。")],
    rules: RulesFile = None,
    config: Config = Path("bridge.toml"),
) -> None:
    """从标注例子重新学习第二意见（约半分钟）。"""
    from bridge.rules.learn import learn as learn_model
    from bridge.rules.learn import read_examples
    from bridge.rules.second_opinion import render

    compiled = load_or_exit(rules_path(rules, config))
    found = read_examples(examples, compiled)
    model = learn_model(found)
    output.write_text(render(model), encoding="utf-8")
    typer.echo(f"从 {len(found)} 个例子学到 {len(model.weights)} 个字词，写入 {output}")
