"""What must leave us.

Owns: Message, one row of the outbox. Must not: know how it is delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.core.values import swift
from bridge.core.vocabulary import MessageType


@swift
@dataclass(frozen=True, slots=True)
class Message:
    """One row to put into the outbox; ``key`` is the idempotency key and never changes.

    ``target`` is a unit id (kind ``unit``) or a feed name (kind ``upstream``). Rows of one ``group``
    leave in the order of ``serial``.
    """

    key: str
    kind: str
    target: str
    type: MessageType
    case_id: str
    group: str
    serial: int
    payload: dict[str, Any]
    ticket_id: str | None = None
    assignment_id: str | None = None
