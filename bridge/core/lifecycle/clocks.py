"""Starting, moving, pausing and closing the clocks of a case.

Owns: which candidates make a limit (upstream, statute, rules; the earliest wins), the ladder of a
deadline, and what happens to it when it is met, moved or paused. Must not: compute dates itself
(``core.deadline`` does) or send anything (``ticks`` does).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache

from bridge.core.calendar import civil_date, instant_at
from bridge.core.deadline import due_at, ladder
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.deadline import Deadline, DeadlineBasis, Step
from bridge.core.model.ticket import Ticket
from bridge.core.policy import LimitSource, LimitUnit, Policy, TimeLimit
from bridge.core.values import changed
from bridge.core.vocabulary import LEADING_OFFICE, DeadlineKind, DeadlineStatus, ProcedureId, Role, TicketKind

CHINA = timezone(timedelta(hours=8))

OPEN = frozenset({DeadlineStatus.RUNNING, DeadlineStatus.DUE_SOON, DeadlineStatus.OVERDUE})
"""Statuses of a clock that still runs (late or not)."""

OF_TICKETS = frozenset({DeadlineKind.REPLY, DeadlineKind.ACCEPT_NOTICE})
"""Clocks of a ticket: whoever leads the case answers for them."""

LAPSES = frozenset({DeadlineKind.RETURN, DeadlineKind.OBJECTION})
"""Windows: their end is no breach, only the end of a right."""

OF_COMPLEX = frozenset({DeadlineKind.APPROVAL, DeadlineKind.MEETING})
"""Limits of a complex case; the first runs before the case is one."""

PAUSE, EXTENSION = "pause", "extension"
"""The sources of a limit that moved: the case stood still, or more time was given."""

LISTED = "taken_over"
"""The source of a limit that the county's own 台账 named when the case was taken over."""

TRIAGE_UNIT = "office"
"""The unit whose queue an unrouted case waits in (R7: the hub)."""


@lru_cache(maxsize=2_048)
def iso(instant: datetime | None) -> str | None:
    """Render an instant as ISO 8601 at +08:00, to the second."""
    return None if instant is None else instant.astimezone(CHINA).replace(microsecond=0).isoformat()


@dataclass(frozen=True, slots=True)
class Scope:
    """What chooses the limits of a clock; ``policy`` is one snapshot of the rules."""

    policy: Policy
    kind: DeadlineKind
    procedure: ProcedureId
    ticket_kind: TicketKind | None
    adapter: str | None
    category: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the limits of a clock come to: every basis, the one that binds, and its whole ladder."""

    bases: tuple[DeadlineBasis, ...]
    due_at: datetime
    unit: LimitUnit
    provisional: bool
    rungs: tuple[Step, ...]


def _scope(work: Work, kind: DeadlineKind, ticket: Ticket | None) -> Scope:
    of = ticket or next(iter(work.tickets.values()), None)
    procedure = ProcedureId.JOINT_COMPLEX if kind in OF_COMPLEX else work.case.procedure
    return Scope(
        work.policy,
        kind,
        procedure or ProcedureId.TRANSFER,
        of.kind if of else None,
        work.context.terms(of.feed).adapter if of else None,
        work.case.category,
    )


@lru_cache(maxsize=1_024)
def _limits(scope: Scope) -> tuple[TimeLimit, ...]:
    return scope.policy.limits_for(
        scope.kind,
        procedure=scope.procedure,
        ticket_kind=scope.ticket_kind,
        adapter=scope.adapter,
        category=scope.category,
    )


def limits(work: Work, kind: DeadlineKind, ticket: Ticket | None) -> tuple[TimeLimit, ...]:
    """Return the limits of the rules and statutes that a clock of this kind is made from."""
    return _limits(_scope(work, kind, ticket))


def start(  # noqa: PLR0913 - a clock simply has this many inputs
    work: Work,
    kind: DeadlineKind,
    owner: str,
    unit: str,
    start_at: datetime,
    *,
    ticket: Ticket | None = None,
    upstream: datetime | None = None,
    reminded: bool = True,
) -> Deadline | None:
    """Start a clock for ``owner`` (a ticket, assignment or case id); None if nothing limits it.

    The effective limit is the earliest of ``upstream``, the statutes and the rules' own (domain 3.8).
    Reminders that would lie before this moment are recorded, not sent.
    """
    scope = _scope(work, kind, ticket)
    plan = _plan(scope, _counted_from(scope, start_at), upstream, reminded=reminded)
    if plan is None:
        return None
    first = plan.rungs[0]
    deadline = Deadline(
        id=f"{work.case.id}d{work.next_serial()}",
        case_id=work.case.id,
        kind=kind,
        owner=owner,
        unit=unit,
        round=work.case.round,
        status=DeadlineStatus.RUNNING,
        start_at=start_at,
        due_at=plan.due_at,
        basis=plan.bases,
        calendar_version=work.policy.calendar.version,
        provisional=plan.provisional,
        steps=plan.rungs,
        next_step=first.name,
        next_fire_at=None if work.case.suspended else first.at,
    )
    if first.at <= start_at or first.at <= work.now:
        deadline = with_ladder(work, deadline, plan.unit, reminded=len(plan.rungs) > 1, after=work.now)
    work.deadlines[deadline.id] = deadline
    return deadline


def _counted_from(scope: Scope, start_at: datetime) -> datetime:
    """Return the instant limits are counted from: the start of its day, unless one of them counts hours."""
    if any(limit.unit is LimitUnit.WORKING_HOURS for limit in _limits(scope)):
        return start_at
    return instant_at(civil_date(start_at), time.min)


@lru_cache(maxsize=4_096)
def _plan(scope: Scope, start_at: datetime, upstream: datetime | None, *, reminded: bool) -> Plan | None:
    """Count limits from a start; tickets of one day that the same limits bind share the result."""
    calendar = scope.policy.calendar
    candidates = _candidates(scope, start_at, upstream)
    if not candidates:
        return None
    basis, unit, provisional, shown_only = min(candidates, key=lambda candidate: candidate[0].due_at)
    bases = tuple(candidate[0] for candidate in candidates)
    remind = reminded and not shown_only and scope.kind not in LAPSES
    rungs = ladder(start_at, basis.due_at, calendar, unit=unit, reminded=remind, amount=_natural(basis, unit))
    return Plan(bases, basis.due_at, unit, provisional, rungs)


def _candidates(
    scope: Scope, start_at: datetime, upstream: datetime | None
) -> list[tuple[DeadlineBasis, LimitUnit, bool, bool]]:
    calendar = scope.policy.calendar
    found: list[tuple[DeadlineBasis, LimitUnit, bool, bool]] = []
    for limit in _limits(scope):
        due = due_at(limit.amount, limit.unit, start_at, calendar)
        basis = DeadlineBasis(limit.source.value, due.at, limit.clause, limit.amount, limit.unit.value)
        found.append((basis, limit.unit, due.provisional, not limit.reminded))
    if upstream is not None:
        found.append((_outer_limit(scope.kind, upstream), LimitUnit.WORKING_DAYS, False, False))
    return found


def _outer_limit(kind: DeadlineKind, due: datetime) -> DeadlineBasis:
    """Name a limit that comes from outside: the upstream's for a reply, else the reply this clock serves."""
    if kind is DeadlineKind.REPLY:
        return DeadlineBasis(LimitSource.UPSTREAM.value, due, "上游办结时限")
    return DeadlineBasis("reply", due, "不晚于答复时限")


def with_ladder(work: Work, deadline: Deadline, unit: LimitUnit, *, reminded: bool, after: datetime) -> Deadline:
    """Give a deadline its ladder; rungs not after ``after`` are dropped, but never the breach itself."""
    amount = _natural(binding_basis(deadline), unit)
    calendar = work.policy.calendar
    rungs = ladder(deadline.start_at, deadline.due_at, calendar, unit=unit, reminded=reminded, amount=amount)
    missed = deadline.status is DeadlineStatus.OVERDUE
    steps = tuple(step for step in rungs if step.at > after or (step.name == "overdue" and not missed))
    skipped = [step.name for step in rungs if step not in steps]
    if skipped:
        work.record("reminder.skipped", deadline=deadline.id, kind=deadline.kind.value, steps=skipped)
    first = _after(steps, None)
    fire_at = first.at if first and not work.case.suspended else None
    return changed(deadline, steps=steps, next_step=first.name if first else None, next_fire_at=fire_at)


def _natural(winner: DeadlineBasis | None, unit: LimitUnit) -> int | None:
    """Return the natural days of a limit before it rolled past a holiday, as its ladder counts them."""
    return winner.amount if winner and unit is LimitUnit.DAYS else None


def binding_basis(deadline: Deadline) -> DeadlineBasis | None:
    """Return the basis a deadline stands on, which need not be the last one found; None if it has none."""
    return min(deadline.basis, key=lambda basis: abs(basis.due_at - deadline.due_at), default=None)


def binding_clause(deadline: Deadline) -> str | None:
    """Return the clause a deadline stands on, as the words to a unit or the leading group cite it."""
    basis = binding_basis(deadline)
    return basis.clause if basis else None


def _after(steps: tuple[Step, ...], done: str | None) -> Step | None:
    if done is None:
        return steps[0] if steps else None
    names = [step.name for step in steps]
    rest = steps[names.index(done) + 1 :] if done in names else steps
    return rest[0] if rest else None


def advance(work: Work, deadline: Deadline) -> Deadline:
    """Move a deadline to its next rung after the present one has fired."""
    step = _after(deadline.steps, deadline.next_step)
    return work.set_deadline(deadline, next_step=step.name if step else None, next_fire_at=step.at if step else None)


def close(work: Work, deadline: Deadline | None, *, at: datetime | None = None) -> None:
    """Close a clock as met or missed, by the moment ``at`` (default now); a closed one stays as it is."""
    if deadline is None or deadline.status not in OPEN:
        return
    met = deadline.kind in LAPSES or in_time(work, deadline, at or work.now)
    status = DeadlineStatus.MET if met else DeadlineStatus.MISSED
    if not met and deadline.status is not DeadlineStatus.OVERDUE:
        record_miss(work, deadline)
    if not met or deadline.status is DeadlineStatus.OVERDUE:
        _record_end_of_delay(work, deadline)
    work.set_deadline(deadline, status=status, closed_at=work.now, next_step=None, next_fire_at=None)


def in_time(work: Work, deadline: Deadline, at: datetime) -> bool:
    """Tell whether a moment keeps a limit; a limit that had not run out when a pause began stands still."""
    paused = work.case.suspended_at if work.case.suspended else None
    return at <= deadline.due_at or (paused is not None and paused < deadline.due_at)


def record_miss(work: Work, deadline: Deadline) -> None:
    """Write a breach into the history, once: by the sweep, or by the late receipt that came before it."""
    unit = notify_unit(work, deadline)
    work.record("deadline.missed", deadline=deadline.id, kind=deadline.kind.value, unit=unit)


def _record_end_of_delay(work: Work, deadline: Deadline) -> None:
    """Write into the history that a missed clock is no longer overdue: met after all, moved, or no longer due."""
    work.record("delay.ended", deadline=deadline.id, kind=deadline.kind.value)


def cancel(work: Work, deadline: Deadline | None) -> None:
    """Stop a clock that no longer applies."""
    if deadline is not None and deadline.status in OPEN:
        if deadline.status is DeadlineStatus.OVERDUE:
            _record_end_of_delay(work, deadline)
        work.set_deadline(
            deadline, status=DeadlineStatus.CANCELLED, closed_at=work.now, next_step=None, next_fire_at=None
        )


def cancel_all(work: Work, owner: str | None = None) -> None:
    """Stop every running clock of an owner, or of the whole case."""
    for deadline in list(work.deadlines.values()):
        if owner is None or deadline.owner == owner:
            cancel(work, deadline)


def move(work: Work, deadline: Deadline, until: datetime, clause: str, *, source: str = EXTENSION) -> None:
    """Move a clock to ``until``; the original date is kept, rungs already past do not fire again."""
    moved = replace(
        deadline,
        due_at=until,
        original_due_at=deadline.original_due_at or deadline.due_at,
        status=DeadlineStatus.RUNNING if until > work.now else deadline.status,
        basis=(*deadline.basis, DeadlineBasis(source, until, clause)),
    )
    _note_relief(work, deadline, moved)
    fired_until = max(work.now, deadline.start_at)
    work.deadlines[deadline.id] = with_ladder(
        work, moved, LimitUnit.WORKING_DAYS, reminded=_is_reminded(work, deadline), after=fired_until
    )


def _is_reminded(work: Work, deadline: Deadline) -> bool:
    """Tell whether a clock has a ladder of its own; one registered late may have lost its rungs."""
    if deadline.kind in LAPSES or any(not limit.reminded for limit in limits(work, deadline.kind, None)):
        return False
    assignment = work.assignments.get(deadline.owner)
    return assignment is None or deadline.kind is not DeadlineKind.OPINION or not _opinion_is_reply(work, assignment)


def start_reply(work: Work, ticket: Ticket, start_at: datetime, upstream: datetime | None) -> None:
    """Start the clock of the reply owed to one ticket."""
    unit = work.case.lead or TRIAGE_UNIT
    start(work, DeadlineKind.REPLY, ticket.id, unit, start_at, ticket=ticket, upstream=upstream)


def run_on(work: Work, ticket: Ticket) -> None:
    """Let a ticket's clocks that were stopped with its case run on to the limits they had, an extension included."""
    unit = work.case.lead or TRIAGE_UNIT
    for kind in OF_TICKETS:
        known = [d for d in work.deadlines.values() if d.owner == ticket.id and d.kind is kind]
        if known and known[-1].status is DeadlineStatus.CANCELLED:
            _run_again(work, known[-1], unit)


def _run_again(work: Work, stopped: Deadline, unit: str) -> None:
    winner = binding_basis(stopped)
    again = changed(
        stopped, id=f"{work.case.id}d{work.next_serial()}", case_id=work.case.id, unit=unit, round=work.case.round,
        status=DeadlineStatus.RUNNING, closed_at=None,
    )  # fmt: skip
    unit_of = LimitUnit(winner.unit) if winner and winner.unit else LimitUnit.WORKING_DAYS
    reminded = _is_reminded(work, stopped)
    work.deadlines[again.id] = with_ladder(work, again, unit_of, reminded=reminded, after=work.now)


def restart_reply_limits(work: Work) -> None:
    """Recompute the reply limits after the procedure or lead changed; they still run from receipt.

    An extension that was granted stays. Source: contract section 3, "the case's clocks never reset".
    """
    unit = work.case.lead or TRIAGE_UNIT
    for ticket in work.owing_tickets():
        notice = work.clock_of(ticket.id, DeadlineKind.ACCEPT_NOTICE)
        if notice is not None and notice.status in OPEN:
            work.set_deadline(notice, unit=unit)
        deadline = work.clock_of(ticket.id, DeadlineKind.REPLY)
        if deadline is None or deadline.status not in OPEN:
            continue
        if fixed_by_hand(deadline):
            work.set_deadline(deadline, unit=unit)
            continue
        upstream = next((b.due_at for b in deadline.basis if b.source == LimitSource.UPSTREAM.value), None)
        candidates = _candidates(_scope(work, DeadlineKind.REPLY, ticket), deadline.start_at, upstream)
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
        work, replace(deadline, unit=unit, basis=bases, provisional=provisional), basis.due_at, unit_of, reminded=True
    )


def put_to(work: Work, deadline: Deadline, due: datetime, unit_of: LimitUnit, *, reminded: bool | None = None) -> None:
    """Let a clock end at another instant, with the rungs that follow from it; ``reminded`` None: as it was."""
    moved = replace(
        deadline,
        due_at=due,
        original_due_at=deadline.original_due_at or (deadline.due_at if due != deadline.due_at else None),
        status=DeadlineStatus.RUNNING if due > work.now else deadline.status,
    )
    _note_relief(work, deadline, moved)
    remind = _is_reminded(work, deadline) if reminded is None else reminded
    work.deadlines[deadline.id] = with_ladder(work, moved, unit_of, reminded=remind, after=work.now)


def _note_relief(work: Work, before: Deadline, moved: Deadline) -> None:
    if before.status is DeadlineStatus.OVERDUE and moved.status is DeadlineStatus.RUNNING:
        _record_end_of_delay(work, before)


def start_for_dispatch(work: Work, assignment: Assignment, *, sign: bool, opinion: bool) -> None:
    """Start the clocks that run from a dispatch: signing, the return window, the opinion."""
    if sign:
        start(work, DeadlineKind.SIGN, assignment.id, assignment.unit, work.now)
        if assignment.may_return:
            start(work, DeadlineKind.RETURN, assignment.id, assignment.unit, work.now)
    if opinion:
        start_opinion(work, assignment)


def start_opinion(work: Work, assignment: Assignment) -> None:
    """Start an opinion clock, never later than the reply it serves.

    A lead whose opinion *is* the reply (transfer, direct) is reminded by the reply's own ladder only.
    A clock that runs already is left alone.
    """
    running = work.clock_of(assignment.id, DeadlineKind.OPINION)
    if running is not None and running.status in OPEN:
        return
    reply = reply_due(work)
    start(
        work,
        DeadlineKind.OPINION,
        assignment.id,
        assignment.unit,
        work.now,
        upstream=reply if reply is not None and reply > work.now else None,
        reminded=not _opinion_is_reply(work, assignment),
    )


def _opinion_is_reply(work: Work, assignment: Assignment) -> bool:
    return assignment.role is Role.LEAD and work.case.procedure in (ProcedureId.TRANSFER, ProcedureId.DIRECT)


def start_consolidation(work: Work, assignment: Assignment, last_opinion_at: datetime) -> None:
    """Start the clock of the consolidated opinion; it runs from the last opinion."""
    start(work, DeadlineKind.CONSOLIDATE, assignment.id, assignment.unit, last_opinion_at)


def start_objection(work: Work) -> None:
    """Start the window for objections, the longest that any ticket of the case gives its petitioner."""
    unit = work.case.accepting_unit or work.case.lead or TRIAGE_UNIT
    ends = {
        ticket.id: min(found, key=lambda candidate: candidate[0].due_at)[0].due_at
        for ticket in work.tickets.values()
        if (found := _candidates(_scope(work, DeadlineKind.OBJECTION, ticket), work.now, None))
    }
    last = max(ends, key=lambda ticket_id: ends[ticket_id], default=None)
    if last is not None:
        start(work, DeadlineKind.OBJECTION, work.case.id, unit, work.now, ticket=work.tickets[last])


def reply_due(work: Work) -> datetime | None:
    """Return the earliest reply limit of the tickets of the present round."""
    present = [ticket for ticket in work.tickets.values() if ticket.case_round == work.case.round]
    due = [d.due_at for t in present if (d := work.clock_of(t.id, DeadlineKind.REPLY))]
    return min(due, default=None)


def suspend(work: Work) -> None:
    """Silence every running clock while the case is paused."""
    for deadline in list(work.deadlines.values()):
        if deadline.status in OPEN:
            work.set_deadline(deadline, next_fire_at=None)


def resume(work: Work, suspended_at: datetime) -> None:
    """Let the clocks run on: every limit not yet past when the pause began moves by the time paused, in its own days."""
    for deadline in list(work.deadlines.values()):
        if deadline.status not in OPEN:
            continue
        paused_from = max(suspended_at, deadline.start_at)
        if deadline.due_at <= suspended_at:
            rung = next((step for step in deadline.steps if step.name == deadline.next_step), None)
            work.set_deadline(deadline, next_fire_at=rung.at if rung else None)
        else:
            until = _later_by_pause(work, deadline, paused_from)
            move(
                work,
                deadline,
                until,
                f"中止 {(work.now - paused_from) // timedelta(days=1)} 天后恢复计时",
                source=PAUSE,
            )


def _later_by_pause(work: Work, deadline: Deadline, suspended_at: datetime) -> datetime:
    calendar, local = work.policy.calendar, deadline.due_at.astimezone(CHINA)
    begun, ended = suspended_at.astimezone(CHINA).date(), work.now.astimezone(CHINA).date()
    natural = _natural_days(deadline)
    if natural is not None:
        rolled = any(basis.due_at == deadline.due_at and basis.amount == natural for basis in deadline.basis)
        last = deadline.start_at.astimezone(CHINA).date() + timedelta(days=natural) if rolled else local.date()
        day = last + (ended - begun)
        day = calendar.next_working_day(day)
    else:
        paused = calendar.working_days_between(begun, ended)
        day = calendar.add_working_days(local.date(), paused) if paused else local.date()
    return datetime.combine(day, local.timetz()).astimezone(UTC)


def _natural_days(deadline: Deadline) -> int | None:
    """Return the natural days (信访, the objection window) that the limit that stands was counted in; else None."""
    counted = [basis for basis in deadline.basis if basis.unit]
    winner = min(counted, key=lambda basis: basis.due_at, default=None)
    return winner.amount if winner is not None and winner.unit == LimitUnit.DAYS.value else None


def notify_unit(work: Work, deadline: Deadline) -> str:
    """Return the unit that answers for a deadline now."""
    if deadline.kind in (DeadlineKind.APPROVAL, DeadlineKind.MEETING):
        return LEADING_OFFICE
    return work.case.lead or TRIAGE_UNIT if deadline.kind in OF_TICKETS else deadline.unit


def replace_limit(work: Work, deadline: Deadline, due: datetime) -> None:
    """Let the upstream's limit stand alone for a round it asked for (contract section 3, "Rework")."""
    basis = (DeadlineBasis(LimitSource.UPSTREAM.value, due, "上游重办时限"),)
    replaced = replace(deadline, due_at=due, basis=basis, provisional=False, steps=())
    work.deadlines[deadline.id] = with_ladder(work, replaced, LimitUnit.WORKING_DAYS, reminded=True, after=work.now)
