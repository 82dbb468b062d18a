"""Chinese words for the closed lists, as they stand on paper.

Owns: one word for each value. Must not: hold a name that the rules give (units, categories).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bridge.core.civil import SHANGHAI
from bridge.core.vocabulary import (
    Conclusion,
    DeadlineKind,
    Insurance,
    PartyRole,
    PeriodStage,
    ProcedureId,
    ReceiptType,
    Role,
    TicketKind,
)

INSURANCES = {
    Insurance.PENSION_EMPLOYEE: "企业职工基本养老保险",
    Insurance.PENSION_RESIDENT: "城乡居民基本养老保险",
    Insurance.PENSION_INSTITUTION: "机关事业单位基本养老保险",
    Insurance.MEDICAL_EMPLOYEE: "职工基本医疗保险",
    Insurance.MEDICAL_RESIDENT: "城乡居民基本医疗保险",
    Insurance.UNEMPLOYMENT: "失业保险",
    Insurance.WORK_INJURY: "工伤保险",
    Insurance.MATERNITY: "生育保险",
    Insurance.LONG_TERM_CARE: "长期护理保险",
}
PARTIES = {
    PartyRole.EMPLOYEE: "个人（职工）",
    PartyRole.EMPLOYER: "用人单位",
    PartyRole.FLEXIBLE: "灵活就业人员",
    PartyRole.RESIDENT: "城乡居民",
    PartyRole.AGENT: "代理人",
    PartyRole.GROUP: "群体",
}
TICKET_KINDS = {
    TicketKind.CONSULT: "咨询",
    TicketKind.HELP: "求助",
    TicketKind.COMPLAINT: "投诉",
    TicketKind.REPORT: "举报",
    TicketKind.SUGGESTION: "建议",
    TicketKind.PRAISE: "表扬",
}
PROCEDURES = {
    ProcedureId.DIRECT: "自办",
    ProcedureId.TRANSFER: "移送",
    ProcedureId.JOINT_GENERAL: "一般联办",
    ProcedureId.JOINT_COMPLEX: "复杂专案",
}
PERIODS = {
    PeriodStage.POST: "征收模式改革后",
    PeriodStage.PRE: "征收模式改革前",
    PeriodStage.STRADDLE: "跨改革前后",
    PeriodStage.UNKNOWN: "未写明",
}
CONCLUSIONS = {
    Conclusion.SUBSTANTIATED: "属实",
    Conclusion.PARTLY: "部分属实",
    Conclusion.UNSUBSTANTIATED: "不属实",
    Conclusion.NOT_IN_SCOPE: "不属职责范围",
    Conclusion.ANSWERED: "已解答",
    Conclusion.NO_COMMENT: "无意见",
}
ROLES = {Role.LEAD: "主办", Role.CO: "协办"}
RECEIPTS = {
    ReceiptType.SIGNED: "签收",
    ReceiptType.OPINION: "书面意见",
    ReceiptType.CONSOLIDATED: "总处理意见",
}
DEADLINES = {
    DeadlineKind.SIGN: "签收",
    DeadlineKind.RETURN: "退单",
    DeadlineKind.ACCEPT_NOTICE: "受理告知",
    DeadlineKind.INVITE: "邀请联办",
    DeadlineKind.OPINION: "书面意见",
    DeadlineKind.CONSOLIDATE: "总处理意见",
    DeadlineKind.APPROVAL: "专案审批",
    DeadlineKind.MEETING: "会商",
    DeadlineKind.REPLY: "答复",
    DeadlineKind.OBJECTION: "异议期",
}
RETENTION = {
    ProcedureId.DIRECT: "10年",
    ProcedureId.TRANSFER: "10年",
    ProcedureId.JOINT_GENERAL: "30年",
    ProcedureId.JOINT_COMPLEX: "永久",
}
"""Source: domain.md section 5.3, after 国家档案局令第8号; the county has not decided."""
SIDES = {"payer": "缴费人", "other_side": "争议对方"}
OBJECTIONS = {"none": "无异议", "lapsed": "逾期未提出"}
SATISFACTIONS = {"satisfied": "满意", "basic": "基本满意", "unsatisfied": "不满意"}
SATISFIED_PARTIES = {**SIDES, "government": "地方党委政府"}
FEEDS = {"hotline_12345": "12345热线", "xinfang": "信访", "counter": "来访、来电"}


def satisfaction(party: str, value: str) -> str:
    """Return how satisfied a party is; the payer's own is said without naming him."""
    said = SATISFACTIONS.get(value, "")
    return said if party == "payer" or not said else f"{SATISFIED_PARTIES[party]}：{said}"


def day(instant: datetime | None) -> str:
    """Return a date as papers write it: 2026年3月2日; empty without one. Source: GB/T 9704-2012, 7.3.5.4."""
    if instant is None:
        return ""
    local = instant.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def moment(instant: datetime | None) -> str:
    """Return a date with its time of day."""
    if instant is None:
        return ""
    return f"{day(instant)}{instant.astimezone(SHANGHAI):%H:%M}"


def joined(words: Iterable[str | None]) -> str:
    """Join a list as Chinese does, each word once, empty ones left out."""
    return "、".join(dict.fromkeys(word for word in words if word))
