"""What operators do: one function per action, found in one table.

Owns: what an action changes; approval is a person's act (R5). Must not: know HTTP or roles beyond the actor it is given.
Whether it is legal is told by ``legal_actions``. Source: contract section 3, "Operators".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.core.civil import iso
from bridge.core.commands import ActionName, OperatorAction
from bridge.core.lifecycle import (
    clocks,
    extensions,
    leads,
    legal_actions,
    opinions,
    pauses,
    receipts,
    replying,
    returning,
    rounds,
    routing_by_hand,
    secrecy,
    sides,
    sign_off,
    stages,
    telling,
)
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.model.assignment import Assignment
from bridge.core.vocabulary import (
    CaseState,
    DeadlineKind,
    Party,
    ProcedureId,
    Role,
    Side,
    TicketState,
)
from bridge.errors import IllegalTransition, InvalidPayload, NotFound, Problem


def act(work: Work, action: OperatorAction) -> None:
    """Apply an operator's action on one case. Raises IllegalTransition with what is allowed instead."""
    legal_actions.require(work, action.action)
    try:
        _HANDLERS[action.action](work, action)
    except IllegalTransition as error:
        if error.allowed_actions is not None:
            raise
        raise IllegalTransition(str(error), allowed_actions=legal_actions.allowed(work)) from error


def _assignment(work: Work, action: OperatorAction) -> Assignment:
    assignment = work.assignments.get(action.assignment_id or "")
    if assignment is None:
        raise NotFound("本案件没有这个交办件，请核对 assignment_id")
    return assignment


def _approve(work: Work, action: OperatorAction) -> None:
    clocks.close(work, work.clock_of(work.case.id, DeadlineKind.APPROVAL))
    others = tuple(stages.others(work))
    work.set_case(approved=True, procedure=ProcedureId.JOINT_COMPLEX, state=CaseState.HANDLING, co_units=others)
    work.record(
        "complex.approved",
        reason=action.reason,
        on_behalf_of=action.on_behalf_of,
        procedure=work.procedure,
    )
    leads.replan(work)


def _deny(work: Work, action: OperatorAction) -> None:
    if action.assignment_id is not None:
        extensions.decide(work, _assignment(work, action), "denied")
        work.record("extension.denied", assignment=action.assignment_id, reason=action.reason)
        return
    if work.case.sign_off_pending:
        sign_off.refuse(work, action)
        return
    if work.case.state is not CaseState.AWAITING_APPROVAL:
        raise InvalidPayload([Problem("assignment_id", "驳回延期申请须写明 assignment_id")])
    clocks.close(work, work.clock_of(work.case.id, DeadlineKind.APPROVAL))
    work.set_case(procedure=ProcedureId.JOINT_GENERAL, state=CaseState.HANDLING)
    work.record(
        "complex.denied",
        reason=action.reason,
        on_behalf_of=action.on_behalf_of,
        procedure=work.procedure,
    )
    leads.replan(work)


def _minutes(work: Work, action: OperatorAction) -> None:
    if not action.number:
        raise InvalidPayload([Problem("number", "会议纪要必须有编号")])
    clocks.close(work, work.clock_of(work.case.id, DeadlineKind.MEETING))
    work.set_case(minutes_round=work.case.round)
    work.record("minutes.recorded", number=action.number, held_at=iso(action.held_at), text=action.text)
    stages.advance(work)


def _extend(work: Work, action: OperatorAction) -> None:
    assignment = _assignment(work, action)
    if assignment.state not in ACTIVE:
        raise IllegalTransition(
            f"交办件状态为 {assignment.state.value}，没有可以延长的时限", allowed_actions=legal_actions.allowed(work)
        )
    if action.until is None or action.until <= work.now:
        raise InvalidPayload([Problem("until", "延期必须写明晚于现在的时间")])
    if extensions.is_spent(work, assignment):
        raise IllegalTransition(extensions.why_not(work, assignment), allowed_actions=legal_actions.allowed(work))
    if wrong := extensions.problems(work, assignment, action.until):
        raise InvalidPayload(wrong)
    clause, before = f"批准延期：{action.reason or ''}", extensions.limit(work, assignment)
    extensions.extend_opinion(work, assignment, action.until, clause)
    if assignment.role is Role.LEAD:
        for ticket in work.owing_tickets():
            extensions.extend_reply(work, ticket, action.until, clause)
        telling.more_time(work, assignment, before, action.until)
    extensions.decide(work, assignment, "granted")
    work.record("extension.granted", assignment=assignment.id, until=iso(action.until), reason=action.reason)


def _override(work: Work, action: OperatorAction) -> None:
    by = action.by or work.context.actor.name
    opinions.override_missing(work, by, action.reason or "", post=action.on_behalf_of)


def _told(work: Work, action: OperatorAction) -> None:
    side = Side(action.who or "payer")
    if side is Side.OTHER_SIDE:
        secrecy.refuse_naming(work, action.text, "text")
    work.record(
        "party.told", at=action.at, who=side.value, channel=action.channel, by=action.by,
        not_applicable=action.not_applicable, reason=action.reason, ticket=action.ticket_id,
    )  # fmt: skip
    replying.told(
        work, side, text=action.text, channel=action.channel, at=action.at or work.now, by=action.by,
        reason=action.not_applicable, ticket_id=action.ticket_id,
    )  # fmt: skip
    sides.satisfied(work, Party(side), action.satisfaction, ticket=action.ticket_id)


def _objection(work: Work, action: OperatorAction) -> None:
    if action.none:
        replying.no_objection(work)
    else:
        replying.object_to(work, action.routes, stages.final_opinion(work))


def _suspend(work: Work, action: OperatorAction) -> None:
    if not action.reason:
        raise InvalidPayload([Problem("reason", "中止计时必须写明理由")])
    work.set_case(suspended=True, suspended_at=work.now)
    pauses.suspend(work)
    work.record("case.suspended", reason=action.reason)


def _resume(work: Work, action: OperatorAction) -> None:
    replying.resume(work)
    work.record("case.resumed", reason=action.reason)


def _reopen(work: Work, action: OperatorAction) -> None:
    work.record("case.reopened", reason=action.reason)
    tickets = [ticket for ticket in work.tickets.values() if ticket.state is TicketState.REPLIED]
    rounds.start_round(work, tickets, action.respond_by)


def _send_reply(work: Work, action: OperatorAction) -> None:
    try:
        sign_off.give(work, action)
    except IllegalTransition as error:
        raise IllegalTransition(str(error), allowed_actions=legal_actions.allowed(work)) from error


def _close(work: Work, action: OperatorAction) -> None:
    work.record("case.closed_by_person", reason=action.reason)
    replying.end(work, CaseState.CLOSED_REMEDY_TOLD)


def _archive(work: Work, action: OperatorAction) -> None:
    work.record("case.archived", reason=action.reason, retention=replying.retention(work))
    replying.end(work, CaseState.ARCHIVED)


def _receipt(work: Work, action: OperatorAction) -> None:
    if action.receipt is None:
        raise InvalidPayload([Problem("receipt", "代录回执须写明 receipt")])
    receipts.receive(work, _assignment(work, action), action.receipt)


_HANDLERS: dict[ActionName, Callable[[Work, OperatorAction], Any]] = {
    ActionName.CLASSIFY: routing_by_hand.classify,
    ActionName.REROUTE: routing_by_hand.reroute,
    ActionName.DESIGNATE: routing_by_hand.designate,
    ActionName.ADD_UNIT: routing_by_hand.add_unit,
    ActionName.APPROVE: _approve,
    ActionName.DENY: _deny,
    ActionName.MINUTES: _minutes,
    ActionName.EXTEND: _extend,
    ActionName.OVERRIDE: _override,
    ActionName.RETURN_UPSTREAM: returning.by_hand,
    ActionName.TOLD: _told,
    ActionName.OBJECTION: _objection,
    ActionName.SUSPEND: _suspend,
    ActionName.RESUME: _resume,
    ActionName.REOPEN: _reopen,
    ActionName.SEND_REPLY: _send_reply,
    ActionName.CLOSE: _close,
    ActionName.ARCHIVE: _archive,
    ActionName.RECEIPT: _receipt,
}
