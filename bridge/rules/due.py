"""Every due date and reminder a decision leads to, as if it were dispatched at the instant of receipt.

Owns: the earliest of the limits that fit, with the losers. Must not: know assignments or stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.core.assessment import Assessment
from bridge.core.civil import SHANGHAI
from bridge.core.deadline import due_at, ladder
from bridge.core.lifecycle.limits import LAPSES
from bridge.core.model.deadline import Step
from bridge.core.policy import Policy, TicketFacts, TimeLimit
from bridge.core.vocabulary import DeadlineKind

SHOWN = (
    DeadlineKind.SIGN,
    DeadlineKind.RETURN,
    DeadlineKind.ACCEPT_NOTICE,
    DeadlineKind.INVITE,
    DeadlineKind.OPINION,
    DeadlineKind.APPROVAL,
    DeadlineKind.REPLY,
)
"""Clocks that start with the dispatch or the receipt; the others start with a later event."""


@dataclass(frozen=True, slots=True)
class DueDate:
    """One clock: the limit that won, its end, its reminders, and what it won against."""

    kind: DeadlineKind
    limit: TimeLimit
    due_at: datetime
    provisional: bool
    steps: tuple[Step, ...]
    losers: tuple[tuple[str, datetime], ...] = ()


def due_dates(policy: Policy, made: Assessment, facts: TicketFacts) -> tuple[DueDate, ...]:
    """The clocks of a decision in scope, in the order of :data:`SHOWN`; none if nobody leads."""
    if made.route.lead is None or made.route.procedure is None:
        return ()
    dates = (_due(policy, kind, made, facts) for kind in SHOWN)
    return tuple(date for date in dates if date is not None)


def _due(policy: Policy, kind: DeadlineKind, made: Assessment, facts: TicketFacts) -> DueDate | None:
    limits = policy.limits_for(
        kind,
        procedure=made.route.procedure,
        ticket_kind=facts.kind,
        adapter=facts.adapter,
        category=made.classification.category,
    )
    start = facts.received_at
    ends = sorted(
        ((due_at(limit.amount, limit.unit, start, policy.calendar), limit) for limit in limits),
        key=lambda pair: pair[0].at,
    )
    if not ends:
        return None
    due, limit = ends[0]
    steps = ladder(start, due.at, policy.calendar, unit=limit.unit, reminded=limit.reminded and kind not in LAPSES)
    losers = tuple((other.id, end.at) for end, other in ends[1:])
    return DueDate(kind, limit, due.at, due.provisional, steps, losers)


def local(instant: datetime) -> str:
    """An instant as the people of the county write it, ISO 8601 with +08:00."""
    return instant.astimezone(SHANGHAI).isoformat()
