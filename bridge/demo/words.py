"""The Chinese words the demo shows for the contract's names.

Owns: units, message types, steps and states as people say them. Must not: decide anything.
"""

from __future__ import annotations

from bridge.demo.story import Act, Event, Letters, Merge, Receipt, Step, Ticket, Visit

UNITS = {
    "tax": "税务局",
    "hrss": "人社局",
    "medical": "医保局",
    "justice": "司法局",
    "court": "法院",
    "finance": "财政局",
    "petition": "信访局",
    "office": "政府办",
    "leading_office": "领导小组办公室",
    "hotline": "12345",
    "xinfang": "信访",
}
SHORT_UNITS = {
    "tax": "税务",
    "hrss": "人社",
    "medical": "医保",
    "justice": "司法",
    "court": "法院",
    "finance": "财政",
    "petition": "信访",
    "office": "政府办",
    "leading_office": "领导小组办",
}
STATES = {
    "triage": "待研判",
    "awaiting_approval": "待审批",
    "handling": "办理中",
    "consolidating": "综合中",
    "replying": "答复回传中",
    "replied": "已答复",
    "archived": "已归档",
    "withdrawn": "已撤单",
    "returned_upstream": "已退回上游",
    "closed_consult": "咨询办结",
    "closed_remedy_told": "已告知救济",
    "merged": "已并案",
}
CATEGORIES = {
    "registration_transfer": "1 登记转移",
    "registration_information": "2 信息传递",
    "contribution_base": "3 缴费基数",
    "contribution_amount": "4 缴费金额",
    "special_assessment": "5 特殊核定",
    "late_fee": "6 滞纳金",
    "refund_offset": "7 退(抵)费",
    "benefits": "8 待遇",
    "inspection_arrears": "9 检查追缴",
    "other": "10 其他",
}
"""Short names, for a narrow column."""
MESSAGES = {
    "assignment.dispatched": "派单",
    "assignment.reminder": "催办",
    "assignment.escalated": "升级报告",
    "assignment.withdrawn": "撤回",
    "case.updated": "案情更新",
    "ticket.assigned": "已派单",
    "ticket.transferred": "已移送,告知联系人",
    "ticket.accepted": "已受理",
    "ticket.progress": "进展",
    "ticket.extension_requested": "申请延期",
    "ticket.replied": "答复",
    "ticket.returned": "退回",
    "ticket.withdrawn": "已撤单",
}
_RECEIPTS = {
    "signed": "签收",
    "opinion": "书面意见",
    "consolidated": "总处理意见",
    "returned": "退单",
    "told": "告知记录",
    "extension_requested": "申请延期",
    "proposed_complex": "提请专案",
}
_EVENTS = {
    "urge": "催办",
    "withdraw": "撤单",
    "rework": "退回重办",
    "extension_granted": "同意延期",
    "satisfaction": "满意度",
}
_ACTS = {
    "approve": "同意专案",
    "minutes": "会议纪要",
    "classify": "判定类别",
    "designate": "指定承办",
    "return_upstream": "退回上游",
    "told": "告知记录",
    "objection": "无异议",
}
_PEOPLE = {"operator": "值班员", "office": "领导小组办公室", "leader": "领导小组组长"}


def step_text(step: Step) -> str:
    """Say who does what to the bridge."""
    match step:
        case Ticket():
            return ticket_text(step.body["title"])
        case Letters():
            error = f",另有 {len(step.bad)} 行有误" if step.bad else ""
            return f"信访 → 网桥  交换目录放入表格({step.body['信访目的']} 1 件{error})"
        case Visit():
            return f"{UNITS[step.unit]}窗口 → 网桥  来访登记“{step.body['title']}”"
        case Event():
            return f"12345 → 网桥  {_EVENTS[step.body['type']]}"
        case Receipt():
            return f"{UNITS[step.unit]} → 网桥  {_RECEIPTS[step.body['type']]}"
        case Merge():
            return f"{_PEOPLE[step.who]} → 网桥  与第一件并案({step.reason})"
        case Act():
            role, _, unit = step.who.partition(":")
            return f"{_PEOPLE.get(role) or UNITS[unit] + '经办'} → 网桥  {_ACTS[step.body['action']]}"


def ticket_text(title: str) -> str:
    """Say that the hotline forwards a ticket."""
    return f"12345 → 网桥  工单“{title}”"


def message_text(to: str, kind: str) -> str:
    """Say what the bridge tells whom."""
    return f"网桥 → {UNITS.get(to, to)}  {MESSAGES.get(kind, kind)}"
