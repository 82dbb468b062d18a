"""``bridge cases``: the operator's hand tools on cases, straight on the ledger.

Owns: the five commands and their print-outs. Must not: decide; every change is a use case of the pipeline.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DEFAULT_CONFIG, AsJson, Config, print_json, print_rows, read_input
from bridge.core.vocabulary import CaseState

if TYPE_CHECKING:
    from bridge.pipeline.inbound import Answer
    from bridge.pipeline.service import Service

app = typer.Typer(help="案件：列出、查看、解释、代单位登记回执。", no_args_is_help=True)

GROUP = 5
"""From so many similar cases about one firm on, the listing speaks of a group (domain A7 counts ten people)."""
CaseId = Annotated[str, typer.Argument(help="案件编号。")]
_TITLES = {
    "id": "编号",
    "state": "状态",
    "category": "类别",
    "procedure": "程序",
    "lead": "主办",
    "tickets": "工单",
    "updated_at": "更新",
}


@app.command(name="list")
def list_cases(
    state: Annotated[CaseState | None, typer.Option(help="状态。")] = None,
    unit: Annotated[str | None, typer.Option(help="参与单位。")] = None,
    category: Annotated[str | None, typer.Option(help="类别。")] = None,
    feed: Annotated[str | None, typer.Option(help="来源。")] = None,
    external_id: Annotated[str | None, typer.Option(help="来源工单号。")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="只看逾期。")] = False,
    after: Annotated[str | None, typer.Option(help="从这个编号之后。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="最多几件。")] = 50,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """列出案件。"""
    from bridge.cli.ledger import with_service
    from bridge.pipeline.queries import CaseQuery

    query = CaseQuery(state, unit, category, feed, external_id, overdue, after, limit)
    page = with_service(config, lambda service: service.cases(query))
    if as_json:
        print_json(page)
        return
    print_rows(_TITLES, [_row(case) for case in page["cases"]], as_json=False)
    if page["next"]:
        typer.echo(f"还有更多：--after {page['next']}", err=True)


@app.command()
def show(case_id: CaseId, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """查看一个案件：各单位应做什么、何时到期。"""
    case = _case(config, case_id)
    if as_json:
        print_json(case)
        return
    from bridge.cli.case_page import page

    typer.echo(page(case))


@app.command()
def similar(case_id: CaseId, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """列出可能与本案是同一事项的案件，写明理由；只是提示，并案由人决定。"""
    found = _case(config, case_id)["similar"]
    if as_json:
        print_json({"case_id": case_id, "similar": found})
        return
    from bridge.cli.case_page import similar_lines

    typer.echo("\n".join(similar_lines(found)) or "没有发现可能是同一事项的案件")
    group = sum(any(reason.startswith("被反映单位") for reason in each["reasons"]) for each in found)
    if group >= GROUP:
        typer.echo(f"同一单位另有 {group} 件，可能是群体性反映，可并案办理或提请专案")


@app.command()
def explain(case_id: CaseId, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """解释一个案件怎么走到这一步：命中的词、落选的类别、单位、每个日期及其依据。"""
    from bridge.cli.ledger import with_service

    async def work(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
        return await service.case(case_id), await service.history(case_id)

    case, history = with_service(config, work)
    if as_json:
        print_json({"case": case, "history": history})
        return
    from bridge.cli.case_page import explanation

    typer.echo(explanation(case, history))


@app.command()
def receipt(
    assignment_id: Annotated[str, typer.Argument(help="交办编号。")],
    file: Annotated[str, typer.Argument(help="回执正文（JSON）的文件；- 表示标准输入。")] = "-",
    reason: Annotated[str | None, typer.Option(help="为何代为登记，记入历史。")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """代单位登记一份回执，正文与接口相同。"""
    from bridge.cli.ledger import operator, with_service
    from bridge.core.commands import ActionName, OperatorAction
    from bridge.pipeline.receipts import case_of
    from bridge.wire.receipt import parse_receipt

    body = read_input(file)

    async def work(service: Service) -> Answer:
        given = parse_receipt(body, service.runtime.now())
        action = OperatorAction(ActionName.RECEIPT, reason=reason, assignment_id=assignment_id, receipt=given)
        return await service.act(case_of(assignment_id), action, operator(), None)

    answer = with_service(config, work)
    if as_json:
        print_json(answer.body)
    else:
        typer.echo(f"已登记；案件 {answer.body['id']} 状态 {answer.body['state']}")


def _case(config: Path, case_id: str) -> dict[str, Any]:
    from bridge.cli.ledger import with_service

    return with_service(config, lambda service: service.case(case_id))


def _row(case: dict[str, Any]) -> dict[str, Any]:
    tickets = " ".join(f"{ticket['feed']}:{ticket['external_id']}" for ticket in case["tickets"])
    return {**case, "category": case.get("category_name"), "tickets": tickets}
