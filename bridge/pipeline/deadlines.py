"""The sweep: reads only the rungs that are due and fires each exactly once.

Owns: finding what is due and firing it in a unit of work of its own; the rung is checked again inside,
so two sweeps never fire it twice. Must not: decide what a rung does (``core.lifecycle.ticks``).
"""

from __future__ import annotations

from bridge.core.lifecycle import decide
from bridge.core.model.event import SYSTEM
from bridge.pipeline.commit import Committed, load, write
from bridge.pipeline.runtime import Runtime
from bridge.store.queries import DueStep
from bridge.store.writer import Tx

BATCH = 200


def due(tx: Tx, runtime: Runtime) -> list[DueStep]:
    """Return what is due now, earliest first, at most a batch."""
    return runtime.store.queries.due_steps(tx, runtime.now(), BATCH)


def fire(tx: Tx, runtime: Runtime, step: DueStep) -> Committed | None:
    """Fire one rung; None if it fired already or the clock moved."""
    file = load(tx, runtime, step.case_id)
    context = runtime.context(SYSTEM, f"deadline:{step.deadline_id}:{step.step}")
    decision = decide.tick(file, step.deadline_id, step.step, context)
    return write(tx, runtime, file, decision) if decision is not None else None
