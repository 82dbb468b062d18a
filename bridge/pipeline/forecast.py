"""What our own clocks would do by a date if nobody acted: the sweep, played on copies.

Owns: playing the rungs of one case in order of time. Must not: write anything; every decision is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.core.lifecycle import decide
from bridge.core.lifecycle.clocks import OPEN
from bridge.core.lifecycle.work import Context
from bridge.core.model.deadline import Deadline
from bridge.core.model.event import SYSTEM
from bridge.core.model.file import CaseFile
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

BATCH = 100


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One rung that would fire: ``step`` is ``half``, ``eighty``, ``due_day``, ``overdue``, ``after_one`` or ``escalate``.

    ``at`` and ``due_at`` are aware UTC; ``provisional`` says that no published calendar covers the date.
    """

    at: datetime
    case_id: str
    kind: str
    unit: str
    step: str
    due_at: datetime
    provisional: bool


def page(tx: Tx, runtime: Runtime, until: datetime, after: str) -> tuple[list[Foreseen], str | None]:
    """Foresee the next hundred cases after an id that have something due; the last id, or None at the end."""
    ids = runtime.store.queries.cases_firing(tx, until, after, BATCH)
    context = runtime.context(SYSTEM, "forecast")
    files = [file for case_id in ids if (file := runtime.store.cases.load(tx, case_id)) is not None]
    found = [each for file in files for each in foresee(file, context, until)]
    return found, ids[-1] if len(ids) == BATCH else None


def foresee(file: CaseFile, context: Context, until: datetime) -> Iterator[Foreseen]:
    """Fire every rung of a case up to ``until``, each at its own time; what is late already fires now."""
    while (deadline := _next(file, until)) is not None:
        fires_at, step = deadline.next_fire_at or until, deadline.next_step or ""
        at = max(fires_at, context.now)
        decision = decide.tick(file, deadline.id, step, replace(context, now=at))
        if decision is None:
            return
        unit, kind = deadline.unit, deadline.kind.value
        yield Foreseen(at, file.case.id, kind, unit, step, deadline.due_at, deadline.provisional)
        file = decision.file


def _next(file: CaseFile, until: datetime) -> Deadline | None:
    waiting = [
        deadline
        for deadline in file.deadlines
        if deadline.status in OPEN and deadline.next_fire_at is not None and deadline.next_fire_at <= until
    ]
    return min(waiting, key=lambda deadline: (deadline.next_fire_at, deadline.id), default=None)
