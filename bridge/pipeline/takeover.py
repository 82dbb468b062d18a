"""Open cases of the county's own 台账, each in one unit of work.

Owns: that a ticket known already is left alone, and that a dry run decides everything and writes nothing.
Must not: read a sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bridge.core.lifecycle.takeover import PaperCase, take_over
from bridge.core.lifecycle.work import Work
from bridge.core.model.event import Actor
from bridge.core.model.message import Message
from bridge.core.vocabulary import MessageType, OutboxState
from bridge.pipeline import intake
from bridge.pipeline.commit import write
from bridge.pipeline.runtime import Runtime
from bridge.store.outbox import Placement
from bridge.store.writer import Tx

TAKEN_OVER = "taken_over"
"""The reason of a message that was held when its case was taken over."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of a row: a new case, or one that was known; how many units are sent their assignment."""

    case_id: str
    state: str
    known: bool
    messages: int = 0


def decided(runtime: Runtime, feed: str, paper: PaperCase, actor: Actor) -> Work:
    """Decide what a row of the 台账 becomes, without writing. Raises InvalidPayload, IllegalTransition."""
    context = runtime.context(actor, f"import:{paper.draft.external_id}")
    assessment = intake.assess(feed, paper.draft, context)
    ids = runtime.ports.ids
    return take_over(feed, paper, assessment, context, ticket_id=ids.new("t"), case_id=ids.new("c"))


def accept(tx: Tx, runtime: Runtime, feed: str, paper: PaperCase, actor: Actor, *, held: bool, dry: bool) -> TakenOver:
    """Take a row over, unless its ticket is known."""
    known = runtime.store.tickets.known(tx, feed, paper.draft.external_id)
    if known is not None:
        return TakenOver(known.case_id, "", known=True)
    work = decided(runtime, feed, paper, actor)
    case = work.case
    if not dry:
        placed = replace(runtime, placement=_held(runtime.placement)) if held else runtime
        committed = write(tx, placed, None, work.decision())
        [ticket] = committed.file.tickets
        runtime.store.similar.keep(tx, ticket)
        runtime.store.tickets.keep_raw(tx, ticket.id, 1, paper.draft.raw, runtime.wall())
        case = committed.file.case
    asked = sum(message.type is MessageType.ASSIGNMENT_DISPATCHED for message in work.messages)
    return TakenOver(case.id, case.state.value, known=False, messages=asked)


def _held(placement: Callable[[Message], Placement]) -> Callable[[Message], Placement]:
    """Hold what would be sent or fetched; what a clerk sees on the console is seen."""

    def held(message: Message) -> Placement:
        chosen = placement(message)
        waits = chosen.state is OutboxState.READY
        return Placement(OutboxState.PARKED, sent=False, reason=TAKEN_OVER) if waits else chosen

    return held
