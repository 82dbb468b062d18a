"""``bridge states``: the page that draws the two small machines and every table of what is legal when.

Owns: the page's wording. Must not: say what is legal (the tables of :mod:`bridge.core.lifecycle` do).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from bridge.cli.options import DEFAULT_CONFIG, Config, RulesFile
from bridge.cli.rules_shared import load_or_exit, rules_path

if TYPE_CHECKING:
    from bridge.core.policy import Policy, Stage, TimeLimit

_HEAD = """\
# 状态、操作与时限一览

本页由 `bridge states` 从程序的表和 `routing_rules.yaml` 生成，请勿手改。状态名、回执、操作的含义见接口说明；
表里“合法”之外的一律答 409，并写明当时合法的有哪些。每一格都有测试（`tests/contract/test_every_state_and_action.py`）。
"""
_CONDITIONS = {
    "progress": "",
    "told": "",
    "opinion": "答复以后只有主办单位可以再交",
    "consolidated": "只在待签发时、由原答复单位；应办时不在此限，缺意见时须带 override",
    "returned": "未签收、未过退单时限、未经裁定",
    "transferred": "已签收",
    "invited": "一般联办",
    "proposed_complex": "还不是复杂专案",
    "extension_requested": "时限未过、没有待批的申请、规则还容许再延",
}
_KINDS = {
    "sign": ("签收", "交办件", "派单", "签收"),
    "return": ("退单", "交办件", "派单", "签收或期满（期满即视为接收）"),
    "accept_notice": ("信访受理告知", "工单", "收到工单", "告知信访人"),
    "invite": ("联办邀请", "主办交办件", "派单", "邀请；期满自动邀请"),
    "opinion": ("书面意见", "交办件", "本环节派单", "交意见"),
    "consolidate": ("综合", "应综合的交办件", "最后一份意见或会议纪要", "交总处理意见"),
    "approval": ("组长审批", "案件", "提请专案", "同意或不同意"),
    "meeting": ("会商", "案件", "意见到齐", "登记会议纪要"),
    "reply": ("答复", "工单", "收到工单（重办：该轮开始）", "答复送达"),
    "objection": ("异议窗口", "案件", "答复全部送达", "提出、表示无异议或期满"),
}
_UNITS = {"working_days": "个工作日", "days": "个自然日", "working_hours": "个工作小时"}
_GATES = {"approve": "组长同意（approve）", "minutes": "会议纪要（minutes）"}
_WHO = {"lead": "主办", "co": "协办", "others": "其余各单位"}


def states(rules: RulesFile = None, config: Config = DEFAULT_CONFIG) -> None:
    """打印状态与时限一览：两张状态图、各状态下合法的操作和回执、各程序的步骤、各种时限。"""
    typer.echo(page(load_or_exit(rules_path(rules, config)).policy), nl=False)


def page(policy: Policy) -> str:
    """Return the reference page under these rules."""
    parts = (_HEAD, _machines(), _actions(), _receipts(), _events(), _procedures(policy), _limits(policy))
    return "\n".join(parts)


def _machines() -> str:
    from bridge.core.lifecycle.machine import ASSIGNMENT_MOVES, CASE_MOVES

    case = _drawing((move.start, move.end, move.by) for move in CASE_MOVES)
    part = _drawing((move.start, move.end, move.by) for move in ASSIGNMENT_MOVES)
    said = (
        "（合并后的案件撤销并案时回到原处；中止与保密是标记，不是状态。办结前撤单、退回上游、并案的箭头从略，见下表。）"
    )
    return f"## 案件\n\n{case}\n{said}\n\n## 交办件\n\n{part}"


def _drawing(moves: Iterable[tuple[str, str, str]]) -> str:
    lines = [f"    {_node(start)} --> {_node(end)}: {by}" for start, end, by in moves]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def _node(name: str) -> str:
    return "[*]" if name == "*" else str(name)


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    columns = head.count("|") + 1
    body = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    return f"| {head} |\n|{'---|' * columns}\n{body}"


def _listed(names: Iterable[str]) -> str:
    return "、".join(f"`{name}`" for name in names) or "—"


def _actions() -> str:
    from bridge.core.lifecycle.legal_actions import LEGAL_IN
    from bridge.core.vocabulary import CaseState

    rows = [
        (f"`{state.value}`", _listed(name.value for name, states in LEGAL_IN.items() if state in states))
        for state in CaseState
    ]
    said = "部分操作还看案件的情形（例如没有待批的延期就没有可驳回的），以接口返回的 `allowed_actions` 为准。\n"
    return f"## 操作\n\n{_table('案件状态 | 可能合法的操作', rows)}\n{said}"


def _receipts() -> str:
    from bridge.core.lifecycle.legal_receipts import LEGAL_WHEN

    rows = [
        (f"`{type_.value}`", _listed(_in_order(legal.states)), "主办" if legal.lead_only else "各单位", _CONDITIONS[type_.value] or "—")
        for type_, legal in LEGAL_WHEN.items()
    ]  # fmt: skip
    head = "回执 | 案件状态 | 谁 | 还要"
    return f"## 回执（应办 `owed` 之外）\n\n`signed` 只在应办时合法；应办的随时合法。\n\n{_table(head, rows)}"


def _in_order(states: Iterable[str]) -> list[str]:
    from bridge.core.vocabulary import CaseState

    return [state.value for state in CaseState if state in set(states)]


def _events() -> str:
    from bridge.core.lifecycle.upstream import HEARD_IN
    from bridge.core.vocabulary import TicketState

    rows = [
        (f"`{type_.value}`", _listed(state.value for state in TicketState if state in states))
        for type_, states in HEARD_IN.items()
    ]
    said = "`rework`、`objection` 以答复已到为前提：上游既已来问，视同送达。`objection` 还要案件为 `replied`。\n"
    return f"## 上游事件\n\n{_table('事件 | 工单状态', rows)}\n{said}"


def _procedures(policy: Policy) -> str:
    rows = []
    for procedure in policy.procedures.values():
        last = "主办综合（consolidated）后答复" if procedure.consolidate else "主办的意见即答复"
        rows += [(procedure.name, "", *_stage(stage), last) for stage in procedure.stages]
        for category, stages in procedure.variants.items():
            name = policy.categories[category].name
            rows += [(procedure.name, name, *_stage(stage), last) for stage in stages]
    head = "程序 | 仅限类别 | 环节 | 谁应办什么 | 过关 | 之后"
    return f"## 各程序的环节\n\n{_table(head, rows)}"


def _stage(stage: Stage) -> tuple[str, str, str]:
    owes = [
        f"{'、'.join(duty.units) or _WHO[duty.who.value]}：{'、'.join(type_.value for type_ in duty.owes)}"
        for duty in stage.duties
    ]
    return stage.name, "；".join(owes), _GATES[stage.gate.value] if stage.gate else "—"


def _limits(policy: Policy) -> str:
    rows = []
    for kind, (name, of, start, end) in _KINDS.items():
        found = [limit for limit in policy.limits if limit.kind.value == kind]
        rows.append((f"`{kind}` {name}", of, start, end, "；".join(map(_limit, found)) or "—"))
    said = "自上而下先符合者先用，法定的与上游给的一起取最早；标“暂”的是建议值，县里还没有定。\n"
    return f"## 时限\n\n{_table('种类 | 属于 | 起 | 止 | 多长', rows)}\n{said}"


def _limit(limit: TimeLimit) -> str:
    of = [*limit.procedures, *limit.ticket_kinds, *limit.adapters, *limit.categories]
    only = f"（{'、'.join(of)}）" if of else ""
    return f"{limit.amount}{_UNITS[limit.unit.value]}{only}{'' if limit.decided else '暂'}"
