"""Messages of the outbox as operators see them, without their bodies."""

from __future__ import annotations

from datetime import datetime

from bridge.core.vocabulary import MessageType, OutboxState
from bridge.wire.outgoing.body import Outgoing


class StoppedOut(Outgoing):
    """A message of a case that waits for a person, or that shadow mode held (``reason`` shadow)."""

    key: str
    type: MessageType
    target: str
    state: OutboxState
    reason: str | None
    created_at: datetime


class MessageRow(Outgoing):
    """One message of the outbox, without its body."""

    key: str
    kind: str
    target: str
    type: MessageType
    case_id: str
    ticket_id: str | None
    assignment_id: str | None
    state: OutboxState
    attempts: int
    reason: str | None
    due_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None


class Outbox(Outgoing):
    """The newest messages of the outbox."""

    messages: list[MessageRow]
