"""One matter, several tickets: two cases become one, and may become two again.

Owns: what moves between two case files (tickets with their clocks and the replies owed to them) and what each side is
told. Must not: load or save; the two results are written in one transaction by the pipeline.
Source: contract section 3, ``merge``, ``unmerge``, ``ticket.accepted``; domain 4.3 并案; ADR 0006.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from bridge.core.commands import ActionName
from bridge.core.lifecycle import (
    acceptance,
    clocks,
    exclusion,
    legal_actions,
    recusal,
    replying,
    rounds,
    sides,
    stages,
    telling,
    views,
)
from bridge.core.lifecycle.work import BEFORE_REPLY, Context, Work
from bridge.core.model.case import Case
from bridge.core.model.deadline import Deadline
from bridge.core.model.file import CaseFile
from bridge.core.model.ticket import Ticket
from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineStatus, Role, TicketState
from bridge.errors import IllegalTransition, InvalidPayload, Problem

T = TypeVar("T")

TAKES_TICKETS = BEFORE_REPLY | {CaseState.REPLYING, CaseState.REPLIED}
"""States of a case that can take in, or give back, another case's tickets: it is not over."""

_ANSWERED = (CaseState.REPLYING, CaseState.REPLIED)


def merge(source: CaseFile, target: CaseFile, context: Context, reason: str | None = None) -> tuple[Work, Work]:
    """Move every ticket of ``source`` into ``target``, with its own clocks; ``source`` ends as ``merged``.

    Raises InvalidPayload (itself), IllegalTransition (either case is over, or paused); either, if the one that leads
    the target must stand aside from what joins it.
    """
    leaving, joining = Work.on(source, context), Work.on(target, context)
    if source.case.id == target.case.id:
        raise InvalidPayload([Problem("into", "不能并入本案自身")])
    _refuse_paused(leaving, source.case)
    legal_actions.require(leaving, ActionName.MERGE)
    _refuse_over(leaving, target.case)
    _refuse_paused(leaving, target.case)
    before = views.shown(joining)
    moved = _leave_for(leaving, target.case.id, reason)
    _take_in(joining, source.case, *moved, reason)
    exclusion.enforce(joining)
    views.tell_changed(joining, before, except_unit=None)
    views.complete_messages(joining)
    return leaving, joining


def unmerge(source: CaseFile, target: CaseFile, context: Context, reason: str | None = None) -> tuple[Work, Work]:
    """Give the tickets that came from ``source`` back to it; ``target`` is the case that has them now.

    Raises IllegalTransition (the target is over, or paused).
    """
    returning, giving = Work.on(source, context), Work.on(target, context)
    legal_actions.require(returning, ActionName.UNMERGE)
    _refuse_over(returning, target.case)
    _refuse_paused(returning, target.case)
    before = views.shown(giving)
    answered = {part.matter: part for part in target.case.parts}
    leaving = [t for t in giving.tickets.values() if source.case.id in t.came_from]
    joint = replace(target.case, sides=sides.carried(giving, leaving), notices=telling.carried(giving, leaving))
    moved = _give_back(giving, source.case, reason)
    views.tell_changed(giving, before, except_unit=None)
    views.complete_messages(giving)
    returning.set_case(parts=tuple(answered.get(part.matter, part) for part in source.case.parts))
    _return(returning, joint, *moved, reason)
    exclusion.enforce(returning)
    views.complete_messages(returning)
    return returning, giving


def takes_tickets(case: Case) -> bool:
    """Tell whether another case could be merged into this one now."""
    return case.state in TAKES_TICKETS and not case.suspended


def _refuse_over(work: Work, target: Case) -> None:
    if target.state is CaseState.MERGED:
        detail = f"案件 {target.id} 已并入 {target.merged_into}，请改为并入该案"
    elif target.state not in TAKES_TICKETS:
        detail = f"案件 {target.id} 状态为 {target.state.value}，已经办结；确需并案或撤销并案的，请先重新办理（reopen）"
    else:
        return
    raise IllegalTransition(detail, allowed_actions=legal_actions.allowed(work))


def _refuse_paused(work: Work, *cases: Case) -> None:
    for case in cases:
        if case.suspended:
            raise IllegalTransition(
                f"案件 {case.id} 正在中止计时，请先恢复（resume）再办理并案事项",
                allowed_actions=legal_actions.allowed(work),
            )


def _leave_for(work: Work, into: str, reason: str | None) -> tuple[list[Ticket], list[Deadline]]:
    """End the case that is merged; its units learn where the matter went."""
    state = work.case.state
    live = stages.LIVE
    withdrew = tuple(a.id for a in work.assignments.values() if a.state in live)
    rounds.withdraw_assignments(work)
    views.complete_messages(work)
    work.messages[:] = [replace(m, payload={**m.payload, "merged_into": into}) for m in work.messages]
    tickets, deadlines = _take_out(work, list(work.tickets.values()))
    work.record(
        "case.merged", into=into, tickets=[ticket.id for ticket in tickets], reason=reason, overdue=_overdue(deadlines)
    )
    work.set_case(merged_into=into, before_merge=state, merge_withdrew=withdrew, sign_off_pending=False)
    replying.end(work, CaseState.MERGED)
    home = work.case.id
    return [replace(ticket, came_from=(*ticket.came_from, home)) for ticket in tickets], deadlines


def _give_back(work: Work, former: Case, reason: str | None) -> tuple[list[Ticket], list[Deadline]]:
    """Let the tickets that came from ``former`` go with what was noted of them, and settle what is left."""
    home = former.id
    links, parts = former.links, [part.matter for part in former.parts]
    work.set_case(
        links=_without_last(work.case.links, links, lambda link: link),
        parts=_without_last(work.case.parts, parts, lambda part: part.matter),
    )
    leaving = [t for t in work.tickets.values() if home in t.came_from]
    telling.part(work, leaving)
    sides.part(work, leaving)
    tickets, deadlines = _take_out(work, leaving)
    work.record(
        "case.parted", to=home, tickets=[ticket.id for ticket in tickets], reason=reason, overdue=_overdue(deadlines)
    )
    rounds.settle_rest(work)
    return [replace(t, came_from=t.came_from[: t.came_from.index(home)]) for t in tickets], deadlines


def _without_last(noted: Sequence[T], gone: Iterable[object], name: Callable[[T], object]) -> tuple[T, ...]:
    """Remove what a merge appended, and nothing equal that was there before."""
    left = list(noted)
    for wanted in gone:
        places = [place for place, value in enumerate(left) if name(value) == wanted]
        if places:
            del left[places[-1]]
    return tuple(left)


def _take_out(work: Work, tickets: Sequence[Ticket]) -> tuple[list[Ticket], list[Deadline]]:
    """Remove tickets and the clocks that are theirs."""
    ids = {ticket.id for ticket in tickets}
    deadlines = [deadline for deadline in work.deadlines.values() if deadline.owner in ids]
    for ticket in tickets:
        del work.tickets[ticket.id]
    for deadline in deadlines:
        del work.deadlines[deadline.id]
    return list(tickets), deadlines


def _overdue(deadlines: Iterable[Deadline]) -> list[dict[str, str]]:
    """Return the missed clocks that move with their tickets, as the history names them."""
    late = [deadline for deadline in deadlines if deadline.status is DeadlineStatus.OVERDUE]
    return [{"deadline": deadline.id, "kind": deadline.kind.value, "unit": deadline.unit} for deadline in late]


def _put_in(work: Work, former: Case, tickets: Iterable[Ticket], deadlines: Iterable[Deadline]) -> list[Ticket]:
    """Add tickets and their clocks: nothing is reset, only who answers for them changes."""
    unit = work.case.lead or clocks.TRIAGE_UNIT
    work.set_case(serial=max(work.case.serial, former.serial))
    for deadline in deadlines:
        runs = deadline.status in clocks.OPEN
        present = {"round": work.case.round, "unit": unit} if runs else {}
        work.deadlines[deadline.id] = replace(deadline, case_id=work.case.id, **present)  # type: ignore[arg-type]
    added = []
    for ticket in tickets:
        owed = ticket.state in (TicketState.OPEN, TicketState.REPLYING)
        present_round = work.case.round if owed else 0
        work.tickets[ticket.id] = replace(ticket, case_id=work.case.id, case_round=present_round)
        added.append(work.tickets[ticket.id])
    return added


def _take_in(
    work: Work, former: Case, tickets: Sequence[Ticket], deadlines: Sequence[Deadline], reason: str | None
) -> None:
    added = _put_in(work, former, tickets, deadlines)
    work.set_case(
        confidential=work.case.confidential or former.confidential, urged=work.case.urged or former.urged,
        links=(*work.case.links, *former.links), parts=(*work.case.parts, *former.parts),
        flags=(*work.case.flags, *(f for f in former.flags if f == recusal.STAFF_CONDUCT and f not in work.case.flags)),
    )  # fmt: skip
    if work.case.lead is not None:
        recusal.require(work, work.case.lead, Role.LEAD, "into", reason)
    work.record(
        "case.joined", came_from=former.id, tickets=[ticket.id for ticket in added], reason=reason,
        overdue=_overdue(deadlines),
    )  # fmt: skip
    sides.join(work, former, added)
    telling.carry(work, former, added)
    _tell_upstreams(work, former, added)
    if work.case.state in _ANSWERED:
        _answer_as_standing(work, [work.tickets[ticket.id] for ticket in added])


def _tell_upstreams(work: Work, former: Case, tickets: Sequence[Ticket]) -> None:
    """Tell the upstreams of moved tickets who leads and who accepted, where that is not what they know."""
    owing = [ticket for ticket in tickets if ticket.state is TicketState.OPEN]
    if work.case.lead != former.lead:
        stages.tell_upstream_lead(work, owing)
    for ticket in owing:
        acceptance.joined(work, work.tickets[ticket.id], former)


def _answer_as_standing(work: Work, tickets: Sequence[Ticket]) -> None:
    """Give tickets that join an answered case its standing reply."""
    waiting = [ticket for ticket in tickets if ticket.state is TicketState.OPEN]
    final = stages.final_opinion(work)
    if not waiting:
        return
    if final is None:
        raise IllegalTransition("该案没有可以沿用的答复，请先重新办理（reopen）再并案", allowed_actions=[])
    replying.answer_late(work, final, waiting)


def _return(
    work: Work, former: Case, tickets: Sequence[Ticket], deadlines: Sequence[Deadline], reason: str | None
) -> None:
    """Open the merged case again where it stood; units are sent their assignments again under the same ids."""
    added = _put_in(work, former, tickets, deadlines)
    work.record(
        "case.unmerged", came_from=former.id, tickets=[ticket.id for ticket in added], reason=reason,
        overdue=_overdue(deadlines),
    )  # fmt: skip
    before, withdrew = work.case.before_merge, work.case.merge_withdrew
    work.set_case(merged_into=None, before_merge=None, merge_withdrew=(), closed_at=None, state=CaseState.HANDLING)
    states = {ticket.state for ticket in added}
    sides.back(work, former.sides)
    telling.back(work, former)
    if TicketState.OPEN in states:
        _go_on(work, former, added, before, withdrew)
    elif TicketState.REPLYING in states:
        work.set_case(state=CaseState.REPLYING)
    elif TicketState.REPLIED in states:
        replying.replied(work)
    else:
        replying.end(work, CaseState.WITHDRAWN)


def _go_on(
    work: Work, former: Case, tickets: Sequence[Ticket], before: CaseState | None, withdrew: Sequence[str]
) -> None:
    if before in (None, CaseState.TRIAGE) or work.case.lead is None or work.case.procedure is None:
        work.set_case(state=CaseState.TRIAGE, lead=None, review_reason="撤销并案，须由人重新分派")
        work.record("case.triaged", reason=work.case.review_reason)
        return
    for assignment_id in withdrew:
        work.set_assignment(work.assignments[assignment_id], state=AssignmentState.QUEUED)
    _tell_upstreams(work, former, tickets)
    stages.begin(work, invited=work.case.invited)
    if before is CaseState.AWAITING_APPROVAL and not work.case.approved:
        stages.ask_approval(work, "撤销并案后重新报请审批")
