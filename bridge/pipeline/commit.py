"""Load, decide, save, queue: the shape of every change to a case, inside one unit of work.

Owns: that state, history and outbox rows are written together. Must not: open a transaction itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bridge.core.lifecycle import decide, exclusion
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.case import Case
from bridge.core.model.event import SYSTEM
from bridge.core.model.file import CaseFile, Decision
from bridge.core.model.message import Message
from bridge.core.vocabulary import MessageType, OutboxState
from bridge.errors import NotFound, StaleRow
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

_ANSWERS = frozenset({MessageType.TICKET_REPLIED, MessageType.TICKET_RETURNED})
"""What ends the case of a part."""
_MOVES = 4
"""How often a ticket's case is looked up again when merges go on beside us."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A change that will be durable once the unit of work commits; ``also`` are other cases changed with it."""

    file: CaseFile
    decision: Decision
    also: tuple[Committed, ...] = ()


def write(tx: Tx, runtime: Runtime, before: CaseFile | None, decision: Decision) -> Committed:
    """Save a decision and put its messages into the outbox.

    A reply to an upstream that is not a system (a counter) is delivered by being recorded, so its
    consequence follows at once.
    """
    decision = _keep_from_excluded(tx, runtime, decision)
    after = runtime.store.cases.save(tx, before, decision)
    placed = [(message, runtime.placement(message)) for message in decision.messages]
    runtime.store.outbox.put(tx, placed, runtime.wall())
    committed = Committed(after, decision)
    for message, placement in placed:
        if placement.state is OutboxState.DELIVERED and message.type is MessageType.TICKET_REPLIED:
            committed = _delivered_at_once(tx, runtime, committed, message)
        if placement.state is OutboxState.DELIVERED and message.type in _ANSWERS:
            committed = replace(committed, also=(*committed.also, *_part_answered(tx, runtime, after, message)))
    return committed


def _keep_from_excluded(tx: Tx, runtime: Runtime, decision: Decision) -> Decision:
    """Stop what still waits for a unit that must have no part; one that never heard of the case learns nothing now."""
    units = {str(event.detail["unit"]) for event in decision.events if event.type == exclusion.EXCLUDED}
    if not units:
        return decision
    heard = runtime.store.outbox.cancel_for_units(tx, decision.file.case.id, units)
    return without_unheard(decision, heard, units)


def without_unheard(decision: Decision, heard: set[str], units: set[str] | None = None) -> Decision:
    """Take back nothing from a unit that was never told of it."""
    withdrawn = MessageType.ASSIGNMENT_WITHDRAWN
    messages = tuple(
        m
        for m in decision.messages
        if m.type is not withdrawn or m.assignment_id in heard or (units is not None and m.target not in units)
    )
    return replace(decision, messages=messages)


def _delivered_at_once(tx: Tx, runtime: Runtime, committed: Committed, message: Message) -> Committed:
    context = runtime.context(SYSTEM, f"recorded:{message.key}")
    follow_up = decide.reply_delivered(committed.file, message.ticket_id or "", message.key, context)
    written = write(tx, runtime, committed.file, follow_up)
    events = (*committed.decision.events, *written.decision.events)
    messages = (*committed.decision.messages, *written.decision.messages)
    decision = Decision(written.decision.file, events, messages)
    return Committed(written.file, decision, (*committed.also, *written.also))


def _part_answered(tx: Tx, runtime: Runtime, file: CaseFile, message: Message) -> Iterator[Committed]:
    """Carry the answer to a part's own ticket, wherever a merge took it, to the case it was split from."""
    home = next((ticket.home for ticket in file.tickets if ticket.id == message.ticket_id), file.case.id)
    part_of = _registered(tx, runtime, file, home).part_of
    if part_of is None:
        return
    whole = holder(tx, runtime, load(tx, runtime, part_of))
    if file.case.id in {whole.case.id, *wholes(tx, runtime, whole)}:
        return  # a circle of an older version: its cases would supplement each other for ever
    context = runtime.context(SYSTEM, f"part:{home}")
    yield write(tx, runtime, whole, decide.part_answered(whole, home, message.payload, context).decision())


def wholes(tx: Tx, runtime: Runtime, file: CaseFile) -> set[str]:
    """Return the cases that wait for what becomes of this one: those its tickets were split from, and so on."""
    found: set[str] = set()
    unseen = [file]
    while unseen:
        for whole in _waiting(tx, runtime, unseen.pop()):
            if whole.case.id not in found:
                found.add(whole.case.id)
                unseen.append(whole)
    return found


def _waiting(tx: Tx, runtime: Runtime, file: CaseFile) -> Iterator[CaseFile]:
    """Yield the cases this one was split from, or a case whose tickets it took in."""
    for home in dict.fromkeys((file.case.id, *(ticket.home for ticket in file.tickets))):
        part_of = _registered(tx, runtime, file, home).part_of
        if part_of is not None:
            yield holder(tx, runtime, load(tx, runtime, part_of))


def _registered(tx: Tx, runtime: Runtime, file: CaseFile, home: str) -> Case:
    """Return the case a ticket of this one was registered in."""
    return file.case if home == file.case.id else load(tx, runtime, home).case


def load(tx: Tx, runtime: Runtime, case_id: str) -> CaseFile:
    """Load a case file. Raises NotFound."""
    file = runtime.store.cases.load(tx, case_id)
    if file is None:
        raise NotFound("没有这个案件，请核对编号")
    return file


def load_with(tx: Tx, runtime: Runtime, case_id: str, ticket_id: str) -> CaseFile:
    """Load the case that has a ticket now; a merge may have moved it since ``case_id`` was noted. Raises StaleRow."""
    for _ in range(_MOVES):
        file = load(tx, runtime, case_id)
        if any(ticket.id == ticket_id for ticket in file.tickets):
            return file
        case_id = runtime.store.tickets.case_of(tx, ticket_id)
    raise StaleRow(f"ticket {ticket_id} is being moved between cases")


def holder(tx: Tx, runtime: Runtime, file: CaseFile) -> CaseFile:
    """Return the case that has the tickets of a merged case now: the end of the chain of merges."""
    while file.case.merged_into is not None:
        file = load(tx, runtime, file.case.merged_into)
    return file


def change(
    tx: Tx, runtime: Runtime, case_id: str, context: Context, decision_of: Callable[[CaseFile, Context], Work]
) -> tuple[Work, Committed]:
    """Change a case by a decision; returns the workspace (for the answer) and what was committed."""
    before = load(tx, runtime, case_id)
    work = decision_of(before, context)
    return work, write(tx, runtime, before, work.decision())
