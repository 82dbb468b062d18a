"""Who leads: a change of lead, and fitting the assignments to a changed lead, co-units or procedure.

Owns: what a former lead keeps and a new one owes. Must not: know a procedure; the stages are data of the rules.
Source: contract section 3, ``accepting_unit``.
"""

from __future__ import annotations

from bridge.core.lifecycle import clocks, moves, stages
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.model.assignment import Assignment
from bridge.core.policy import Who
from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineKind, ProcedureId, ReceiptType, Role


def set_lead(work: Work, unit: str, *, transferred: bool = False) -> None:
    """Make a unit the lead; a former lead that signed stays as a co-unit, another one is withdrawn.

    Clocks and accepting unit stay. Source: contract section 3, "accepting_unit".
    """
    former = work.lead()
    if former is not None and former.unit == unit:
        return
    work.set_case(lead=unit, co_units=tuple(each for each in work.case.co_units if each != unit))
    if work.case.procedure is ProcedureId.DIRECT:
        work.set_case(procedure=ProcedureId.TRANSFER)
    if former is not None:
        step_down(work, former)
    stages.stop_consolidation(work)
    if work.case.state is not CaseState.AWAITING_APPROVAL:
        work.set_case(state=CaseState.HANDLING)
    work.record(
        "lead.changed", unit=unit, former=former.unit if former else None,
        procedure=work.procedure,
    )  # fmt: skip
    _install_lead(work, unit)
    moves.restart_reply_limits(work)
    stages.tell_upstream_lead(work, transferred=transferred)
    stages.advance(work)


def _install_lead(work: Work, unit: str) -> None:
    assignment = stages.plan(work, unit, work.case.stage)
    reached = stages.stages(work)[: work.case.stage + 1]
    owes = tuple(dict.fromkeys(t for stage in reached for d in stage.duties if d.who is Who.LEAD for t in d.owes))
    if work.case.stage >= len(stages.stages(work)):
        work.set_case(stage=len(stages.stages(work)) - 1)
    if ReceiptType.OPINION not in owes and work.case.accepting_unit in (None, unit):
        assignment = _excuse_opinion(work, assignment)
    stages.open_duty(work, assignment, owes)
    stages.accept_if_signed(work)
    stages.set_invitation(work)


def _excuse_opinion(work: Work, assignment: Assignment) -> Assignment:
    """A co-unit that becomes the lead and will consolidate owes what the table says of a lead."""
    clocks.cancel(work, work.clock_of(assignment.id, DeadlineKind.OPINION))
    rest = tuple(type_ for type_ in assignment.owes if type_ is not ReceiptType.OPINION)
    return work.set_assignment(assignment, owes=rest)


def step_down(work: Work, former: Assignment) -> None:
    """Take the lead from an assignment: a signed one keeps its place as co-unit, another is withdrawn."""
    for kind in (DeadlineKind.OPINION, DeadlineKind.CONSOLIDATE, DeadlineKind.INVITE):
        clocks.cancel(work, work.clock_of(former.id, kind))
    if former.signed_at is None:
        stages.withdraw(work, former)
    else:
        state = AssignmentState.ANSWERED if work.opinion_of(former) else AssignmentState.SIGNED
        work.set_assignment(former, role=Role.CO, owes=(), state=state)


def replan(work: Work) -> None:
    """Fit the assignments to a changed lead, co-units or procedure; standing opinions count (contract section 3)."""
    for assignment in list(work.assignments.values()):
        if assignment.unfilled:
            work.set_assignment(assignment, unfilled=False)
    keep = {work.case.lead, work.case.accepting_unit, *work.case.co_units}
    invited = work.case.invited and any(assignment.role is Role.CO for assignment in work.active())
    if work.case.state is not CaseState.AWAITING_APPROVAL:
        clocks.cancel(work, work.clock_of(work.case.id, DeadlineKind.APPROVAL))
    former = work.lead()
    if former is not None and former.unit != work.case.lead:
        step_down(work, former)
    for assignment in list(work.assignments.values()):
        live = assignment.state in ACTIVE or assignment.state is AssignmentState.QUEUED
        if live and assignment.unit not in keep and assignment.signed_at is None:
            stages.withdraw(work, assignment)
        elif live and assignment.owes:
            clocks.cancel(work, work.clock_of(assignment.id, DeadlineKind.CONSOLIDATE))
            work.set_assignment(assignment, owes=tuple(t for t in assignment.owes if t is ReceiptType.SIGNED))
    moves.restart_reply_limits(work)
    stages.begin(work, invited=invited)
    for assignment in work.active():
        if ReceiptType.OPINION not in assignment.owes:
            clocks.cancel(work, work.clock_of(assignment.id, DeadlineKind.OPINION))
