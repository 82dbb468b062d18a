"""Open limits counted again when the calendar changed: a year's notice came out, or was amended.

Owns: which limits a calendar can move, and moving them. Must not: touch what a person or an upstream fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.core.civil import iso
from bridge.core.deadline import Due, due_at
from bridge.core.lifecycle import clocks, moves
from bridge.core.lifecycle.clocks import OF_TICKETS, OPEN
from bridge.core.lifecycle.work import Work
from bridge.core.model.deadline import Deadline, DeadlineBasis
from bridge.core.policy import LimitUnit
from bridge.core.vocabulary import DeadlineKind

_SERVES = "reply"
"""The basis of a limit that ends with the reply it served when it began; it follows what a recount moves, no more."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """A limit that another calendar ends at another instant (aware UTC), or at the same one for certain (or not)."""

    case_id: str
    kind: str
    unit: str
    before: datetime
    after: datetime
    provisional: bool

    @property
    def moves(self) -> bool:
        """Tell whether the limit ends at another instant, not only for certain."""
        return self.before != self.after


def recount(work: Work) -> list[Recounted]:
    """Count the open limits of a case by the calendar of the moment; those of the tickets first, others serve them."""
    running = [deadline for deadline in work.deadlines.values() if deadline.status in OPEN]
    running.sort(key=lambda deadline: (deadline.kind not in OF_TICKETS, deadline.id))
    counted: list[Recounted] = []
    for deadline in running:
        counted += _again(work, deadline, _moved_replies(work, running))
    if counted:
        work.record(
            "deadline.recounted",
            calendar=work.policy.calendar.version,
            moved=[
                {"kind": one.kind, "unit": one.unit, "from": iso(one.before), "to": iso(one.after)}
                for one in counted
                if one.moves
            ],
        )
    return counted


def _moved_replies(work: Work, running: Sequence[Deadline]) -> dict[datetime, datetime]:
    """Return where this recount moved the open reply limits: from what it found to what stands now, the earliest."""
    moved: dict[datetime, datetime] = {}
    for before in running:
        if before.kind is DeadlineKind.REPLY:
            now = work.deadlines[before.id].due_at
            moved[before.due_at] = min(now, moved.get(before.due_at, now))
    return moved


def _again(work: Work, deadline: Deadline, replies: Mapping[datetime, datetime]) -> Iterator[Recounted]:
    counted = [(basis, due) for basis in deadline.basis if (due := _due(work, deadline, basis)) is not None]
    if moves.fixed_by_hand(deadline) or not counted:
        return
    basis = tuple(_with(one, dict(counted).get(one), replies) for one in deadline.basis)
    best = min(basis, key=lambda one: one.due_at)
    provisional = any(due.provisional for _, due in counted if due.at == best.due_at)
    if (best.due_at, provisional) == (deadline.due_at, deadline.provisional):
        return
    fresh = replace(deadline, basis=basis, provisional=provisional, calendar_version=work.policy.calendar.version)
    moves.put_to(work, fresh, best.due_at, LimitUnit(best.unit) if best.unit else LimitUnit.WORKING_DAYS)
    unit = clocks.notify_unit(work, deadline)
    yield Recounted(work.case.id, deadline.kind.value, unit, deadline.due_at, best.due_at, provisional)


def _due(work: Work, deadline: Deadline, basis: DeadlineBasis) -> Due | None:
    if basis.amount is None or basis.unit is None:
        return None
    return due_at(basis.amount, LimitUnit(basis.unit), deadline.start_at, work.policy.calendar)


def _with(basis: DeadlineBasis, due: Due | None, replies: Mapping[datetime, datetime]) -> DeadlineBasis:
    if due is not None:
        return replace(basis, due_at=due.at)
    return replace(basis, due_at=replies.get(basis.due_at, basis.due_at)) if basis.source == _SERVES else basis
