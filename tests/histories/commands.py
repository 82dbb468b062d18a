"""Drawing a sensible command: whatever is offered is filled in as its sender would.

Owns: the bodies of tickets, receipts, actions and events. Must not: send them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from bridge.core.commands import (
    ActionName,
    OperatorAction,
    PartDraft,
    UnitReceipt,
    UpstreamEvent,
    UpstreamEventType,
)
from bridge.core.lifecycle import extensions, legal_receipts
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.file import CaseFile
from bridge.core.model.opinion import OpinionBody, OtherSide, OverrideNote
from bridge.core.model.ticket import Counterparty, Petitioner, TicketBody, TicketDraft
from bridge.core.vocabulary import (
    Conclusion,
    CounterpartyType,
    PartDisposal,
    ProcedureId,
    ReceiptType,
    ReturnReason,
    Role,
    TicketKind,
    UrgeLevel,
)
from tests.pipeline.conftest import JOINT, REFUND, SINGLE

T = TypeVar("T")
STRANGE = "小区物业费涨价，希望有人管一管。"
"""Out of scope: goes back upstream by itself."""
UNCLEAR = "社保的事情想反映一下。"
UNITS = ("tax", "hrss", "medical", "finance", "justice", "petition")
CATEGORIES = ("late_fee", "inspection_arrears", "refund_offset", "benefits")
KINDS = (
    TicketKind.COMPLAINT,
    TicketKind.COMPLAINT,
    TicketKind.HELP,
    TicketKind.CONSULT,
    TicketKind.REPORT,
    TicketKind.PRAISE,
)
Draw = st.DataObject


def one(draw: Draw, choices: Sequence[T], label: str, name: Callable[[T], object] = str) -> T:
    """Draw one of some choices; a failing history prints it by its ``name``."""
    named = [f"{number} {name(choice)}" for number, choice in enumerate(choices)]
    return choices[named.index(draw.draw(st.sampled_from(named), label=label))]


def ticket(draw: Draw, number: int, now: datetime) -> tuple[str, TicketDraft]:
    """Return a feed and a new ticket of it."""
    content = one(draw, (SINGLE, JOINT, REFUND, JOINT, UNCLEAR, STRANGE), "content")
    body = TicketBody(
        content=content,
        petitioner=Petitioner(name="桑女士", phone="13600000303", confidential=draw.draw(st.booleans(), label="confidential")),
        counterparty=Counterparty("华庭家居卖场", type=CounterpartyType.EMPLOYER),
    )  # fmt: skip
    feed = one(draw, ("hotline", "hotline", "petition"), "feed")
    draft = TicketDraft(
        external_id=f"T{number}", received_at=now - timedelta(minutes=5), kind=one(draw, KINDS, "kind"), body=body,
        raw=content.encode(), digest=f"{number}-1",
    )  # fmt: skip
    return feed, draft


def state(file: CaseFile) -> str:
    """Return what a history is told of a case."""
    return f"{file.case.state} round {file.case.round}"


def _unit(assignment: Assignment) -> str:
    return f"{assignment.unit} {assignment.state}"


def offered(work: Work) -> list[tuple[Assignment, ReceiptType]]:
    """Return every receipt that some unit owes or may send now."""
    found = []
    for assignment in work.assignments.values():
        types = [*legal_receipts.owed(assignment), *legal_receipts.allowed(work, assignment)]
        found += [(assignment, ReceiptType(type_)) for type_ in types]
    return found


def receipt(draw: Draw, work: Work, assignment: Assignment, type_: ReceiptType, serial: int) -> UnitReceipt:
    """Return a receipt that its unit could send."""
    written = type_ in (ReceiptType.OPINION, ReceiptType.CONSOLIDATED)
    others = [unit for unit in UNITS if unit != assignment.unit]
    return UnitReceipt(
        type_,
        text="正在核查",
        who=one(draw, ("payer", "other_side"), "who") if type_ is ReceiptType.TOLD else None,
        channel="电话",
        to_unit=one(draw, others, "to") if type_ is ReceiptType.TRANSFERRED else None,
        until=_more_time(work, assignment, timedelta(days=3)),
        reason_code=ReturnReason.NOT_OUR_DUTY,
        reason="不属本单位职责",
        suggested_unit=one(draw, [None, *others], "suggested") if type_ is ReceiptType.RETURNED else None,
        opinion=opinion(draw, assignment, type_, serial) if written else None,
    )


def opinion(draw: Draw, assignment: Assignment, type_: ReceiptType, serial: int) -> OpinionBody:
    """Return written words, new each time; whoever consolidates may answer for what is missing."""
    final = type_ is ReceiptType.CONSOLIDATED
    silent = assignment.role is Role.CO and not final and draw.draw(st.booleans(), label="no comment")
    return OpinionBody(
        f"{assignment.unit}第{serial}号意见",
        Conclusion.NO_COMMENT if silent else Conclusion.SUBSTANTIATED,
        note="以本意见为准",
        other_side=OtherSide(not_applicable="依法不告知") if draw.draw(st.booleans(), label="side b") else None,
        override=OverrideNote("某局长", "局长", "上游到期") if final else None,
    )


def event(draw: Draw, external_id: str, now: datetime, serial: int) -> UpstreamEvent:
    """Return something an upstream could say of a ticket."""
    type_ = one(draw, tuple(UpstreamEventType), "event")
    return UpstreamEvent(
        external_id, type_, content=f"补充{serial}", level=one(draw, tuple(UrgeLevel), "level"),
        respond_by=now + timedelta(days=5), until=now + timedelta(days=9), value="satisfied", routes=("行政复议",),
    )  # fmt: skip


Fill = Callable[[Draw, Work], OperatorAction | None]


def action(draw: Draw, work: Work, name: ActionName) -> OperatorAction | None:
    """Return an action as an operator would fill it in; None if nothing fits."""
    if name in _FILLED:
        return _FILLED[name](draw, work)
    return OperatorAction(name, reason="经研究", number="1号", on_behalf_of="组长", by="办公室")


def _classify(draw: Draw, _work: Work) -> OperatorAction:
    return OperatorAction(
        ActionName.CLASSIFY, reason="核对", category=one(draw, CATEGORIES, "category"),
        lead=one(draw, UNITS[:3], "lead"), procedure=one(draw, (None, None, ProcedureId.JOINT_COMPLEX), "procedure"),
    )  # fmt: skip


def _reroute(draw: Draw, work: Work) -> OperatorAction:
    free = [unit for unit in UNITS if unit != work.case.lead]
    return OperatorAction(ActionName.REROUTE, reason="交办", unit=one(draw, free, "unit"))


def _designate(draw: Draw, _work: Work) -> OperatorAction:
    return OperatorAction(ActionName.DESIGNATE, reason="裁定", unit=one(draw, UNITS, "unit"))


def _add_unit(draw: Draw, work: Work) -> OperatorAction | None:
    free = [unit for unit in UNITS if unit not in {work.case.lead, *work.case.co_units}]
    return OperatorAction(ActionName.ADD_UNIT, reason="加派", unit=one(draw, free, "unit")) if free else None


def _extend(draw: Draw, work: Work) -> OperatorAction | None:
    movable = [a for a in work.active() if not extensions.is_spent(work, a) and _end(work, a) > work.now]
    if not movable:
        return None
    chosen = one(draw, movable, "extended", _unit)
    until = _more_time(work, chosen, timedelta(days=one(draw, (1, 20, 60), "days")))
    return OperatorAction(ActionName.EXTEND, reason="取证", assignment_id=chosen.id, until=until)


def _end(work: Work, assignment: Assignment) -> datetime:
    return extensions.latest(work, assignment) or work.now + timedelta(days=999)


def _more_time(work: Work, assignment: Assignment, more: timedelta) -> datetime:
    """Return a later limit, as far as the rules go."""
    wanted = max(extensions.limit(work, assignment) or work.now, work.now) + more
    return min(wanted, extensions.latest(work, assignment) or wanted)


def _deny(draw: Draw, work: Work) -> OperatorAction:
    pending = [a.id for a in work.active() if a.extension and a.extension.decision is None]
    denied = one(draw, pending, "denied") if pending else None
    return OperatorAction(ActionName.DENY, reason="不同意", assignment_id=denied, on_behalf_of="组长")


def _told(draw: Draw, _work: Work) -> OperatorAction:
    return OperatorAction(ActionName.TOLD, who=one(draw, ("payer", "other_side"), "who"), channel="电话")


def _objection(draw: Draw, _work: Work) -> OperatorAction:
    none = draw.draw(st.booleans(), label="none")
    return OperatorAction(ActionName.OBJECTION, none=none, routes=() if none else ("行政复议",))


def _split(draw: Draw, _work: Work) -> OperatorAction:
    apart = PartDraft("欠费", PartDisposal.APART, category="inspection_arrears", text="另查欠费")
    outside = PartDraft("欠薪", PartDisposal.OUTSIDE, suggested="劳动监察大队")
    second = one(draw, (apart, outside), "part", lambda part: part.disposal)
    return OperatorAction(ActionName.SPLIT, reason="多诉求", parts=(PartDraft("滞纳金", PartDisposal.HERE), second))


def _link(_draw: Draw, work: Work) -> OperatorAction:
    return OperatorAction(ActionName.LINK, kind="arbitration", reference=f"仲案{work.case.id}-{work.case.event_seq}号")


_FILLED: dict[ActionName, Fill] = {
    ActionName.CLASSIFY: _classify,
    ActionName.REROUTE: _reroute,
    ActionName.DESIGNATE: _designate,
    ActionName.ADD_UNIT: _add_unit,
    ActionName.EXTEND: _extend,
    ActionName.DENY: _deny,
    ActionName.TOLD: _told,
    ActionName.OBJECTION: _objection,
    ActionName.SPLIT: _split,
    ActionName.LINK: _link,
    ActionName.RECEIPT: lambda _draw, _work: None,
}
