"""What units send, each receipt in one unit of work.

Owns: that a unit speaks only for its own assignments, and the 202 that carries its new view.
Source: contract section 3, "Units".
"""

from __future__ import annotations

from bridge.core.commands import UnitReceipt
from bridge.core.lifecycle import decide, legal_receipts
from bridge.core.lifecycle.work import Work
from bridge.core.model.event import Actor
from bridge.errors import NotFound
from bridge.pipeline.commit import load, write
from bridge.pipeline.inbound import Answer, Inbound
from bridge.pipeline.intake import ACCEPTED, Taken
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Phases, Tx


def case_of(assignment_id: str) -> str:
    """Return the case an assignment id belongs to (``<case id>a<number>``). Raises NotFound for another shape."""
    case_id, _, number = assignment_id.rpartition("a")
    if not case_id or not number.isdecimal():
        raise NotFound("没有这个交办件，请核对 assignment_id")
    return case_id


def accept_receipt(
    tx: Tx,
    runtime: Runtime,
    unit: str,
    assignment_id: str,
    receipt: UnitReceipt,
    *,
    actor: Actor,
    inbound: Inbound | None,
) -> Phases[Taken]:
    """Apply a unit's receipt. Raises NotFound for another unit's assignment, IllegalTransition with both lists."""
    if inbound is not None and (first := runtime.store.inbound.first_answer(tx, inbound)):
        return Taken(first)
    file = load(tx, runtime, case_of(assignment_id))
    if not any(a.id == assignment_id and a.unit == unit for a in file.assignments):
        raise NotFound("没有这个交办件，或不属于本单位")
    yield
    context = runtime.context(actor, inbound.webhook_id if inbound else f"receipt:{receipt.type.value}")
    decision = decide.receive(file, assignment_id, receipt, context).decision()
    yield
    committed = write(tx, runtime, file, decision)
    yield
    answer = Answer(ACCEPTED, receipt_view(Work.on(committed.file, context), assignment_id))
    if inbound is not None:
        runtime.store.inbound.remember(tx, inbound, answer, runtime.wall())
    return Taken(answer, committed)


def receipt_view(work: Work, assignment_id: str) -> dict[str, object]:
    """Return the body of the 202 to a receipt."""
    assignment = work.assignments[assignment_id]
    return {
        "assignment_id": assignment_id,
        "state": assignment.state.value,
        "case_state": work.case.state.value,
        "opinion_version": assignment.opinion_version,
        "owed": legal_receipts.owed(assignment),
        "allowed": legal_receipts.allowed(work, assignment),
    }
