"""Another end for a clock that runs: more time, other limits after a change of lead or procedure, a rework.

Owns: what stays of the former limit, and which rungs fire again. Must not: decide who gets more time (``extensions``).
"""

from __future__ import annotations

from datetime import datetime

from bridge.core.lifecycle import clocks, limits
from bridge.core.lifecycle.work import Work
from bridge.core.model.deadline import Deadline, DeadlineBasis
from bridge.core.model.ticket import Ticket
from bridge.core.policy import LimitSource, LimitUnit
from bridge.core.values import changed
from bridge.core.vocabulary import DeadlineKind, DeadlineStatus

PAUSE, EXTENSION = "pause", "extension"
"""The sources of a limit that moved: the case stood still, or more time was given."""

LISTED = "taken_over"
"""The source of a limit that the county's own 台账 named when the case was taken over."""


def move(work: Work, deadline: Deadline, until: datetime, clause: str, *, source: str = EXTENSION) -> None:
    """Move a clock to ``until``; the original date is kept, rungs already past do not fire again."""
    moved = changed(
        deadline,
        due_at=until,
        original_due_at=deadline.original_due_at or deadline.due_at,
        status=DeadlineStatus.RUNNING if until > work.now else deadline.status,
        basis=(*deadline.basis, DeadlineBasis(source, until, clause)),
    )
    _note_relief(work, deadline, moved)
    fired_until = max(work.now, deadline.start_at)
    work.deadlines[deadline.id] = clocks.with_ladder(
        work, moved, LimitUnit.WORKING_DAYS, reminded=_is_reminded(work, deadline), after=fired_until
    )


def put_to(work: Work, deadline: Deadline, due: datetime, unit_of: LimitUnit, *, reminded: bool | None = None) -> None:
    """Let a clock end at another instant, with the rungs that follow from it; ``reminded`` None: as it was."""
    moved = changed(
        deadline,
        due_at=due,
        original_due_at=deadline.original_due_at or (deadline.due_at if due != deadline.due_at else None),
        status=DeadlineStatus.RUNNING if due > work.now else deadline.status,
    )
    _note_relief(work, deadline, moved)
    remind = _is_reminded(work, deadline) if reminded is None else reminded
    work.deadlines[deadline.id] = clocks.with_ladder(work, moved, unit_of, reminded=remind, after=work.now)


def _note_relief(work: Work, before: Deadline, moved: Deadline) -> None:
    if before.status is DeadlineStatus.OVERDUE and moved.status is DeadlineStatus.RUNNING:
        clocks.record_end_of_delay(work, before)


def _is_reminded(work: Work, deadline: Deadline) -> bool:
    """Tell whether a clock has a ladder of its own; one registered late may have lost its rungs."""
    if deadline.kind in limits.LAPSES:
        return False
    if any(not limit.reminded for limit in limits.of_clock(work, deadline.kind, None)):
        return False
    assignment = work.assignments.get(deadline.owner)
    if assignment is None or deadline.kind is not DeadlineKind.OPINION:
        return True
    return not clocks.opinion_is_reply(work, assignment)


def restart_reply_limits(work: Work) -> None:
    """Recompute the reply limits after the procedure or lead changed; they still run from receipt.

    An extension that was granted stays. Source: contract section 3, "the case's clocks never reset".
    """
    unit = work.case.lead or clocks.TRIAGE_UNIT
    for ticket in work.owing_tickets():
        notice = work.clock_of(ticket.id, DeadlineKind.ACCEPT_NOTICE)
        if notice is not None and notice.status in clocks.OPEN:
            work.set_deadline(notice, unit=unit)
        deadline = work.clock_of(ticket.id, DeadlineKind.REPLY)
        if deadline is None or deadline.status not in clocks.OPEN:
            continue
        if fixed_by_hand(deadline):
            work.set_deadline(deadline, unit=unit)
            continue
        upstream = next((b.due_at for b in deadline.basis if b.source == LimitSource.UPSTREAM.value), None)
        candidates = limits.candidates(limits.scope_of(work, DeadlineKind.REPLY, ticket), deadline.start_at, upstream)
        best = min((c[0].due_at for c in candidates), default=deadline.due_at)
        if best == deadline.due_at:
            work.set_deadline(deadline, unit=unit, basis=tuple(c[0] for c in candidates) or deadline.basis)
        else:
            _recompute(work, deadline, unit, candidates)


def fixed_by_hand(deadline: Deadline) -> bool:
    """Tell whether an extension, a pause, the 台账, or the upstream alone for a rework, fixed this limit."""
    sources = {basis.source for basis in deadline.basis}
    return bool(sources & {EXTENSION, PAUSE, LISTED}) or sources == {LimitSource.UPSTREAM.value}


def _recompute(
    work: Work,
    deadline: Deadline,
    unit: str,
    candidates: list[tuple[DeadlineBasis, LimitUnit, bool, bool]],
) -> None:
    basis, unit_of, provisional, _ = min(candidates, key=lambda candidate: candidate[0].due_at)
    bases = tuple(candidate[0] for candidate in candidates)
    put_to(
        work, changed(deadline, unit=unit, basis=bases, provisional=provisional), basis.due_at, unit_of, reminded=True
    )


def replace_limit(work: Work, deadline: Deadline, due: datetime) -> None:
    """Let the upstream's limit stand alone for a round it asked for (contract section 3, "Rework")."""
    basis = (DeadlineBasis(LimitSource.UPSTREAM.value, due, "上游重办时限"),)
    replaced = changed(deadline, due_at=due, basis=basis, provisional=False, steps=())
    work.deadlines[deadline.id] = clocks.with_ladder(
        work, replaced, LimitUnit.WORKING_DAYS, reminded=True, after=work.now
    )


def run_on(work: Work, ticket: Ticket) -> None:
    """Let a ticket's clocks that were stopped with its case run on to the limits they had, an extension included."""
    unit = work.case.lead or clocks.TRIAGE_UNIT
    for kind in clocks.OF_TICKETS:
        known = [d for d in work.deadlines.values() if d.owner == ticket.id and d.kind is kind]
        if known and known[-1].status is DeadlineStatus.CANCELLED:
            _run_again(work, known[-1], unit)


def _run_again(work: Work, stopped: Deadline, unit: str) -> None:
    winner = limits.binding_basis(stopped)
    again = changed(
        stopped, id=f"{work.case.id}d{work.next_serial()}", case_id=work.case.id, unit=unit, round=work.case.round,
        status=DeadlineStatus.RUNNING, closed_at=None,
    )  # fmt: skip
    unit_of = LimitUnit(winner.unit) if winner and winner.unit else LimitUnit.WORKING_DAYS
    reminded = _is_reminded(work, stopped)
    work.deadlines[again.id] = clocks.with_ladder(work, again, unit_of, reminded=reminded, after=work.now)
