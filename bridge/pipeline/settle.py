"""The end of a delivery attempt: the outbox row and its consequence in one unit of work."""

from __future__ import annotations

from datetime import datetime

from bridge.core.lifecycle import decide
from bridge.core.model.event import SYSTEM
from bridge.core.vocabulary import MessageType, OutboxState
from bridge.pipeline.commit import Committed, load_with, write
from bridge.pipeline.runtime import Runtime
from bridge.store.ahead import Question
from bridge.store.outbox import Claimed
from bridge.store.writer import Tx


def delivered(tx: Tx, runtime: Runtime, claimed: Claimed) -> Committed | None:
    """Settle a message as delivered; a reply that arrived may end the case. Raises LeaseLost."""
    runtime.store.outbox.settle(tx, claimed, OutboxState.DELIVERED, delivered_at=runtime.wall())
    return reply_arrived(tx, runtime, claimed.type, claimed.case_id, claimed.ticket_id, claimed.key)


def questions(runtime: Runtime, claimed: Claimed) -> list[Question]:
    """Return what :func:`delivered` asks first."""
    ends = claimed.type == MessageType.TICKET_REPLIED.value and claimed.ticket_id is not None
    return [runtime.store.cases.question(claimed.case_id)] if ends else []


def reply_arrived(
    tx: Tx, runtime: Runtime, type_: str, case_id: str, ticket_id: str | None, key: str
) -> Committed | None:
    """Note a delivered reply on the case that has its ticket now."""
    if type_ != MessageType.TICKET_REPLIED.value or ticket_id is None:
        return None
    file = load_with(tx, runtime, case_id, ticket_id)
    decision = decide.reply_delivered(file, ticket_id, key, runtime.context(SYSTEM, f"delivered:{key}"))
    return write(tx, runtime, file, decision)


def postponed(tx: Tx, runtime: Runtime, claimed: Claimed, at: datetime, reason: str, error: str) -> None:
    """Put a message back for another attempt at ``at`` (wall time)."""
    runtime.store.outbox.settle(tx, claimed, OutboxState.READY, due_at=at, reason=reason, error=error)


def stopped(tx: Tx, runtime: Runtime, claimed: Claimed, state: OutboxState, reason: str, error: str) -> None:
    """Park a message, or mark it uncertain, for a person to decide."""
    runtime.store.outbox.settle(tx, claimed, state, due_at=runtime.wall(), reason=reason, error=error)
