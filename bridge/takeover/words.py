"""The words offices write into a 台账 for kinds, states and procedures, and dates as spreadsheets hold them.

Owns: the tables of accepted words. Must not: know a column or a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches

from bridge.core.civil import SHANGHAI
from bridge.core.vocabulary import ProcedureId, TicketKind, Urgency
from bridge.local_time import local_instant
from bridge.takeover.reading import Cell

KINDS = {
    "咨询": TicketKind.CONSULT, "求助": TicketKind.HELP, "投诉": TicketKind.COMPLAINT, "举报": TicketKind.REPORT,
    "投诉举报": TicketKind.COMPLAINT, "建议": TicketKind.SUGGESTION, "意见建议": TicketKind.SUGGESTION,
}  # fmt: skip
URGENCIES = {
    "一般": Urgency.NORMAL, "普通": Urgency.NORMAL, "紧急": Urgency.URGENT, "次紧急": Urgency.URGENT,
    "特急": Urgency.CRITICAL, "重大紧急": Urgency.CRITICAL,
}  # fmt: skip
PROCEDURES = {
    "自办": ProcedureId.DIRECT, "移送": ProcedureId.TRANSFER, "一般联办": ProcedureId.JOINT_GENERAL,
    "复杂专案": ProcedureId.JOINT_COMPLEX, "直接办理": ProcedureId.DIRECT, "转办": ProcedureId.TRANSFER,
    "单独办理": ProcedureId.TRANSFER, "联办": ProcedureId.JOINT_GENERAL, "专案": ProcedureId.JOINT_COMPLEX,
    "复杂联办": ProcedureId.JOINT_COMPLEX,
}  # fmt: skip
REGISTERED, DISPATCHED, SIGNED, REPLIED, ENDED = "registered", "dispatched", "signed", "replied", "ended"
STATES = {
    "已登记": REGISTERED, "已交办": DISPATCHED, "办理中": SIGNED, "已答复": REPLIED, "已办结": ENDED,
    "待分派": REGISTERED, "待交办": REGISTERED, "未交办": REGISTERED, "待派单": REGISTERED,
    "已派单": DISPATCHED, "已转办": DISPATCHED, "待签收": DISPATCHED,
    "在办": SIGNED, "已签收": SIGNED, "正在办理": SIGNED, "处理中": SIGNED, "未办结": SIGNED,
    "已回复": REPLIED, "待回访": REPLIED, "办结": ENDED, "已归档": ENDED, "已销号": ENDED, "已退回": ENDED, "已撤单": ENDED,
}  # fmt: skip
YES = {
    "是": True, "否": False, "有": True, "无": False, "1": True, "0": False, "√": True, "×": False,
    "已解决": True, "未解决": False, "保密": True, "不保密": False,
}  # fmt: skip

_END_OF_DAY = time(23, 59, 59)
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=SHANGHAI)
_SERIAL_DIGITS = 5
"""A date of Excel that lost its format: 46083 is 2026-03-02."""


def text_of(cell: Cell) -> str:
    """Return a cell as text."""
    return cell.isoformat() if isinstance(cell, date) else cell.strip()


def instant_of(cell: Cell, *, end_of_day: bool) -> datetime:
    """Read a moment; a day alone is its beginning, or its end. Raises ValueError."""
    if isinstance(cell, datetime):
        whole_day = cell.time() == time()
        return (datetime.combine(cell, _END_OF_DAY) if whole_day and end_of_day else cell).replace(tzinfo=SHANGHAI)
    if isinstance(cell, date):
        return datetime.combine(cell, _END_OF_DAY if end_of_day else time(), SHANGHAI)
    if cell.isdecimal() and len(cell) == _SERIAL_DIGITS:
        day = (_EXCEL_EPOCH + timedelta(days=int(cell))).date()
        return datetime.combine(day, _END_OF_DAY if end_of_day else time(), SHANGHAI)
    return local_instant(cell, end_of_day=end_of_day)


def near(text: str, known: Mapping[str, object]) -> str:
    """Return did-you-mean, or nothing."""
    close: list[str] = get_close_matches(text, list(known), n=1, cutoff=0.5)
    return f"，是否为“{close[0]}”？" if close else ""
