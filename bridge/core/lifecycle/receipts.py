"""What units send: one function per receipt type, found in one table.

Owns: whether a receipt is legal and what it changes. Must not: open stages or compose replies itself.
Source: contract section 3, "Units".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.core.civil import iso
from bridge.core.commands import UnitReceipt
from bridge.core.lifecycle import (
    acceptance,
    clocks,
    extensions,
    leads,
    legal_receipts,
    moves,
    opinions,
    recusal,
    replying,
    secrecy,
    sides,
    stages,
    views,
)
from bridge.core.lifecycle.work import BEFORE_REPLY, Work
from bridge.core.model.assignment import Assignment, ExtensionRequest
from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import Ticket
from bridge.core.policy import Unit
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    Conclusion,
    DeadlineKind,
    MessageType,
    Party,
    ReceiptType,
    Role,
    Side,
)
from bridge.errors import IllegalTransition, InvalidPayload, Problem

_NAMES = {
    ReceiptType.SIGNED: "签收",
    ReceiptType.PROGRESS: "进展",
    ReceiptType.TOLD: "告知",
    ReceiptType.RETURNED: "退单",
    ReceiptType.TRANSFERRED: "移送",
    ReceiptType.INVITED: "联办邀请",
    ReceiptType.PROPOSED_COMPLEX: "提请专案",
    ReceiptType.EXTENSION_REQUESTED: "延期申请",
    ReceiptType.OPINION: "书面意见",
    ReceiptType.CONSOLIDATED: "总处理意见",
}


def receive(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    """Apply a unit's receipt. Raises IllegalTransition with what is owed and allowed instead."""
    _refuse_illegal(work, assignment, receipt)
    try:
        _HANDLERS[receipt.type](work, assignment, receipt)
    except IllegalTransition as error:
        raise _illegal(work, assignment, str(error)) from error


def _refuse_illegal(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    if legal_receipts.is_legal(work, assignment, receipt.type):
        return
    overrides = receipt.type is ReceiptType.CONSOLIDATED and receipt.opinion is not None
    if overrides and opinions.may_consolidate_with_override(work, assignment, receipt.opinion or _NEVER):
        return
    raise _illegal(work, assignment, f"当前不能提交“{_NAMES[receipt.type]}”（{_why(work, assignment, receipt)}）")


_NEVER = OpinionBody(text="", conclusion=Conclusion.ANSWERED)


def _illegal(work: Work, assignment: Assignment, detail: str) -> IllegalTransition:
    return IllegalTransition(
        detail, owed=legal_receipts.owed(assignment), allowed=legal_receipts.allowed(work, assignment)
    )


def _why(work: Work, assignment: Assignment, receipt: UnitReceipt) -> str:
    if work.case.state is CaseState.MERGED:
        return f"本案已并入 {work.case.merged_into}，请在该案的交办件上办理"
    if assignment.state is AssignmentState.QUEUED:
        return "前一步尚未完成，本单位的环节还没有开始"
    if assignment.state in (AssignmentState.RETURNED, AssignmentState.WITHDRAWN):
        return "该交办件已退回或撤回"
    if receipt.type is ReceiptType.RETURNED and not assignment.may_return:
        return "已由领导小组办公室裁定，不得再退"
    if receipt.type is ReceiptType.RETURNED:
        return "签收后或退单期限届满后不能退单，可用移送（transferred）"
    if receipt.type is ReceiptType.EXTENSION_REQUESTED and work.case.state in BEFORE_REPLY:
        return extensions.why_not(work, assignment)
    if receipt.type is ReceiptType.CONSOLIDATED and stages.opinions_missing(work):
        missing = "、".join(work.policy.units[a.unit].name for a in stages.opinions_missing(work))
        return f"还缺{missing}的书面意见；确需先行答复的须写明 override"
    return f"案件状态为 {work.case.state.value}，应办：{'、'.join(legal_receipts.owed(assignment)) or '无'}"


def _signed(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    sign(work, assignment, receipt)


def sign(work: Work, assignment: Assignment, receipt: UnitReceipt) -> Assignment:
    """Sign an assignment; the first lead to sign becomes the accepting unit (R19, A6)."""
    at = receipt.occurred_at or work.now
    clocks.close(work, work.clock_of(assignment.id, DeadlineKind.SIGN), at=at)
    clocks.close(work, work.clock_of(assignment.id, DeadlineKind.RETURN))
    rest = tuple(type_ for type_ in assignment.owes if type_ is not ReceiptType.SIGNED)
    state = AssignmentState.ANSWERED if assignment.state is AssignmentState.ANSWERED else AssignmentState.SIGNED
    assignment = work.set_assignment(assignment, owes=rest, state=state, signed_at=at)
    work.record("assignment.signed", at=at, assignment=assignment.id, unit=assignment.unit, signed_by=receipt.signed_by)
    if assignment.role is Role.LEAD and work.case.accepting_unit is None:
        acceptance.accept(work, assignment.unit)
    return assignment


def _opinion(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    if ReceiptType.SIGNED in assignment.owes:
        assignment = sign(work, assignment, receipt)
    body = _body(receipt)
    if body.other_side is not None:
        secrecy.refuse_naming(work, body.other_side.text, "other_side.text")
    if receipt.type is ReceiptType.OPINION:
        opinions.record_opinion(work, assignment, receipt, body)
    else:
        opinions.record_consolidated(work, assignment, receipt, body)


def _body(receipt: UnitReceipt) -> OpinionBody:
    if receipt.opinion is None:
        raise InvalidPayload([Problem("text", "书面意见必须有 text 和 conclusion")])
    return receipt.opinion


def _progress(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    work.record("progress.reported", assignment=assignment.id, unit=assignment.unit, text=receipt.text)
    if work.case.urged:
        work.set_case(urged=False)
        name = work.policy.units[assignment.unit].name
        views.push_all(work, MessageType.TICKET_PROGRESS, text=f"{name}：{receipt.text or ''}")


def _told(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    at = receipt.at or receipt.occurred_at or work.now
    work.record(
        "party.told", at=at, assignment=assignment.id, unit=assignment.unit,
        who=receipt.who, channel=receipt.channel, by=receipt.by, note=receipt.note, ticket=receipt.ticket_id,
    )  # fmt: skip
    side = Side(receipt.who or "payer")
    replying.told(work, side, channel=receipt.channel, at=at, by=receipt.by, ticket_id=receipt.ticket_id)
    sides.satisfied(work, Party(side), receipt.satisfaction, ticket=receipt.ticket_id)


def _returned(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    recusal.refuse_accused(work, receipt.suggested_external, "suggested_external")
    clocks.cancel_all(work, assignment.id)
    assignment = work.set_assignment(assignment, state=AssignmentState.RETURNED, owes=())
    work.record(
        "assignment.returned", assignment=assignment.id, unit=assignment.unit,
        reason_code=receipt.reason_code.value if receipt.reason_code else None, reason=receipt.reason,
        suggested=receipt.suggested_unit or receipt.suggested_external, legal_basis=list(receipt.legal_basis),
    )  # fmt: skip
    suggested = _suggested(work, assignment, receipt.suggested_unit)
    if assignment.role is Role.LEAD:
        _lead_returned(work, assignment, suggested)
    else:
        _part_returned(work, assignment, suggested)


def _suggested(work: Work, assignment: Assignment, reference: str | None) -> Unit | None:
    unit = work.policy.unit_named(reference)
    fit = unit is not None and unit.duty and not unit.external and unit.id != assignment.unit
    return unit if fit and unit is not None and recusal.bar(work, unit.id, assignment.role) is None else None


def _lead_returned(work: Work, assignment: Assignment, suggested: Unit | None) -> None:
    work.set_case(returns=work.case.returns + 1)
    if work.case.returns >= work.policy.returns.adjudicate_after:
        to_triage(work, f"第{work.case.returns}次退单，由领导小组办公室裁定")
        views.send_office(work, assignment, "returned_again", returns=work.case.returns)
    elif suggested is not None:
        leads.set_lead(work, suggested.id)
    else:
        to_triage(work, "主办单位退单且未建议其他承办单位")


def to_triage(work: Work, why: str) -> None:
    """Put a case before a person; its clocks run on."""
    stages.stop_consolidation(work)
    clocks.cancel(work, work.clock_of(work.case.id, DeadlineKind.APPROVAL))
    work.set_case(state=CaseState.TRIAGE, lead=None, review_reason=why)
    moves.restart_reply_limits(work)
    work.record("case.triaged", reason=why)


def _part_returned(work: Work, assignment: Assignment, suggested: Unit | None) -> None:
    others = tuple(unit for unit in work.case.co_units if unit != assignment.unit)
    if suggested is not None and suggested.id != work.case.lead and not _has_returned(work, suggested.id):
        work.set_case(co_units=tuple(dict.fromkeys((*others, suggested.id))))
        stages.join(work, suggested.id, overridden=assignment.overridden)
        stages.advance(work)
    else:
        work.set_case(co_units=others)
        work.set_assignment(assignment, unfilled=True)
        views.send_office(work, assignment, "part_returned")


def _has_returned(work: Work, unit: str) -> bool:
    """Tell whether a unit returned its own part in this round: sending it there again would go in circles."""
    states = (a.state for a in work.assignments.values() if a.unit == unit and a.round == work.case.round)
    return AssignmentState.RETURNED in states


def _transferred(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    unit = work.policy.unit_named(receipt.to_unit)
    if unit is None or not unit.duty or unit.external or unit.id == assignment.unit:
        raise InvalidPayload([Problem("to_unit", "移送的单位不在规则的成员单位中，或就是本单位")])
    recusal.require(work, unit.id, Role.LEAD, "to_unit", receipt.reason)
    work.record(
        "assignment.transferred", assignment=assignment.id, unit=assignment.unit, to=unit.id, reason=receipt.reason
    )
    leads.set_lead(work, unit.id, transferred=True)


def _invited(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    work.record("units.invited", assignment=assignment.id, units=list(work.case.co_units), note=receipt.note)
    if not work.case.invited:
        stages.invite(work)


def _proposed_complex(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    work.record("complex.proposed", assignment=assignment.id, unit=assignment.unit, reason=receipt.reason)
    stages.ask_approval(work, receipt.reason)


def _extension_requested(work: Work, assignment: Assignment, receipt: UnitReceipt) -> None:
    limit, until = extensions.limit(work, assignment), receipt.until
    if until is None or (limit is not None and until <= limit):
        raise InvalidPayload([Problem("until", "申请延长到的时间必须晚于现在的时限")])
    if wrong := extensions.problems(work, assignment, until):
        raise InvalidPayload(wrong)
    reason = receipt.reason or ""
    work.set_assignment(assignment, extension=ExtensionRequest(until, reason))
    work.record("extension.requested", assignment=assignment.id, unit=assignment.unit, until=iso(until), reason=reason)
    if assignment.role is Role.LEAD:
        asked = [ticket for ticket in work.owing_tickets() if _ends_before(work, ticket, until)]
        for ticket in asked:
            grounds = extensions.grounds(work, assignment, ticket, until)
            views.push(work, ticket, MessageType.TICKET_EXTENSION_REQUESTED, until=iso(until), reason=reason, **grounds)
    else:
        views.send_office(work, assignment, "extension_requested", until=iso(until), note=reason)


def _ends_before(work: Work, ticket: Ticket, until: datetime) -> bool:
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    return clock is None or clock.due_at < until


_HANDLERS: dict[ReceiptType, Callable[[Work, Assignment, UnitReceipt], None]] = {
    ReceiptType.SIGNED: _signed,
    ReceiptType.PROGRESS: _progress,
    ReceiptType.TOLD: _told,
    ReceiptType.RETURNED: _returned,
    ReceiptType.TRANSFERRED: _transferred,
    ReceiptType.INVITED: _invited,
    ReceiptType.PROPOSED_COMPLEX: _proposed_complex,
    ReceiptType.EXTENSION_REQUESTED: _extension_requested,
    ReceiptType.OPINION: _opinion,
    ReceiptType.CONSOLIDATED: _opinion,
}
