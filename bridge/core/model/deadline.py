"""One clock of a case, its candidates and its ladder.

Owns: Deadline, DeadlineBasis, Step. Must not: compute a date (``core.deadline`` does).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.core.values import swift
from bridge.core.vocabulary import DeadlineKind, DeadlineStatus


@swift
@dataclass(frozen=True, slots=True)
class DeadlineBasis:
    """One candidate for a limit; the earliest wins and the losers stay visible."""

    source: str
    due_at: datetime
    clause: str
    amount: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a deadline's ladder: ``half``, ``eighty``, ``due_day``, ``overdue``, ``after_one``, ``escalate``, ``lapse``."""

    name: str
    at: datetime


@swift
@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock: what is due from whom, when, why, and which step fires next."""

    id: str
    case_id: str
    kind: DeadlineKind
    owner: str
    unit: str
    round: int
    status: DeadlineStatus
    start_at: datetime
    due_at: datetime
    basis: tuple[DeadlineBasis, ...]
    calendar_version: str
    provisional: bool = False
    steps: tuple[Step, ...] = ()
    next_step: str | None = None
    next_fire_at: datetime | None = None
    closed_at: datetime | None = None
    original_due_at: datetime | None = None
