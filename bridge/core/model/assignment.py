"""A unit's duty in a case.

Owns: Assignment and its request for more time. Must not: say what is legal (``lifecycle.legal_receipts`` does).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.core.values import swift
from bridge.core.vocabulary import AssignmentState, ReceiptType, Role


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """A pending or decided request for more time."""

    until: datetime
    reason: str
    decision: str | None = None


@swift
@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit's duty in a case; ``owes`` is the explicit ledger of receipts still due from it.

    ``overridden``: a named person let the case go on without its opinion, which stays owed.
    ``unfilled``: a co-unit returned its part and nobody has taken it over yet.
    """

    id: str
    case_id: str
    unit: str
    role: Role
    state: AssignmentState
    stage: int
    round: int = 1
    owes: tuple[ReceiptType, ...] = ()
    dispatched_at: datetime | None = None
    signed_at: datetime | None = None
    may_return: bool = True
    overridden: bool = False
    unfilled: bool = False
    extension: ExtensionRequest | None = None
    opinion_version: int = 0
