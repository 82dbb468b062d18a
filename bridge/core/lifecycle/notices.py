"""Notices inside the mechanism: to the coordinators of a unit, and the draft of a 通报 for the leading group.

Owns: who is named when, and the words. Must not: send (``views`` does; a notice travels on the unit's own message).
Source: policy 五 (专兼职协调人员; 监督考核), requirement R33; domain 3.1 (催办 → 督办 → 通报).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.core.civil import civil_date, iso
from bridge.core.lifecycle import clocks, limits
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.deadline import Deadline
from bridge.core.policy import Unit
from bridge.core.vocabulary import LEADING_OFFICE, DeadlineKind, MessageType, NoticeReason, Role, UrgeLevel

TO_OFFICE = "escalate"
"""The rung that reaches 领导小组办公室; the one before it is the coordinator's."""

_WHY = {
    NoticeReason.ASSIGNED: "本单位主办的新交办件",
    NoticeReason.CO_HANDLED: "本单位协办的新交办件",
    NoticeReason.OVERDUE: "本单位的交办件已经逾期",
    NoticeReason.URGED: "上游催办",
    NoticeReason.SUPERVISED: "上游督办",
    NoticeReason.CRITICISED: "上游通报",
}
_URGED = {
    UrgeLevel.URGE.value: NoticeReason.URGED,
    UrgeLevel.SUPERVISE.value: NoticeReason.SUPERVISED,
    UrgeLevel.CRITICISE.value: NoticeReason.CRITICISED,
}
_OWED = {
    DeadlineKind.SIGN: "签收",
    DeadlineKind.ACCEPT_NOTICE: "告知受理",
    DeadlineKind.INVITE: "发出联办邀请",
    DeadlineKind.OPINION: "出具书面意见",
    DeadlineKind.CONSOLIDATE: "综合各单位意见",
    DeadlineKind.REPLY: "答复",
}


def to_coordinators(
    work: Work, assignment: Assignment, type_: MessageType, said: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the notice that a message to a unit carries for its coordinators; None where they need not know."""
    unit = work.policy.units[assignment.unit]
    reason = _reason(assignment, type_, said)
    if reason is None or not unit.coordinators:
        return None
    names = "、".join(unit.coordinators)
    text = f"请{names}知悉：{_WHY[reason]}，案件 {work.case.id}"
    return {"reason": reason.value, "coordinators": list(unit.coordinators), "text": text}


def _reason(assignment: Assignment, type_: MessageType, said: Mapping[str, Any]) -> NoticeReason | None:
    if type_ is MessageType.ASSIGNMENT_DISPATCHED:
        return NoticeReason.ASSIGNED if assignment.role is Role.LEAD else NoticeReason.CO_HANDLED
    if type_ is not MessageType.ASSIGNMENT_REMINDER:
        return None
    if "urge" in said:
        return _URGED[said["urge"]["level"]]
    return NoticeReason.OVERDUE if said.get("step") == "after_one" else None


def criticism_of_delay(work: Work, deadline: Deadline) -> dict[str, str] | None:
    """Return the draft of a 通报 on a limit that a unit let pass; None where the limit is the leading group's own."""
    unit = work.policy.units.get(clocks.notify_unit(work, deadline))
    if unit is None or unit.id == LEADING_OFFICE or deadline.kind not in _OWED:
        return None
    late = work.policy.calendar.working_days_between(civil_date(deadline.due_at), civil_date(work.now))
    clause = limits.binding_clause(deadline) or ""
    reminded = "、".join(f"{civil_date(at):%m月%d日}" for at in _reminded(work, deadline))
    told = f"系统已于{reminded}提醒，" if reminded else ""
    facts = (
        f"{unit.name}办理的征缴争议案件 {work.case.id}（{_category(work)}），应于 {iso(deadline.due_at)} 前"
        f"{_OWED[deadline.kind]}（{clause}），至今逾期 {late} 个工作日。{told}仍未办结。"
    )
    return _draft(work, unit, facts)


def criticism_by_upstream(work: Work, note: str | None) -> dict[str, str] | None:
    """Return the draft that passes an upstream's 通报 on to the leading group."""
    unit = work.policy.units.get(work.case.lead or "")
    if unit is None:
        return None
    due = clocks.reply_due(work)
    by = f"，答复时限 {iso(due)}" if due else ""
    words = f"上游说明：{note}。" if note else ""
    return _draft(
        work, unit, f"{unit.name}办理的征缴争议案件 {work.case.id}（{_category(work)}）被上游通报{by}。{words}"
    )


def _reminded(work: Work, deadline: Deadline) -> list[Any]:
    return [step.at for step in deadline.steps if step.name not in ("overdue", TO_OFFICE) and step.at <= work.now]


def _category(work: Work) -> str:
    known = work.policy.categories.get(work.case.category or "")
    return known.name if known else "未定类"


def _draft(work: Work, unit: Unit, facts: str) -> dict[str, str]:
    day = civil_date(work.now)
    return {
        "to": "领导小组",
        "copy_to": unit.name,
        "title": f"关于{unit.name}办理征缴争议事项情况的通报（拟稿）",
        "text": f"{facts}请{unit.name}立即办理，并于二个工作日内向领导小组办公室书面说明原因。",
        "signed": "领导小组办公室",
        "date": f"{day.year}年{day.month}月{day.day}日",
    }
