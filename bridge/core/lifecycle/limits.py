"""What limits a clock: the upstream's date, the statutes and the rules' own limits; the earliest binds.

Owns: which candidates a limit is chosen from, the one that binds, and its ladder; what tickets of one day share is
counted once. Must not: compute dates itself (``core.deadline`` does) or change a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import NamedTuple

from bridge.core.civil import civil_date, instant_at
from bridge.core.deadline import due_at, ladder
from bridge.core.lifecycle.work import Work
from bridge.core.model.deadline import Deadline, DeadlineBasis, Step
from bridge.core.model.ticket import Ticket
from bridge.core.policy import LimitSource, LimitUnit, Policy, TimeLimit
from bridge.core.snapshots import kept
from bridge.core.vocabulary import DeadlineKind, ProcedureId, TicketKind

LAPSES = frozenset({DeadlineKind.RETURN, DeadlineKind.OBJECTION})
"""Windows: their end is no breach, only the end of a right."""

OF_COMPLEX = frozenset({DeadlineKind.APPROVAL, DeadlineKind.MEETING})
"""Limits of a complex case; the first runs before the case is one."""


class Scope(NamedTuple):
    """What chooses the limits of a clock; ``policy`` is one snapshot of the rules. A key to what is kept, so a tuple."""

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


def scope_of(work: Work, kind: DeadlineKind, ticket: Ticket | None) -> Scope:
    """Return what chooses the limits of a clock of the case, or of one of its tickets."""
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


@kept(1_024)
def of_scope(scope: Scope) -> tuple[TimeLimit, ...]:
    """Return the limits of the rules and statutes for a scope."""
    return scope.policy.limits_for(
        scope.kind,
        procedure=scope.procedure,
        ticket_kind=scope.ticket_kind,
        adapter=scope.adapter,
        category=scope.category,
    )


def of_clock(work: Work, kind: DeadlineKind, ticket: Ticket | None) -> tuple[TimeLimit, ...]:
    """Return the limits of the rules and statutes that a clock of this kind is made from."""
    return of_scope(scope_of(work, kind, ticket))


def counted_from(scope: Scope, start_at: datetime) -> datetime:
    """Return the instant limits are counted from: the start of its day, unless one of them counts hours."""
    return start_at if _counts_hours(scope) else _day_of(start_at)


@kept(1_024)
def _counts_hours(scope: Scope) -> bool:
    return any(limit.unit is LimitUnit.WORKING_HOURS for limit in of_scope(scope))


@lru_cache(maxsize=256)
def _day_of(instant: datetime) -> datetime:
    """Return the start of a day; one decision starts several clocks at one instant."""
    return instant_at(civil_date(instant), time.min)


@kept(4_096)
def plan(scope: Scope, start_at: datetime, upstream: datetime | None, *, reminded: bool) -> Plan | None:
    """Count limits from a start; tickets of one day that the same limits bind share the result."""
    calendar = scope.policy.calendar
    found = candidates(scope, start_at, upstream)
    if not found:
        return None
    basis, unit, provisional, shown_only = min(found, key=lambda candidate: candidate[0].due_at)
    bases = tuple(candidate[0] for candidate in found)
    remind = reminded and not shown_only and scope.kind not in LAPSES
    rungs = ladder(start_at, basis.due_at, calendar, unit=unit, reminded=remind, amount=natural_days(basis, unit))
    return Plan(bases, basis.due_at, unit, provisional, rungs)


def candidates(
    scope: Scope, start_at: datetime, upstream: datetime | None
) -> list[tuple[DeadlineBasis, LimitUnit, bool, bool]]:
    """Return every limit with its unit, whether it is provisional, and whether it is shown only (no reminders)."""
    calendar = scope.policy.calendar
    found: list[tuple[DeadlineBasis, LimitUnit, bool, bool]] = []
    for limit in of_scope(scope):
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


def natural_days(winner: DeadlineBasis | None, unit: LimitUnit) -> int | None:
    """Return the natural days of a limit before it rolled past a holiday, as its ladder counts them."""
    return winner.amount if winner and unit is LimitUnit.DAYS else None


def binding_basis(deadline: Deadline) -> DeadlineBasis | None:
    """Return the basis a deadline stands on, which need not be the last one found; None if it has none."""
    return min(deadline.basis, key=lambda basis: abs(basis.due_at - deadline.due_at), default=None)


def binding_clause(deadline: Deadline) -> str | None:
    """Return the clause a deadline stands on, as the words to a unit or the leading group cite it."""
    basis = binding_basis(deadline)
    return basis.clause if basis else None
