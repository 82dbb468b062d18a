"""One line of the daily 台账: enough to go on by paper when nothing else works.

Owns: what a line says, and who is blanked in it. Must not: lay out a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.core.civil import SHANGHAI
from bridge.core.lifecycle import clocks, limits, secrecy
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.deadline import Deadline
from bridge.core.model.ticket import Ticket
from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineKind, DeadlineStatus, ReceiptType

DUTIES = {ReceiptType.SIGNED: "签收", ReceiptType.OPINION: "书面意见", ReceiptType.CONSOLIDATED: "总处理意见"}
STATES = {
    CaseState.TRIAGE: "待分派", CaseState.AWAITING_APPROVAL: "待组长同意", CaseState.HANDLING: "办理中",
    CaseState.CONSOLIDATING: "待综合", CaseState.REPLYING: "答复中", CaseState.REPLIED: "已答复",
}  # fmt: skip
OPEN = tuple(STATES)
"""The states of cases that are still on somebody's desk."""
HIDDEN = "（保密）"
_CLOCKS = {
    ReceiptType.SIGNED: DeadlineKind.SIGN, ReceiptType.OPINION: DeadlineKind.OPINION,
    ReceiptType.CONSOLIDATED: DeadlineKind.CONSOLIDATE,
}  # fmt: skip
_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class DayLine:
    """One open case. ``due_at`` is what ends next, whoever owes it; ``reply_at`` when the upstream must be answered."""

    case_id: str
    numbers: tuple[str, ...]
    received_at: datetime
    category: str
    matter: str
    petitioner: str
    phone: str
    counterparty: str
    lead: str
    co_units: tuple[str, ...]
    state: str
    steps: tuple[str, ...]
    due_at: datetime | None
    reply_at: datetime | None
    overdue: bool


def line_of(work: Work, reader: str | None, *, reveal: bool) -> DayLine:
    """Return a case's line as a unit (``reader``) may read it, or the office; ``reveal`` shows the office the confidential."""
    hidden = secrecy.hides_petitioner(work, reader) if reader else work.case.confidential and not reveal
    ticket = next(iter(work.tickets.values()))
    running = [d for d in work.deadlines.values() if d.status in clocks.OPEN and d.kind not in limits.LAPSES]
    category = work.policy.categories.get(work.case.category or "")
    return DayLine(
        case_id=work.case.id,
        numbers=tuple(each.external_id for each in work.tickets.values()),
        received_at=ticket.received_at,
        category=f"{category.number}.{category.name}" if category else "未分类",
        matter=_matter(work, ticket, hidden=hidden),
        petitioner=HIDDEN if hidden else ticket.body.petitioner.name or "",
        phone=HIDDEN if hidden else ticket.body.petitioner.phone or "",
        counterparty=(ticket.body.counterparty.name or "") if ticket.body.counterparty else "",
        lead=_unit(work, work.case.lead),
        co_units=tuple(_unit(work, unit) for unit in work.case.co_units),
        state=STATES.get(work.case.state, "") + ("（中止）" if work.case.suspended else ""),
        steps=tuple(_steps(work)),
        due_at=min((deadline.due_at for deadline in running), default=None),
        reply_at=clocks.reply_due(work),
        overdue=any(_is_late(work, deadline) for deadline in running),
    )


def _unit(work: Work, unit: str | None) -> str:
    known = work.policy.units.get(unit or "")
    return known.name if known else unit or ""


def _matter(work: Work, ticket: Ticket, *, hidden: bool) -> str:
    text = " ".join((ticket.body.title or ticket.body.content).split())
    text = secrecy.case_blanker(work)(text) if hidden else text
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def _steps(work: Work) -> list[str]:
    """Say who must do what next, and by when."""
    state = work.case.state
    if state is CaseState.TRIAGE:
        return ["办公室：分派"]
    if state is CaseState.AWAITING_APPROVAL:
        return [f"组长：审批{_by(work, work.case.id, DeadlineKind.APPROVAL)}"]
    if state is CaseState.REPLIED:
        return [f"异议期{_by(work, work.case.id, DeadlineKind.OBJECTION)}"]
    asked = [each for each in work.assignments.values() if each.state is not AssignmentState.QUEUED]
    return [step for assignment in asked for step in _owed(work, assignment)]


def _owed(work: Work, assignment: Assignment) -> list[str]:
    owes = [duty for duty in assignment.owes if duty in DUTIES]
    name = _unit(work, assignment.unit)
    return [f"{name}：{DUTIES[duty]}{_by(work, assignment.id, _CLOCKS[duty])}" for duty in owes]


def _by(work: Work, owner: str, kind: DeadlineKind) -> str:
    clock = work.clock_of(owner, kind)
    if clock is None or clock.status not in clocks.OPEN:
        return ""
    late = "，超期" if _is_late(work, clock) else ""
    return f"（{clock.due_at.astimezone(SHANGHAI):%m-%d}{late}）"


def _is_late(work: Work, clock: Deadline) -> bool:
    """Tell whether a limit has run out, also where no sweep has noted it: on a bad day none runs."""
    windows = limits.LAPSES
    return clock.kind not in windows and (
        clock.status is DeadlineStatus.OVERDUE or not clocks.in_time(work, clock, work.now)
    )
