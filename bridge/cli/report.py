"""``bridge report``: the assessment and the hot spots, on the screen or into a file for Excel.

Owns: the two commands and how their tables look. Must not: count anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DEFAULT_CONFIG, AsJson, Config, aligned, print_json, refuse
from bridge.os_errors import worded

if TYPE_CHECKING:
    from bridge.sheets import Sheet

app = typer.Typer(help="报表：考核、焦点堵点。", no_args_is_help=True)

First = Annotated[str | None, typer.Option("--from", help="起始日，如 2026-03-01；缺省为截止日当月 1 日。")]
Last = Annotated[str | None, typer.Option("--to", help="截止日（含）；缺省为今天。")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="写入文件：.csv 或 .xlsx。")]


@app.command()
def assessment(
    first: First = None,
    last: Last = None,
    group: Annotated[str | None, typer.Option(help="分组：category、insurance、unit、feed 或 month。")] = None,
    output: Output = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """考核：期内受理案件的各项数字，由案件历史重新算出。"""
    from bridge.cli.ledger import with_service

    report = with_service(config, lambda service: service.assessment(first, last, group))
    _give(report, [_assessment_sheet(report)], output, as_json=as_json)


@app.command()
def hotspots(
    first: First = None,
    last: Last = None,
    output: Output = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """焦点、堵点：同一单位反复、多次退单、逾期。"""
    from bridge.cli.ledger import with_service

    report = with_service(config, lambda service: service.hotspots(first, last))
    _give(report, _hotspot_sheets(report), output, as_json=as_json)


def _give(report: Mapping[str, Any], sheets: Sequence[Sheet], output: Path | None, *, as_json: bool) -> None:
    if output is not None:
        _write(output, sheets)
    if as_json:
        print_json(report)
        return
    typer.echo(f"{report['from']} 至 {report['to']}，截至 {report['as_of']}")
    if output is not None:
        typer.echo(f"已写入 {output}")
        return
    for sheet in sheets:
        typer.echo(f"\n{sheet.title}")
        typer.echo("\n".join(aligned([list(sheet.heads), *sheet.lines])))


def _write(output: Path, sheets: Sequence[Sheet]) -> None:
    from bridge import sheets as files

    try:
        files.write(output, sheets)
    except ValueError as error:
        raise refuse(f"-o：{error}") from None
    except OSError as error:
        raise refuse(f"-o：{output} 写不进去：{worded(error)}") from None


def _assessment_sheet(report: Mapping[str, Any]) -> Sheet:
    """Lay the figures out: a line a figure, a column a group, the total first."""
    from bridge.core.scorecard import NAMES, RATES
    from bridge.sheets import Sheet

    columns = [report["total"], *report["groups"]]
    heads = ["指标", "合计", *(group["name"] for group in report["groups"])]
    names = {**NAMES, **{rate: f"{words[0]}（%）" for rate, words in RATES.items()}}
    lines = [
        [name, *(_number(column[figure], figure in RATES) for column in columns)] for figure, name in names.items()
    ]
    return Sheet("考核", heads, lines)


def _number(value: float | None, rate: bool) -> float | None:
    return round(value * 100, 2) if rate and value is not None else value


def _hotspot_sheets(report: Mapping[str, Any]) -> list[Sheet]:
    from bridge.sheets import Sheet

    repeated = [[r["cases"], "、".join(r["categories"]), " ".join(r["case_ids"])] for r in report["repeated"]]
    bounced = [[b["case_id"], b["returns"], b.get("category"), b.get("lead")] for b in report["bounced"]]
    overdue = [[o["case_id"], o["kind"], o["unit"], o["due_at"]] for o in report["overdue"]]
    return [
        Sheet("同一单位反复", ["件数", "类别", "案件"], repeated),
        Sheet("多次退单", ["案件", "退单次数", "类别", "主办"], bounced),
        Sheet("逾期", ["案件", "时限", "单位", "到期"], overdue),
    ]
