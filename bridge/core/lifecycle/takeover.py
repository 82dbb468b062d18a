"""A case that was begun on paper (the county's own 台账) becomes a case here, with its original dates.

Owns: playing what the 台账 tells, each step at its own moment, by the same mechanism as if it had happened here.
Must not: send anything about the past; reminders and escalations that lie behind are recorded, not sent. Units that
still owe something are sent their assignment once, as it stands now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bridge.core.assessment import Assessment
from bridge.core.civil import iso
from bridge.core.commands import ActionName, OperatorAction, UnitReceipt
from bridge.core.lifecycle import actions, clocks, moves, receipts, register, replying, stages, ticks, views
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import TicketDraft
from bridge.core.vocabulary import (
    CaseState,
    DeadlineKind,
    MessageType,
    ProcedureId,
    ReceiptType,
    Side,
    TicketState,
)
from bridge.errors import InvalidPayload, Problem


@dataclass(frozen=True, slots=True)
class PaperOpinion:
    """A unit's written opinion on paper, and when it came."""

    unit: str
    body: OpinionBody
    at: datetime


@dataclass(frozen=True, slots=True)
class PaperCase:
    """What the 台账 tells of an open case. Without ``lead`` nobody has been asked yet.

    ``respond_by`` is the limit of the 台账 and stands alone; ``approved_at`` is the leader's consent to a complex case.
    ``reply`` is the answer the petitioner and the upstream have had; ``told_at`` when the petitioner was told.
    """

    draft: TicketDraft
    row: int
    category: str | None = None
    lead: str | None = None
    co_units: tuple[str, ...] = ()
    procedure: ProcedureId | None = None
    respond_by: datetime | None = None
    dispatched_at: datetime | None = None
    signed_at: datetime | None = None
    approved_at: datetime | None = None
    opinions: tuple[PaperOpinion, ...] = ()
    reply: OpinionBody | None = None
    replied_at: datetime | None = None
    told_at: datetime | None = None
    told_how: str | None = None


def take_over(
    feed: str, paper: PaperCase, assessment: Assessment, context: Context, *, ticket_id: str, case_id: str
) -> Work:
    """Open the case as far as the 台账 says it is.

    Raises InvalidPayload or IllegalTransition if the mechanism does not allow what the 台账 tells.
    """
    draft, begun = paper.draft, replace(context, now=paper.draft.received_at)
    work = register.opened(feed, draft, assessment, begun, ticket_id=ticket_id, case_id=case_id)
    _keep_listed_limit(work, paper)
    if paper.lead is None:
        _at(work, context.now)
        _ask(work, paper, assessment)
        sent = list(work.messages)
    else:
        register.wait_for_person(work, "按原台账接收")
        _play(work, paper)
        _at(work, context.now)
        sent = []
    _pass_over(work)
    work.messages[:] = sent
    work.record("case.taken_over", row=paper.row, limit=iso(paper.respond_by))
    if paper.lead is not None:
        _hand_over(work)
    views.complete_messages(work)
    return work


def _at(work: Work, moment: datetime) -> None:
    work.context = replace(work.context, now=moment)


def _keep_listed_limit(work: Work, paper: PaperCase) -> None:
    """Let the limit of the 台账 stand for the reply, whatever the rules reckon; theirs stay visible beside it."""
    for ticket in work.tickets.values():
        clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
        if clock is not None and paper.respond_by is not None and clock.due_at != paper.respond_by:
            moves.move(work, clock, paper.respond_by, "原台账所列办理时限", source=moves.LISTED)


def _ask(work: Work, paper: PaperCase, assessment: Assessment) -> None:
    """Dispatch what nobody has been asked yet, as a new ticket; what seems out of scope waits for a person.

    A category of the 台账 is a person's word: it stands where the rules see another, or none.
    """
    found = assessment.classification
    if paper.category is not None and not (found.in_scope and found.category == paper.category):
        register.wait_for_person(work, "按原台账接收")
        actions.act(work, _asked(paper, paper.category))
    elif found.in_scope:
        register.go(work, assessment)
    else:
        register.wait_for_person(work, f"疑似不属本机制：{work.case.out_reason or '按原台账接收'}")


def _play(work: Work, paper: PaperCase) -> None:
    _at(work, paper.dispatched_at or paper.draft.received_at)
    category = paper.category or work.case.category
    if category is None:
        raise InvalidPayload([Problem("category", "规则判断不出类别，请填写十类之一的序号或名称")])
    actions.act(work, _asked(paper, category))
    if not work.case.invited and work.case.state is CaseState.HANDLING:
        stages.invite(work)
    if paper.approved_at is not None:
        _at(work, paper.approved_at)
        actions.act(work, OperatorAction(ActionName.APPROVE, on_behalf_of="原台账所记"))
    if paper.signed_at is not None:
        _sign(work, paper.signed_at)
    for opinion in sorted(paper.opinions, key=lambda each: each.at):
        _at(work, opinion.at)
        _receive(work, opinion.unit, opinion.body, opinion.at)
    if paper.reply is not None and paper.replied_at is not None:
        _at(work, paper.replied_at)
        _answer(work, paper, paper.reply, paper.replied_at)


def _asked(paper: PaperCase, category: str | None) -> OperatorAction:
    return OperatorAction(
        ActionName.CLASSIFY, category=category, lead=paper.lead, co_units=paper.co_units, procedure=paper.procedure
    )


def _sign(work: Work, at: datetime) -> None:
    """Sign for every unit that had been asked by then: the 台账 has one date."""
    _at(work, at)
    for assignment in list(work.active()):
        if ReceiptType.SIGNED in work.assignments[assignment.id].owes:
            receipts.sign(work, work.assignments[assignment.id], UnitReceipt(ReceiptType.SIGNED, occurred_at=at))


def _receive(work: Work, unit: str, body: OpinionBody, at: datetime) -> None:
    assignment = work.active_of(unit)
    if assignment is not None:
        receipts.receive(work, assignment, UnitReceipt(ReceiptType.OPINION, occurred_at=at, opinion=body))


def _answer(work: Work, paper: PaperCase, body: OpinionBody, at: datetime) -> None:
    """Note the answer that was given on paper: nobody owes an opinion any more, and nothing is pushed."""
    _receive(work, paper.lead or "", body, at)
    for assignment in list(work.active()):
        clocks.cancel_all(work, assignment.id)
        work.set_assignment(work.assignments[assignment.id], owes=())
    clocks.cancel_all(work, work.case.id)
    lead = work.lead()
    final = work.opinion_of(lead) if lead else None
    if final is not None and work.case.state is not CaseState.REPLYING:
        replying.send(work, final)
    for ticket in list(work.tickets.values()):
        replying.received(work, ticket)
    if paper.told_at is not None:
        replying.told(work, Side.PAYER, channel=paper.told_how, at=paper.told_at, by=None)


def _pass_over(work: Work) -> None:
    """Bring every clock to now: limits that ran out are late since then, rungs behind are recorded and not sent."""
    now = work.now
    for deadline in sorted(work.deadlines.values(), key=lambda each: each.due_at):
        for moment in (deadline.due_at, now):
            if moment <= now and work.deadlines[deadline.id].status in clocks.OPEN:
                _at(work, moment)
                ticks.pass_over(work, work.deadlines[deadline.id])
    _at(work, now)


def _hand_over(work: Work) -> None:
    """Send every unit that still owes something its assignment, as it stands."""
    for assignment in list(work.active()):
        if _is_open(work, assignment):
            views.send_unit(work, assignment, MessageType.ASSIGNMENT_DISPATCHED)


def _is_open(work: Work, assignment: Assignment) -> bool:
    unanswered = any(ticket.state is TicketState.OPEN for ticket in work.tickets.values())
    return bool(assignment.owes) or (unanswered and work.case.lead == assignment.unit)
