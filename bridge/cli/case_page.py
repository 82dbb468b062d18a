"""A case as a page of text: for ``bridge cases show`` and ``explain``.

Owns: the layout. Must not: read a ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def page(case: Json) -> str:
    """Render who owes what by when."""
    parts = [_head, _tickets, _matters, _assignments, _answer, _deadlines, _similar, _next]
    return "\n".join(line for part in parts for line in part(case))


def explanation(case: Json, history: Json) -> str:
    """Render how a case came to where it is, each date with the clause that made it."""
    return "\n".join(
        [*_head(case), *_why(case), *_assignments(case), *_deadlines(case, basis=True), *_events(history), *_next(case)]
    )


def _head(case: Json) -> Iterator[str]:
    shown = f"{case.get('category_number')} {case.get('category_name')}" if case.get("category") else "未定类"
    flags = "".join(text for key, text in (("suspended", "［中止］"), ("confidential", "［保密］")) if case.get(key))
    yield f"案件 {case['id']}  {case['state']}{flags}  第 {case['round']} 轮"
    yield f"  类别 {shown}  程序 {case.get('procedure') or '未定'}  规则 {case.get('rules_hash', '')}"
    co_units = "、".join(case.get("co_units", [])) or "无"
    yield f"  主办 {case.get('lead') or '未定'}  协办 {co_units}  受理 {case.get('accepting_unit') or '未受理'}"


def _why(case: Json) -> Iterator[str]:
    yield "为何如此分派"
    for hit in case.get("evidence", []):
        yield f"  命中 {hit['rule']}：{hit['matched']}"
    for candidate in case.get("candidates", []):
        yield f"  候选 {candidate['category']}  {candidate['score']:.2f}"
    for name, label in (("review_reason", "须人工审核"), ("out_reason", "范围之外")):
        if case.get(name):
            yield f"  {label}：{case[name]}"
    for trigger in case.get("complex_triggers", []):
        yield f"  可考虑提请复杂专案：{trigger['text']}（{trigger['id']}）"
    for clause in case.get("clauses", []):
        yield f"  依据 {clause}"


def _tickets(case: Json) -> Iterator[str]:
    yield "工单"
    for ticket in case.get("tickets", []):
        limit = f"  限 {ticket['respond_by']}" if ticket.get("respond_by") else ""
        yield f"  {ticket['feed']} {ticket['external_id']}  {ticket.get('state', '')}  收到 {ticket['received_at']}{limit}"


def _matters(case: Json) -> Iterator[str]:
    if case.get("merged_into"):
        yield f"已并入 {case['merged_into']}"
    if case.get("merged_from"):
        yield "并入本案的：" + "、".join(case["merged_from"])
    if case.get("part_of"):
        yield f"由 {case['part_of']} 拆分而来"
    if case.get("parts"):
        yield "事项"
        yield from (f"  {part['matter']}  {_place(part)}" for part in case["parts"])
    if case.get("links"):
        yield "已在其他程序中"
        yield from (f"  {link['kind']}  {link['reference']}" for link in case["links"])


def _place(part: Json) -> str:
    if part["disposal"] == "outside":
        return f"不属本机制，去{part['suggested']}"
    return "本案办理" if part["disposal"] == "here" else f"另案 {part['case_id']}"


def _similar(case: Json) -> Iterator[str]:
    if case.get("similar"):
        yield "可能是同一事项（由人判断，用 merge 并案）"
        yield from similar_lines(case["similar"])


def similar_lines(found: Sequence[Json]) -> Iterator[str]:
    """Render suggestions, likeliest first, each with its reasons."""
    for each in found:
        yield f"  {each['case_id']}  {each['state']}  {each['score']:.2f}  {'；'.join(each['reasons'])}"


def _assignments(case: Json) -> Iterator[str]:
    yield "交办"
    for each in case.get("assignments", []):
        owed = "、".join(each["owed"]) or "无"
        dates = "  ".join(f"{name} {at}" for name, at in each["due"].items() if at)
        yield f"  {each['id']}  {each['unit']}（{each['role']}）  {each['state']}  应办：{owed}  {dates}"


def _answer(case: Json) -> Iterator[str]:
    if case.get("contradictions"):
        yield "各单位意见不一致"
    for each in case.get("contradictions", []):
        yield f"  {each['text']}{'（须更正，或由主办单位说明）' if each['must_explain'] else '（仅提示）'}"
    if case.get("to_tell"):
        yield "尚未告知缴费人"
    yield from (f"  {each['unit']}  {each['text']}" for each in case.get("to_tell", []))
    if case.get("missing"):
        yield "答复还缺"
    yield from (f"  {each['unit']}  {each['text']}" for each in case.get("missing", []))


def _deadlines(case: Json, *, basis: bool = False) -> Iterator[str]:
    yield "时限"
    for each in case.get("deadlines", []):
        provisional = "（暂定）" if each.get("provisional") else ""
        yield f"  {each['kind']}  {each['unit']}  {each['status']}  {each['due_at']}{provisional}"
        for ground in each.get("basis", []) if basis else []:
            amount = f"{ground['amount']} {ground['unit']}" if ground.get("amount") else ""
            yield f"    {ground['source']}  {ground['due_at']}  {amount}  {ground['clause']}"


def _events(history: Json) -> Iterator[str]:
    yield "经过" + ("" if history.get("chain_intact", True) else f"（第 {history.get('broken_at')} 条起校验不符！）")
    for event in history.get("events", []):
        yield f"  {event['seq']:>3}  {event['occurred_at']}  {event['type']}  {event['actor']}"


def _next(case: Json) -> Iterator[str]:
    yield "可执行：" + ("、".join(case.get("allowed_actions", [])) or "无")
