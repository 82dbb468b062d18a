"""``bridge rules``: check, test, explain, classify and more with a rules file.

Owns: reading arguments, printing, exit status (0 right, 1 the thing checked does not hold, 2 wrong use).
Must not: decide anything itself, or touch the database.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bridge.cli.rules_compare import diff
from bridge.cli.rules_reload import reload
from bridge.cli.rules_shared import AsJson, Config, File, RulesFile, load_or_exit, read_or_exit, rules_path
from bridge.cli.rules_suggest import learn, suggest
from bridge.core.vocabulary import TicketKind

if TYPE_CHECKING:
    from bridge.rules.compile import CompiledRules
    from bridge.rules.testing import CaseResult

app = typer.Typer(help="分派规则:检查、自测、解释、批量分类。", no_args_is_help=True)

for command in (diff, suggest, learn, reload):
    app.command()(command)

PROGRESS_EVERY = 2000


@app.command()
def check(file: File, config: Config = Path("bridge.toml"), as_json: AsJson = False) -> None:  # noqa: ARG001 - every command takes --config
    """列出规则文件的全部问题:文件:行:列 位置: 说明。有问题时退出状态为 1。"""
    from bridge.errors import ConfigError
    from bridge.rules.load import load_rules

    try:
        rules = load_rules(file)
    except ConfigError as error:
        _print_problems(error, as_json=as_json)
        raise typer.Exit(1) from None
    counts = f"{len(rules.document.rules.evidence)} 条证据、{len(rules.document.routes)} 条路由、"
    text = f"{file}:没有问题({counts}{len(rules.document.tests)} 个用例,版本 {rules.hash})"
    typer.echo(json.dumps({"problems": [], "hash": rules.hash}) if as_json else text)


@app.command(name="test")
def run_tests(file: File, config: Config = Path("bridge.toml"), as_json: AsJson = False) -> None:  # noqa: ARG001
    """运行文件里 tests 的全部用例,不符的逐项列出,并写明在第几行。"""
    from bridge.rules.testing import failures, run_cases

    rules, data = read_or_exit(file)
    results = run_cases(rules)
    wrong = failures(results, data)
    if as_json:
        typer.echo(json.dumps([_result(one) for one in results], ensure_ascii=False, indent=1))
    else:
        for problem in wrong:
            typer.echo(problem.located(str(file)))
        typer.echo(f"{len(results)} 个用例,{len(results) - len(wrong)} 个通过,{len(wrong)} 个不符")
    if wrong:
        raise typer.Exit(1)


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="工单文字;“-”表示从标准输入读。")],
    rules: RulesFile = None,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,
    title: Annotated[str, typer.Option(help="工单标题。")] = "",
    kind: Annotated[TicketKind, typer.Option(help="咨询、求助、投诉、举报、建议、表扬。")] = TicketKind.HELP,
    received_at: Annotated[str | None, typer.Option(help="收到时刻,ISO 8601(不写时区按+08:00);缺省为现在。")] = None,
) -> None:
    """解释一段文字会怎么办:类别、命中的词、落选者、单位、日期、依据。"""
    from bridge.clock import SystemClock
    from bridge.rules.decision import facts_of_row, instant_of
    from bridge.rules.explain import explanation, page

    if received_at is not None and instant_of(received_at) is None:
        raise typer.BadParameter(f"{received_at}不是日期或ISO 8601时刻,如2026-01-05或2026-01-05T09:00:00+08:00")
    compiled = load_or_exit(rules_path(rules, config))
    content = sys.stdin.read() if text == "-" else text
    if any("\ud800" <= char <= "\udfff" for char in title + content):
        raise typer.BadParameter("文字不是UTF-8编码(多半是GBK);请在UTF-8的终端里输入,或另存为UTF-8后用“-”读入")
    if not (content.strip() or title.strip()):
        raise typer.BadParameter("没有工单文字;请写在命令后面,或用“-”从标准输入读")
    row = {"title": title, "text": content, "kind": kind.value, "received_at": received_at}
    told = explanation(compiled, facts_of_row(row, SystemClock().now()))
    typer.echo(json.dumps(told, ensure_ascii=False, indent=1) if as_json else page(compiled, told))


@app.command()
def classify(
    rules: RulesFile = None,
    config: Config = Path("bridge.toml"),
    as_json: AsJson = False,  # noqa: ARG001 - the output is JSON Lines either way
) -> None:
    """批量分类:标准输入每行一个 JSON(id、title、text……),标准输出逐行对应。"""
    compiled = load_or_exit(rules_path(rules, config))
    bad = 0
    for number, (line, failed) in enumerate(_classified(compiled, sys.stdin.buffer), 1):
        sys.stdout.buffer.write(line)
        bad += failed
        if number % PROGRESS_EVERY == 0:
            typer.echo(f"已分类 {number} 行", err=True)
    sys.stdout.buffer.flush()
    if bad:
        typer.echo(f"有 {bad} 行读不出来,输出里在原位写明了原因(error)", err=True)
        raise typer.Exit(1)


def _classified(rules: CompiledRules, lines: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """One output line per input line, with whether it was bad."""
    import orjson

    from bridge.clock import SystemClock
    from bridge.rules.decision import BadLine, decision, facts_of_line

    now = SystemClock().now()
    for raw in lines:
        if not raw.strip():
            continue
        try:
            identity, facts = facts_of_line(raw, now)
            yield orjson.dumps(decision(rules, rules.assess(facts), identity)) + b"\n", False
        except BadLine as error:
            yield orjson.dumps({"id": _identity(raw), "error": str(error)}) + b"\n", True


def _identity(raw: bytes) -> object:
    from bridge.rules.decision import BadLine, row_of_line

    try:
        return row_of_line(raw).get("id")
    except BadLine:
        return None


def _print_problems(error: object, *, as_json: bool) -> None:
    from bridge.errors import ConfigError

    if not isinstance(error, ConfigError):
        raise TypeError(type(error))
    if as_json:
        rows = [
            {"file": error.file, "line": one.line, "column": one.column, "path": one.path, "message": one.message}
            for one in error.problems
        ]
        typer.echo(json.dumps({"problems": rows}, ensure_ascii=False, indent=1))
    else:
        typer.echo(str(error), err=True)


def _result(result: CaseResult) -> dict[str, object]:
    differences = [{"what": one.what, "expected": one.expected, "found": one.found} for one in result.differences]
    return {"id": result.case.id, "right": result.right, "differences": differences}
