"""The one mechanism of every procedure: which duties open when, and what comes after the last.

Owns: planning a case's assignments, opening stages, advancing when their opinions are in, handing the
consolidation to the right unit. Must not: know a particular procedure; the stages are data of the rules.
Source: contract section 3, "What is owed, stage by stage".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.core.lifecycle import acceptance, clocks, proposal, recusal, replying, telling, views
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Ticket
from bridge.core.policy import Duty, Gate, Stage, Who
from bridge.core.vocabulary import (
    LEADING_OFFICE,
    AssignmentState,
    CaseState,
    DeadlineKind,
    MessageType,
    NoticeKind,
    ProcedureId,
    ReceiptType,
    Role,
)

LIVE = ACTIVE | {AssignmentState.QUEUED}
"""Assignment states that still have something before them."""


def stages(work: Work) -> tuple[Stage, ...]:
    """Return the stages of the case's procedure, as its category has them."""
    if work.case.procedure is None:
        return ()
    return work.policy.procedures[work.case.procedure].stages_for(work.case.category)


def begin(work: Work, *, invited: bool = False) -> None:
    """Plan every assignment of the case and open its first stage; a proposal before the leader stays there.

    ``invited`` says that the co-units have been invited already.
    """
    state = work.case.state if work.case.state is CaseState.AWAITING_APPROVAL else CaseState.HANDLING
    invited = invited or not _waits_for_invitation(work)
    work.set_case(stage=0, state=state, invited=invited, sign_off_pending=False)
    for index, stage in enumerate(stages(work)):
        for duty in stage.duties:
            for unit in _units(work, stage, duty):
                plan(work, unit, index)
    open_stage(work)
    accept_if_signed(work)
    set_invitation(work)
    advance(work)


def _waits_for_invitation(work: Work) -> bool:
    procedure = work.case.procedure
    plain = (
        procedure is ProcedureId.JOINT_GENERAL and work.case.category not in work.policy.procedures[procedure].variants
    )
    return plain and work.policy.invite_by_lead and bool(_co_units(work))


def set_invitation(work: Work) -> None:
    """Keep the lead's limit for inviting the co-units while they wait for it; without a limit they are invited at once."""
    lead = work.lead()
    running = work.clock_of(lead.id, DeadlineKind.INVITE) if lead else None
    if work.case.invited:
        clocks.cancel(work, running)
        return
    runs = running is not None and running.status in clocks.OPEN
    if lead is not None and not runs and clocks.start(work, DeadlineKind.INVITE, lead.id, lead.unit, work.now) is None:
        invite(work)


def invite(work: Work) -> None:
    """Open the co-units' duties that waited for the lead's invitation."""
    lead = work.lead()
    if lead is not None:
        clocks.close(work, work.clock_of(lead.id, DeadlineKind.INVITE))
    work.set_case(invited=True)
    open_stage(work)
    advance(work)


def _co_units(work: Work) -> list[str]:
    return [unit for unit in work.case.co_units if unit != work.case.lead]


def _units(work: Work, stage: Stage, duty: Duty) -> Iterable[str]:
    if duty.who is Who.LEAD:
        return [work.case.lead] if work.case.lead else []
    if duty.who is Who.OTHERS:
        return _co_units(work) if work.case.approved else others(work)
    if not duty.units:
        return _co_units(work)
    named = {unit for each in stages(work) for d in each.duties for unit in d.units}
    first = stage is next(each for each in stages(work) if any(d.who is Who.CO for d in each.duties))
    return [unit for unit in _co_units(work) if unit in duty.units or (first and unit not in named)]


def others(work: Work) -> list[str]:
    """Return every member unit but the lead: whom a complex case asks (R28)."""
    members = tuple(u.id for u in work.policy.units.values() if u.duty and not u.external and u.id != work.case.lead)
    return list(recusal.fit(work, members))


def join(work: Work, unit: str, *, overridden: bool = False) -> None:
    """Let a unit of ``co_units`` take part: now if its stage has come, else queued until that stage opens.

    ``overridden``: it takes over a part the case no longer waits for; its opinion brings a supplement.
    """
    comes_at = [n for n, stage in enumerate(stages(work)) for d in stage.duties if unit in _units(work, stage, d)]
    later = bool(comes_at) and comes_at[0] > work.case.stage
    assignment = plan(work, unit, comes_at[0] if later else work.case.stage)
    assignment = work.set_assignment(assignment, overridden=overridden)
    if work.case.invited and not later:
        open_duty(work, assignment, (ReceiptType.SIGNED, ReceiptType.OPINION))


def plan(work: Work, unit: str, stage: int) -> Assignment:
    """Return the unit's live assignment with its present role, or queue a new one."""
    role = Role.LEAD if unit == work.case.lead else Role.CO
    known = work.live_of(unit)
    if known is not None:
        return work.set_assignment(known, role=role)
    planned = Assignment(
        id=f"{work.case.id}a{work.next_serial()}",
        case_id=work.case.id,
        unit=unit,
        role=role,
        state=AssignmentState.QUEUED,
        stage=stage,
        round=work.case.round,
        may_return=not (role is Role.LEAD and work.case.designated),
    )
    work.assignments[planned.id] = planned
    return planned


def planned_units(work: Work) -> set[str]:
    """Return every unit that some stage of the procedure has a duty for."""
    return {unit for stage in stages(work) for duty in stage.duties for unit in _units(work, stage, duty)}


def open_stage(work: Work) -> None:
    """Open the duties of the present stage that are not open yet."""
    listed = stages(work)
    if work.case.stage >= len(listed):
        return
    stage = listed[work.case.stage]
    for duty in stage.duties:
        if duty.who is not Who.LEAD and not work.case.invited:
            continue
        for unit in _units(work, stage, duty):
            open_duty(work, plan(work, unit, work.case.stage), duty.owes)


def open_duty(work: Work, assignment: Assignment, owes: tuple[ReceiptType, ...]) -> None:
    """Add what is not done yet to an assignment's ledger, and dispatch it if it was not."""
    due = [type_ for type_ in owes if type_ not in assignment.owes and not _is_done(work, assignment, type_)]
    fresh = assignment.state is AssignmentState.QUEUED
    if not due and not fresh:
        return
    assignment = work.set_assignment(assignment, owes=(*assignment.owes, *due))
    if fresh:
        dispatch(work, assignment)
    elif ReceiptType.OPINION in due:
        clocks.start_opinion(work, assignment)


def _is_done(work: Work, assignment: Assignment, type_: ReceiptType) -> bool:
    if type_ is ReceiptType.SIGNED:
        return assignment.signed_at is not None
    return type_ is ReceiptType.OPINION and work.opinion_of(assignment) is not None


def dispatch(work: Work, assignment: Assignment) -> None:
    """Send a queued assignment to its unit and start its clocks; the upstream learns of a lead."""
    state = AssignmentState.DISPATCHED if assignment.signed_at is None else AssignmentState.SIGNED
    assignment = work.set_assignment(
        assignment, state=state, dispatched_at=work.now, stage=work.case.stage, round=work.case.round
    )
    sign, opinion = (type_ in assignment.owes for type_ in (ReceiptType.SIGNED, ReceiptType.OPINION))
    clocks.start_for_dispatch(work, assignment, sign=sign, opinion=opinion)
    work.record(
        "assignment.dispatched", assignment=assignment.id, unit=assignment.unit, role=assignment.role.value,
        procedure=work.procedure,
    )  # fmt: skip
    views.send_unit(work, assignment, MessageType.ASSIGNMENT_DISPATCHED)


def pass_on(work: Work, assignment: Assignment) -> None:
    """Send an assignment that owes nothing and has no clock (表扬)."""
    assignment = work.set_assignment(assignment, state=AssignmentState.ANSWERED, dispatched_at=work.now)
    work.record("assignment.dispatched", assignment=assignment.id, unit=assignment.unit, role=assignment.role.value)
    views.send_unit(work, assignment, MessageType.ASSIGNMENT_DISPATCHED)


def tell_upstream_lead(work: Work, tickets: Sequence[Ticket] | None = None, *, transferred: bool = False) -> None:
    """Push ``ticket.assigned`` for a new lead, or ``ticket.transferred`` with the contact (R23)."""
    lead = work.case.lead
    if lead is None:
        return
    if transferred or work.case.procedure is ProcedureId.TRANSFER:
        contact = views.contact(work, lead)
        views.push_all(work, MessageType.TICKET_TRANSFERRED, tickets, unit=lead, contact=contact)
        if tickets is None or tickets:
            telling.owe(work, NoticeKind.TRANSFER, lead, tickets=tickets)
    else:
        views.push_all(work, MessageType.TICKET_ASSIGNED, tickets, unit=lead)


def opinions_missing(work: Work) -> list[Assignment]:
    """Return the assignments whose opinion the present stage still waits for."""
    return [
        assignment
        for assignment in work.assignments.values()
        if (assignment.state in ACTIVE and ReceiptType.OPINION in assignment.owes and not assignment.overridden)
        or (assignment.unfilled and not assignment.overridden)
    ]


def advance(work: Work) -> None:
    """Open what comes next for as long as nothing is waited for; at the end, consolidate or reply."""
    while work.case.state is CaseState.HANDLING and work.case.invited and not opinions_missing(work):
        listed = stages(work)
        if work.case.stage < len(listed) and not _gate_passed(work, listed[work.case.stage].gate):
            _wait_at(work, listed[work.case.stage].gate)
            return
        if work.case.stage + 1 >= len(listed):
            work.set_case(stage=len(listed))
            finish(work)
            return
        work.set_case(stage=work.case.stage + 1)
        open_stage(work)


def awaits_minutes(work: Work) -> bool:
    """Tell whether every opinion of a complex case is in, so that the meeting and its minutes come next."""
    listed = stages(work)
    at_gate = work.case.stage < len(listed) and listed[work.case.stage].gate is not None
    return at_gate and work.case.approved and not opinions_missing(work)


def _gate_passed(work: Work, gate: Gate | None) -> bool:
    if gate is Gate.APPROVE:
        return work.case.approved
    return gate is None or work.case.minutes_round == work.case.round


def _wait_at(work: Work, gate: Gate | None) -> None:
    if gate is Gate.MINUTES:
        if work.clock_of(work.case.id, DeadlineKind.MEETING) is None:
            clocks.start(work, DeadlineKind.MEETING, work.case.id, LEADING_OFFICE, work.now)
        return
    ask_approval(work, None)


def ask_approval(work: Work, why: str | None) -> None:
    """Put a complex case before the leader (R26); nobody consolidates or must be invited meanwhile."""
    stop_consolidation(work)
    lead = work.lead()
    if lead is not None:
        clocks.cancel(work, work.clock_of(lead.id, DeadlineKind.INVITE))
    work.set_case(state=CaseState.AWAITING_APPROVAL)
    running = work.clock_of(work.case.id, DeadlineKind.APPROVAL)
    if running is None or running.status not in clocks.OPEN:
        clocks.start(work, DeadlineKind.APPROVAL, work.case.id, LEADING_OFFICE, work.now)
    triggers = proposal.view(work)
    work.record("approval.requested", reason=why, triggers=[each["id"] for each in triggers])
    views.send_office(work, lead, "complex_proposed", note=why, triggers=triggers)


def consolidator(work: Work) -> Assignment | None:
    """Return who owes the consolidated opinion: the accepting unit if it is not the lead, else the lead of a joint procedure."""
    lead, accepting = work.lead(), work.active_of(work.case.accepting_unit)
    if lead is None:
        return accepting
    if accepting is not None and accepting.unit != lead.unit:
        return accepting
    procedure = work.case.procedure
    return lead if procedure is not None and work.policy.procedures[procedure].consolidate else None


def finish(work: Work) -> None:
    """After the last stage: somebody consolidates, or the lead's opinion is the reply."""
    assignment = consolidator(work)
    if assignment is None:
        opinion = _final_opinion(work)
        if opinion is not None:
            replying.reply(work, opinion)
        return
    work.set_case(state=CaseState.CONSOLIDATING)
    owe_consolidation(work, assignment)


def owe_consolidation(work: Work, assignment: Assignment) -> None:
    """Make a unit owe the consolidated opinion; its clock runs from the last opinion, or from the minutes."""
    if ReceiptType.CONSOLIDATED in assignment.owes:
        return
    assignment = work.set_assignment(assignment, owes=(*assignment.owes, ReceiptType.CONSOLIDATED))
    last = max((opinion.recorded_at for opinion in work.standing_opinions()), default=work.now)
    if any(stage.gate is Gate.MINUTES for stage in stages(work)):
        last = work.now
    clocks.start_consolidation(work, assignment, max(last, assignment.dispatched_at or last))


def stop_consolidation(work: Work) -> None:
    """Take the consolidation (or the finished one that waits for its sign-off) back: opinions are asked again."""
    work.set_case(sign_off_pending=False)
    for assignment in list(work.active()):
        if ReceiptType.CONSOLIDATED in assignment.owes:
            clocks.cancel(work, work.clock_of(assignment.id, DeadlineKind.CONSOLIDATE))
            rest = tuple(t for t in assignment.owes if t is not ReceiptType.CONSOLIDATED)
            work.set_assignment(assignment, owes=rest)


def final_opinion(work: Work) -> Opinion | None:
    """Return the opinion that is the reply of this round: the consolidated one where somebody consolidates, else the lead's."""
    if consolidator(work) is None:
        return _final_opinion(work)
    found = [o for o in work.opinions if o.round == work.case.round and o.kind is ReceiptType.CONSOLIDATED]
    return found[-1] if found else None


def _final_opinion(work: Work) -> Opinion | None:
    lead = work.lead()
    return work.opinion_of(lead) if lead else None


def accept_if_signed(work: Work) -> None:
    """A co-unit that had signed before it became the lead accepts by becoming it."""
    lead = work.lead()
    if lead is not None and lead.signed_at is not None and work.case.accepting_unit is None:
        acceptance.accept(work, lead.unit)


def withdraw(work: Work, assignment: Assignment) -> None:
    """Take an assignment back and tell the unit."""
    clocks.cancel_all(work, assignment.id)
    was_sent = assignment.state in ACTIVE
    assignment = work.set_assignment(assignment, state=AssignmentState.WITHDRAWN, owes=())
    work.record("assignment.withdrawn", assignment=assignment.id, unit=assignment.unit)
    if was_sent:
        views.send_unit(work, assignment, MessageType.ASSIGNMENT_WITHDRAWN)
