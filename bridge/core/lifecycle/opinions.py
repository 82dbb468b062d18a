"""Written opinions and the consolidated one: versions, completeness, who is late, what follows.

Owns: recording an opinion and what it discharges. Must not: open stages itself (``stages`` does).
Source: policy 四(二)1(3), 2(3); contract section 3, "opinion", "consolidated", "Rework".
"""

from __future__ import annotations

from bridge.core.commands import UnitReceipt
from bridge.core.lifecycle import agreement, clocks, reply_form, replying, stages
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.opinion import Opinion, OpinionBody, OverrideNote
from bridge.core.values import changed
from bridge.core.vocabulary import AssignmentState, CaseState, Conclusion, DeadlineKind, ReceiptType, Role
from bridge.errors import IllegalTransition, InvalidPayload, Problem

ANSWERED = frozenset({CaseState.REPLYING, CaseState.REPLIED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD})
"""The reply went out: an opinion that was overridden then brings a supplement."""


def record_opinion(work: Work, assignment: Assignment, receipt: UnitReceipt, body: OpinionBody) -> Opinion:
    """Record a unit's opinion as the next version, discharge what it owed, and let the case go on."""
    if body.conclusion is Conclusion.NO_COMMENT and assignment.role is Role.LEAD:
        raise InvalidPayload([Problem("conclusion", "主办单位不能答复“无意见”，请给出处理结论")])
    _refuse_repetition(work, assignment, body)
    if _is_final(work, assignment):
        reply_form.require(work, body)
        body = reply_form.completed(work, body)
    opinion = _version(work, assignment, receipt, body, ReceiptType.OPINION)
    owed = ReceiptType.OPINION in assignment.owes
    after_override = owed and assignment.overridden
    disagreed = agreement.found(work)
    _add(work, opinion)
    agreement.note_changes(work, disagreed)
    clocks.close(work, work.clock_of(assignment.id, DeadlineKind.OPINION), at=opinion.occurred_at)
    rest = tuple(type_ for type_ in assignment.owes if type_ is not ReceiptType.OPINION)
    work.set_assignment(work.assignments[assignment.id], owes=rest, state=AssignmentState.ANSWERED, overridden=False)
    if after_override and work.case.state in ANSWERED:
        _owe_supplement(work)
    elif owed:
        stages.advance(work)
    return opinion


def _is_final(work: Work, assignment: Assignment) -> bool:
    alone = assignment.role is Role.LEAD and stages.consolidator(work) is None
    return alone and (work.case.state is CaseState.HANDLING or work.case.sign_off_pending)


def _owe_supplement(work: Work) -> None:
    owner = stages.consolidator(work) or work.lead()
    if owner is not None:
        stages.owe_consolidation(work, owner)
        work.record("supplement.owed", assignment=owner.id)


def record_consolidated(work: Work, assignment: Assignment, receipt: UnitReceipt, body: OpinionBody) -> Opinion:
    """Record the consolidated opinion (总处理意见) and reply; missing opinions need a named override."""
    if body.conclusion is Conclusion.NO_COMMENT:
        raise InvalidPayload([Problem("conclusion", "总处理意见不能是“无意见”，请给出处理结论")])
    _refuse_repetition(work, assignment, body)
    reply_form.require(work, body)
    opinion = _version(work, assignment, receipt, reply_form.completed(work, body), ReceiptType.CONSOLIDATED)
    if body.override is not None:
        _override_to_the_end(work, body.override)
    agreement.require_explained(work, opinion)
    _add(work, opinion)
    assignment = work.assignments[assignment.id]
    clocks.close(work, work.clock_of(assignment.id, DeadlineKind.CONSOLIDATE), at=opinion.occurred_at)
    rest = tuple(type_ for type_ in assignment.owes if type_ is not ReceiptType.CONSOLIDATED)
    work.set_assignment(assignment, owes=rest, state=AssignmentState.ANSWERED)
    replying.reply(work, opinion)
    return opinion


def _override_to_the_end(work: Work, note: OverrideNote) -> None:
    while stages.opinions_missing(work) and work.case.state is CaseState.HANDLING:
        override_missing(work, note.by, note.reason, post=note.post)
    if work.case.state is CaseState.HANDLING:
        raise IllegalTransition("会商和会议纪要不能越过，请先登记会议纪要（minutes）", allowed=())


def override_missing(work: Work, by: str, reason: str, *, post: str | None = None) -> None:
    """Let the case go on without the opinions still missing; they stay owed (R25)."""
    missing = stages.opinions_missing(work)
    for assignment in missing:
        work.set_assignment(assignment, overridden=True)
    units = [assignment.unit for assignment in missing]
    work.record("opinions.overridden", by=by, post=post, reason=reason, units=units)
    stages.advance(work)


def may_consolidate_with_override(work: Work, assignment: Assignment, body: OpinionBody) -> bool:
    """Tell whether this unit may consolidate now although opinions are missing."""
    owner = stages.consolidator(work)
    mine = owner is not None and owner.id == assignment.id
    return mine and body.override is not None and work.case.state is CaseState.HANDLING


def _version(work: Work, assignment: Assignment, receipt: UnitReceipt, body: OpinionBody, kind: ReceiptType) -> Opinion:
    clock = work.clock_of(
        assignment.id, DeadlineKind.OPINION if kind is ReceiptType.OPINION else DeadlineKind.CONSOLIDATE
    )
    occurred_at = receipt.occurred_at or work.now
    version = assignment.opinion_version + 1
    return Opinion(
        id=f"{assignment.id}o{version}",
        case_id=work.case.id,
        assignment_id=assignment.id,
        unit=assignment.unit,
        role=assignment.role,
        kind=kind,
        version=version,
        round=work.case.round,
        occurred_at=occurred_at,
        recorded_at=work.now,
        late=clock is not None and not clocks.in_time(work, clock, occurred_at),
        body=changed(body, signed_by=body.signed_by or receipt.signed_by, note=body.note or receipt.note),
    )


def _add(work: Work, opinion: Opinion) -> None:
    work.opinions.append(opinion)
    work.set_assignment(work.assignments[opinion.assignment_id], opinion_version=opinion.version)
    work.record(
        "opinion.recorded",
        at=opinion.occurred_at,
        assignment=opinion.assignment_id,
        unit=opinion.unit,
        kind=opinion.kind.value,
        version=opinion.version,
        conclusion=opinion.body.conclusion.value,
        signed_by=opinion.body.signed_by,
        late=opinion.late,
    )


def _refuse_repetition(work: Work, assignment: Assignment, body: OpinionBody) -> None:
    """Refuse the words with which the unit ended its last round, under whichever assignment and form it was."""
    earlier = [o for o in work.opinions if o.unit == assignment.unit and o.round < work.case.round]
    last = [o.body.text.strip() for o in earlier if o.round == earlier[-1].round]
    if body.text.strip() in last:
        raise IllegalTransition(
            f"第{work.case.round}轮重办的意见与上一轮完全相同，请重新核实后写明新的处理情况",
            allowed=(),
        )
