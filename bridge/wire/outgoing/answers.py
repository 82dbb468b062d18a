"""The answers to what was sent to us: taken, or refused and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bridge.core.vocabulary import AssignmentState, CaseState, ReceiptType
from bridge.wire.outgoing.body import Outgoing


class TicketTaken(Outgoing):
    """Answer to a ticket."""

    ticket_id: str
    case_id: str
    duplicate: bool
    revision: int = Field(ge=1)


class BatchLine(Outgoing):
    """One result of a batch."""

    external_id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    ticket_id: str | None = None
    case_id: str | None = None
    detail: str | None = None


class EventTaken(Outgoing):
    """Answer to an event."""

    ticket_id: str
    case_id: str


class ReceiptTaken(Outgoing):
    """Answer to a receipt."""

    assignment_id: str
    state: AssignmentState
    case_state: CaseState
    opinion_version: int | None
    owed: list[ReceiptType]
    allowed: list[ReceiptType]


class FieldProblem(Outgoing):
    """One wrong field."""

    path: str
    message: str


class ProblemDetails(Outgoing):
    """RFC 9457; ``errors`` with 422, the lists of what is legal with 409."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    owed: list[ReceiptType] | None = None
    allowed: list[ReceiptType] | None = None
    allowed_actions: list[str] | None = None
