"""What operators do: one function per action, found in one table with the states it is legal in.

Owns: whether an action is legal and what it changes; approval and designation are a person's acts (R5, R27).
Must not: know HTTP or roles beyond the actor it is given. Source: contract section 3, "Operators".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bridge.core import outside
from bridge.core.civil import iso
from bridge.core.commands import ActionName, OperatorAction
from bridge.core.lifecycle import (
    clocks,
    extensions,
    leads,
    moves,
    opinions,
    pauses,
    receipts,
    recusal,
    replying,
    rounds,
    secrecy,
    sides,
    sign_off,
    stages,
    telling,
    views,
)
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.model.assignment import Assignment
from bridge.core.policy import RouteFacts, Unit
from bridge.core.vocabulary import (
    CaseState,
    CounterpartyType,
    DeadlineKind,
    MessageType,
    Party,
    ProcedureId,
    Role,
    Side,
    TicketState,
)
from bridge.errors import IllegalTransition, InvalidPayload, NotFound, Problem

_TRIAGE = frozenset({CaseState.TRIAGE})
_WORKING = frozenset({CaseState.HANDLING, CaseState.CONSOLIDATING})
BEFORE_REPLY = _TRIAGE | _WORKING | {CaseState.AWAITING_APPROVAL}
"""States in which the case is still being worked on."""
_REPLIED = frozenset({CaseState.REPLIED})
_ENDED_WELL = frozenset({CaseState.ARCHIVED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD})
_ALL = frozenset(CaseState) - {CaseState.MERGED}

LEGAL_IN: dict[ActionName, frozenset[CaseState]] = {
    ActionName.CLASSIFY: BEFORE_REPLY,
    ActionName.REROUTE: BEFORE_REPLY,
    ActionName.DESIGNATE: BEFORE_REPLY,
    ActionName.ADD_UNIT: _WORKING | {CaseState.AWAITING_APPROVAL},
    ActionName.APPROVE: frozenset({CaseState.AWAITING_APPROVAL}),
    ActionName.DENY: _WORKING | {CaseState.AWAITING_APPROVAL},
    ActionName.MINUTES: frozenset({CaseState.HANDLING}),
    ActionName.EXTEND: _WORKING | {CaseState.AWAITING_APPROVAL},
    ActionName.OVERRIDE: frozenset({CaseState.HANDLING}),
    ActionName.RETURN_UPSTREAM: BEFORE_REPLY,
    ActionName.TOLD: _WORKING
    | _REPLIED
    | _ENDED_WELL
    | {CaseState.AWAITING_APPROVAL, CaseState.REPLYING, CaseState.RETURNED_UPSTREAM},
    ActionName.OBJECTION: _REPLIED,
    ActionName.MERGE: BEFORE_REPLY,
    ActionName.UNMERGE: frozenset({CaseState.MERGED}),
    ActionName.SPLIT: BEFORE_REPLY,
    ActionName.LINK: BEFORE_REPLY | _REPLIED | _ENDED_WELL | {CaseState.REPLYING},
    ActionName.SUSPEND: BEFORE_REPLY,
    ActionName.RESUME: _ALL,
    ActionName.REOPEN: _REPLIED | _ENDED_WELL,
    ActionName.SEND_REPLY: frozenset({CaseState.CONSOLIDATING}),
    ActionName.CLOSE: _REPLIED,
    ActionName.ARCHIVE: _REPLIED | {CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD},
    ActionName.RECEIPT: _ALL - {CaseState.ARCHIVED, CaseState.WITHDRAWN, CaseState.RETURNED_UPSTREAM},
}
"""The states each action is legal in; an action not listed here is not offered."""


def allowed_actions(work: Work) -> list[str]:
    """Return the actions that are legal now."""
    return [name.value for name in LEGAL_IN if _is_legal(work, name)]


def _is_legal(work: Work, name: ActionName) -> bool:
    if work.case.state not in LEGAL_IN.get(name, frozenset()):
        return False
    match name:
        case ActionName.RESUME:
            return work.case.suspended
        case ActionName.SPLIT:
            return not work.case.parts
        case ActionName.SUSPEND | ActionName.MERGE:
            return not work.case.suspended
        case ActionName.SEND_REPLY:
            return work.case.sign_off_pending
        case ActionName.MINUTES:
            return stages.awaits_minutes(work)
        case ActionName.OVERRIDE:
            return bool(stages.opinions_missing(work)) and stages.consolidator(work) is not None
        case ActionName.DENY:
            waits = work.case.sign_off_pending or work.case.state is CaseState.AWAITING_APPROVAL
            return waits or any(_pending(a) for a in work.active())
        case ActionName.ARCHIVE:
            return work.case.state is not CaseState.REPLIED or (sides.settled(work) and not telling.open_(work))
        case _:
            return True


def _pending(assignment: Assignment) -> bool:
    return assignment.extension is not None and assignment.extension.decision is None


def act(work: Work, action: OperatorAction) -> None:
    """Apply an operator's action on one case. Raises IllegalTransition with what is allowed instead."""
    require(work, action.action)
    try:
        _HANDLERS[action.action](work, action)
    except IllegalTransition as error:
        if error.allowed_actions is not None:
            raise
        raise IllegalTransition(str(error), allowed_actions=allowed_actions(work)) from error


def require(work: Work, name: ActionName) -> None:
    """Raise IllegalTransition with what is allowed, unless an action is legal now."""
    if _is_legal(work, name):
        return
    merged = f"已并入 {work.case.merged_into}，请在该案上办理；" if work.case.state is CaseState.MERGED else ""
    raise IllegalTransition(
        f"{merged}案件状态为 {work.case.state.value}，现在不能执行 {name.value}", allowed_actions=allowed_actions(work)
    )


def member(work: Work, reference: str | None, field: str = "unit") -> Unit:
    """Return the member unit of this id or name. Raises InvalidPayload naming ``field``."""
    unit = work.policy.unit_named(reference)
    if unit is None or not unit.duty or unit.external:
        raise InvalidPayload([Problem(field, "不是规则中承担职责的单位，请从 units 中选择")])
    return unit


def _assignment(work: Work, action: OperatorAction) -> Assignment:
    assignment = work.assignments.get(action.assignment_id or "")
    if assignment is None:
        raise NotFound("本案件没有这个交办件，请核对 assignment_id")
    return assignment


def _classify(work: Work, action: OperatorAction) -> None:
    if action.category is None or action.category not in work.policy.categories:
        raise InvalidPayload([Problem("category", "不是十类争议事项之一")])
    _correct_counterparty(work, action)
    before, former = work.case.category, work.case.lead
    told = any(assignment.dispatched_at for assignment in work.assignments.values())
    route = work.context.rules.route(action.category, route_facts(work))
    lead = member(work, action.lead, "lead").id if action.lead else route.lead
    if lead is None:
        raise InvalidPayload([Problem("lead", "规则没有给出主办单位，请指定 lead")])
    recusal.require(work, lead, Role.LEAD, "lead", action.reason)
    chosen = recusal.fit(work, route.co_units) if action.co_units is None else action.co_units
    procedure = action.procedure or (route.procedure if action.co_units is None else None)
    if work.case.approved and action.procedure is None:
        procedure, chosen = work.case.procedure, action.co_units or work.case.co_units
    co_units = tuple(dict.fromkeys(member(work, unit, "co_units").id for unit in chosen if unit != lead))
    for unit in co_units:
        recusal.require(work, unit, Role.CO, "co_units", action.reason)
    procedure = procedure or fitting(co_units)
    work.set_case(
        category=action.category, lead=lead, co_units=co_units, procedure=_fit(procedure, co_units, action),
        clauses=route.clauses or work.case.clauses, route_id=route.route_id, rules_hash=work.policy.hash,
        review_reason="",
    )  # fmt: skip
    if action.procedure is not None and work.case.state is CaseState.AWAITING_APPROVAL:
        work.set_case(state=CaseState.HANDLING)
    work.record(
        "case.classified", category=action.category, former=before, lead=lead, reason=action.reason,
        procedure=_procedure(work), rules=work.policy.hash,
    )  # fmt: skip
    leads.replan(work)
    if former != lead:
        stages.tell_upstream_lead(work)
    if told and before is not None and before != action.category:
        _tell_category_change(work, before)


def _correct_counterparty(work: Work, action: OperatorAction) -> None:
    """Let a person say whom the dispute is with, once that is known; what the upstream sent is kept as it came."""
    other = action.counterparty
    if other is None:
        return
    for ticket in list(work.tickets.values()):
        revision = ticket.revision + 1
        digest = f"{ticket.digest.split('+')[0]}+{revision}"
        work.set_ticket(
            ticket, body=replace(ticket.body, counterparty=other), revision=revision, digest=digest,
            counterparty_corrected=True,
        )  # fmt: skip
    work.record("counterparty.corrected", name=other.name, type=other.type.value if other.type else None)


def _procedure(work: Work) -> str | None:
    return work.case.procedure.value if work.case.procedure else None


def fitting(co_units: tuple[str, ...]) -> ProcedureId:
    """Return the plain procedure for these co-units."""
    return ProcedureId.JOINT_GENERAL if co_units else ProcedureId.TRANSFER


def _fit(procedure: ProcedureId, co_units: tuple[str, ...], action: OperatorAction) -> ProcedureId:
    single = procedure in (ProcedureId.TRANSFER, ProcedureId.DIRECT)
    return ProcedureId.JOINT_GENERAL if single and co_units and action.procedure is None else procedure


def route_facts(work: Work) -> RouteFacts:
    """Return what routing may look at once a person has named the category."""
    ticket = next(iter(work.tickets.values()))
    counterparty = ticket.body.counterparty
    return RouteFacts(
        insurance=work.case.insurance,
        period=work.case.period,
        flags=work.case.flags,
        kind=ticket.kind,
        party=ticket.body.petitioner.role,
        counterparty=counterparty.type if counterparty else CounterpartyType.EMPLOYER,
        accepting_unit=work.context.terms(ticket.feed).accepting_unit,
    )


def _tell_category_change(work: Work, before: str) -> None:
    names = work.policy.categories
    lead = work.policy.units[work.case.lead or ""].name
    old = names[before].name if before in names else before
    accepting = work.policy.units.get(work.case.accepting_unit or "")
    tail = f"，受理单位仍为{accepting.name}" if accepting else ""
    text = f"事项类别由“{old}”改为“{names[work.case.category or ''].name}”，主办单位为{lead}{tail}"
    views.push_all(work, MessageType.TICKET_PROGRESS, text=text)


def _reroute(work: Work, action: OperatorAction) -> None:
    unit = member(work, action.unit)
    if unit.id == work.case.lead and work.lead() is not None:
        raise InvalidPayload([Problem("unit", "该单位已经是主办单位")])
    recusal.require(work, unit.id, Role.LEAD, "unit", action.reason)
    if work.case.procedure is None:
        work.set_case(procedure=fitting(work.case.co_units))
    work.record(
        "case.rerouted", unit=unit.id, reason=action.reason, action=action.action.value, procedure=_procedure(work)
    )
    work.set_case(review_reason="")
    if work.case.state is CaseState.TRIAGE and not any(True for _ in work.active()):
        work.set_case(lead=unit.id, co_units=tuple(u for u in work.case.co_units if u != unit.id))
        if work.case.procedure is ProcedureId.DIRECT and not _is_accepting(work, unit.id):
            work.set_case(procedure=ProcedureId.TRANSFER)
        moves.restart_reply_limits(work)
        stages.begin(work)
        stages.tell_upstream_lead(work)
    else:
        leads.set_lead(work, unit.id)


def _is_accepting(work: Work, unit: str) -> bool:
    return any(work.context.terms(ticket.feed).accepting_unit == unit for ticket in work.tickets.values())


def _designate(work: Work, action: OperatorAction) -> None:
    work.set_case(designated=True)
    lead = work.lead()
    if lead is None or lead.unit != member(work, action.unit).id:
        _reroute(work, action)
        lead = work.lead()
    if lead is not None:
        clocks.cancel(work, work.clock_of(lead.id, DeadlineKind.RETURN))
        work.set_assignment(work.assignments[lead.id], may_return=False)
    work.record("case.designated", unit=work.case.lead, reason=action.reason)


def _add_unit(work: Work, action: OperatorAction) -> None:
    unit = member(work, action.unit)
    if unit.id == work.case.lead or unit.id in work.case.co_units:
        raise InvalidPayload([Problem("unit", "该单位已经在办理本案")])
    recusal.require(work, unit.id, Role.CO, "unit", action.reason)
    unfilled = next((a for a in work.assignments.values() if a.unfilled), None)
    if unfilled is not None:
        work.set_assignment(unfilled, unfilled=False)
    work.set_case(co_units=(*work.case.co_units, unit.id))
    single = work.case.procedure in (ProcedureId.TRANSFER, ProcedureId.DIRECT)
    if single:
        work.set_case(procedure=ProcedureId.JOINT_GENERAL)
    work.record("unit.added", unit=unit.id, reason=action.reason, procedure=_procedure(work))
    if single:
        leads.replan(work)
        return
    if work.case.state is CaseState.CONSOLIDATING:
        stages.stop_consolidation(work)
        work.set_case(state=CaseState.HANDLING, stage=len(stages.stages(work)) - 1)
    stages.join(work, unit.id)
    stages.advance(work)


def _approve(work: Work, action: OperatorAction) -> None:
    clocks.close(work, work.clock_of(work.case.id, DeadlineKind.APPROVAL))
    others = tuple(stages.others(work))
    work.set_case(approved=True, procedure=ProcedureId.JOINT_COMPLEX, state=CaseState.HANDLING, co_units=others)
    work.record("complex.approved", reason=action.reason, on_behalf_of=action.on_behalf_of, procedure=_procedure(work))
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
    work.record("complex.denied", reason=action.reason, on_behalf_of=action.on_behalf_of, procedure=_procedure(work))
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
            f"交办件状态为 {assignment.state.value}，没有可以延长的时限", allowed_actions=allowed_actions(work)
        )
    if action.until is None or action.until <= work.now:
        raise InvalidPayload([Problem("until", "延期必须写明晚于现在的时间")])
    if extensions.is_spent(work, assignment):
        raise IllegalTransition(extensions.why_not(work, assignment), allowed_actions=allowed_actions(work))
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


def _return_upstream(work: Work, action: OperatorAction) -> None:
    """Return the tickets: as not ours, or, where a link says so, as already in another proceeding (A11)."""
    recusal.refuse_accused(work, action.suggested, "suggested")
    proceedings = [outside.link_text(link) for link in work.case.links]
    said = [action.reason, *proceedings] if action.reason else proceedings
    code = "in_proceedings" if proceedings else "out_of_scope"
    return_upstream(work, code, "；".join(said) or "不属于社会保险费征缴争议联合处置范围", action.suggested)


def return_upstream(work: Work, reason_code: str, reason: str, suggested: str | None) -> None:
    """Return every owed ticket to its upstream with the reason and whom to ask instead."""
    for ticket in work.owing_tickets():
        views.push(
            work, ticket, MessageType.TICKET_RETURNED, reason_code=reason_code, reason=reason, suggested=suggested
        )
        work.set_ticket(ticket, state=TicketState.RETURNED)
    work.record("case.returned_upstream", reason_code=reason_code, reason=reason, suggested=suggested)
    rounds.withdraw_assignments(work)
    replying.end(work, CaseState.RETURNED_UPSTREAM)


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
        raise IllegalTransition(str(error), allowed_actions=allowed_actions(work)) from error


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
    ActionName.CLASSIFY: _classify,
    ActionName.REROUTE: _reroute,
    ActionName.DESIGNATE: _designate,
    ActionName.ADD_UNIT: _add_unit,
    ActionName.APPROVE: _approve,
    ActionName.DENY: _deny,
    ActionName.MINUTES: _minutes,
    ActionName.EXTEND: _extend,
    ActionName.OVERRIDE: _override,
    ActionName.RETURN_UPSTREAM: _return_upstream,
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
