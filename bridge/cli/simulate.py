"""``bridge simulate``: which reminders, escalations and breaches lie ahead on the real data if nobody acts.

Owns: the wording and the order of time. Must not: write to the ledger or send anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, AsJson, Config, print_json, print_rows, refuse

if TYPE_CHECKING:
    from bridge.pipeline.forecast import Foreseen
    from bridge.pipeline.service import Service

STEPS = {
    "half": "提醒（过半）",
    "eighty": "提醒（八成）",
    "due_day": "提醒（到期日）",
    "overdue": "期限届满",
    "after_one": "提醒（超期一个工作日）",
    "escalate": "升级到领导小组办公室",
}
KINDS = {
    "sign": "签收", "return": "退单", "accept_notice": "受理告知", "invite": "联办邀请", "opinion": "书面意见",
    "consolidate": "综合意见", "approval": "组长审批", "meeting": "会商", "reply": "答复", "objection": "异议期",
}  # fmt: skip
WINDOWS = ("return", "objection")
"""Limits whose end is nobody's breach."""
_TITLES = {"at": "时间", "case_id": "案件", "kind": "时限", "unit": "单位", "step": "会发生什么", "due_at": "到期"}


def simulate(
    until: Annotated[str, typer.Option("--until", help="推演到哪一天（含当日），如 2026-12-31；也可写到时刻。")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """推演：到某日为止若无人办理，真实案件上会发出哪些提醒、升级和超期；只读，不写库、不外发。"""
    from bridge.cli.ledger import with_service
    from bridge.local_time import local_instant

    try:
        end = local_instant(until, end_of_day=True)
    except ValueError as error:
        raise refuse(f"--until：{error}") from None

    async def work(service: Service) -> list[Foreseen]:
        found: list[Foreseen] = []
        after: str | None = ""
        while after is not None:
            page, after = await service.foresee(end, after)
            found += page
            typer.echo(f"已推演 {len(found)} 项…", err=True)
        return sorted(found, key=lambda each: (each.at, each.case_id))

    found = with_service(config, work)
    if as_json:
        print_json({"until": end.isoformat(), "steps": [_data(each) for each in found]})
        return
    if found:
        print_rows(_TITLES, [_line(each) for each in found], as_json=False)
    typer.echo(_summary(found, until))


def _data(each: Foreseen) -> dict[str, object]:
    from bridge.core.civil import SHANGHAI

    return {
        "at": each.at.astimezone(SHANGHAI).isoformat(),
        "case_id": each.case_id,
        "kind": each.kind,
        "unit": each.unit,
        "step": each.step,
        "due_at": each.due_at.astimezone(SHANGHAI).isoformat(),
        "provisional": each.provisional,
    }


def _line(each: Foreseen) -> dict[str, object]:
    from bridge.core.civil import SHANGHAI

    return {
        "at": f"{each.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "case_id": each.case_id,
        "kind": KINDS.get(each.kind, each.kind),
        "unit": each.unit,
        "step": STEPS.get(each.step, each.step),
        "due_at": f"{each.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" + ("（暂定）" if each.provisional else ""),
    }


def _summary(found: list[Foreseen], until: str) -> str:
    missed = sum(each.step == "overdue" and each.kind not in WINDOWS for each in found)
    raised = sum(each.step == "escalate" for each in found)
    reminded = sum(each.step not in ("overdue", "escalate") for each in found)
    return f"到 {until} 若无人办理：提醒 {reminded} 次，超期 {missed} 项，升级 {raised} 次"
