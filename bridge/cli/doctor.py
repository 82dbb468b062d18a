"""``bridge doctor``: a report for the person in the machine room.

Owns: how findings are printed, the exit status. Must not: judge.
"""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, RulesFile, aligned, print_json


def doctor(
    config: Config = DEFAULT_CONFIG,
    rules: RulesFile = None,
    offline: Annotated[bool, typer.Option("--offline", help="不连接任何上游和单位。")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="有“注意”也以 1 退出。")] = False,
    as_json: AsJson = False,
) -> None:
    """逐项体检：配置、规则、日历、密钥、数据库、磁盘、端口、卡住的件、备份、各渠道与证书，每项附处理办法。

    只看不改，可在服务运行时执行。没有“故障”以 0 退出，有“故障”以 1 退出，用法不对以 2 退出。
    """
    from bridge.doctor.examine import examine
    from bridge.doctor.finding import WORDS, Verdict
    from bridge.opening import system_ports

    found = asyncio.run(examine(config, os.environ, rules, system_ports().clock, online=not offline))
    bad = {Verdict.FAULT, Verdict.NOTE} if strict else {Verdict.FAULT}
    holds = not any(each.verdict in bad for each in found)
    if as_json:
        rows = [
            {"check": each.check, "verdict": each.verdict.value, "text": each.text, "remedy": each.remedy}
            for each in found
        ]
        print_json({"holds": holds, "findings": rows})
    else:
        lines = aligned([[WORDS[each.verdict], each.check, each.text] for each in found])
        for each, line in zip(found, lines, strict=True):
            typer.echo(line)
            if each.remedy:
                typer.echo(f"      → {each.remedy}")
    if not holds:
        raise typer.Exit(DOES_NOT_HOLD)
