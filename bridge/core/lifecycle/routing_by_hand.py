"""Who handles a case by a person's word: its category, its lead, its co-units (R5, R27).

Owns: what a person may choose and what follows from it. Must not: route by rules (``register`` asks them).
"""

from __future__ import annotations

from dataclasses import replace

from bridge.core.commands import OperatorAction
from bridge.core.lifecycle import clocks, leads, moves, recusal, stages, views
from bridge.core.lifecycle.work import Work
from bridge.core.policy import RouteFacts, Unit
from bridge.core.vocabulary import (
    CaseState,
    CounterpartyType,
    DeadlineKind,
    MessageType,
    ProcedureId,
    Role,
)
from bridge.errors import InvalidPayload, Problem


def classify(work: Work, action: OperatorAction) -> None:
    """Put a case into a category; lead and co-units follow from the rules where the person names none."""
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
        procedure=work.procedure, rules=work.policy.hash,
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


def _fit(procedure: ProcedureId, co_units: tuple[str, ...], action: OperatorAction) -> ProcedureId:
    single = procedure in (ProcedureId.TRANSFER, ProcedureId.DIRECT)
    return ProcedureId.JOINT_GENERAL if single and co_units and action.procedure is None else procedure


def _tell_category_change(work: Work, before: str) -> None:
    names = work.policy.categories
    lead = work.policy.units[work.case.lead or ""].name
    old = names[before].name if before in names else before
    accepting = work.policy.units.get(work.case.accepting_unit or "")
    tail = f"，受理单位仍为{accepting.name}" if accepting else ""
    text = f"事项类别由“{old}”改为“{names[work.case.category or ''].name}”，主办单位为{lead}{tail}"
    views.push_all(work, MessageType.TICKET_PROGRESS, text=text)


def reroute(work: Work, action: OperatorAction) -> None:
    """Give a case to another lead."""
    unit = member(work, action.unit)
    if unit.id == work.case.lead and work.lead() is not None:
        raise InvalidPayload([Problem("unit", "该单位已经是主办单位")])
    recusal.require(work, unit.id, Role.LEAD, "unit", action.reason)
    if work.case.procedure is None:
        work.set_case(procedure=fitting(work.case.co_units))
    work.record(
        "case.rerouted", unit=unit.id, reason=action.reason, action=action.action.value, procedure=work.procedure
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


def designate(work: Work, action: OperatorAction) -> None:
    """Give a case to a lead that may not return it (R27)."""
    work.set_case(designated=True)
    lead = work.lead()
    if lead is None or lead.unit != member(work, action.unit).id:
        reroute(work, action)
        lead = work.lead()
    if lead is not None:
        clocks.cancel(work, work.clock_of(lead.id, DeadlineKind.RETURN))
        work.set_assignment(work.assignments[lead.id], may_return=False)
    work.record("case.designated", unit=work.case.lead, reason=action.reason)


def add_unit(work: Work, action: OperatorAction) -> None:
    """Ask one more unit; with a single unit so far the case becomes a joint one."""
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
    work.record("unit.added", unit=unit.id, reason=action.reason, procedure=work.procedure)
    if single:
        leads.replan(work)
        return
    if work.case.state is CaseState.CONSOLIDATING:
        stages.stop_consolidation(work)
        work.set_case(state=CaseState.HANDLING, stage=len(stages.stages(work)) - 1)
    stages.join(work, unit.id)
    stages.advance(work)


def member(work: Work, reference: str | None, field: str = "unit") -> Unit:
    """Return the member unit of this id or name. Raises InvalidPayload naming ``field``."""
    unit = work.policy.unit_named(reference)
    if unit is None or not unit.duty or unit.external:
        raise InvalidPayload([Problem(field, "不是规则中承担职责的单位，请从 units 中选择")])
    return unit


def fitting(co_units: tuple[str, ...]) -> ProcedureId:
    """Return the plain procedure for these co-units."""
    return ProcedureId.JOINT_GENERAL if co_units else ProcedureId.TRANSFER


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
