"""How well or badly a counterpart behaves: its delays, its failures, its double sends.

Owns: :class:`Temper`, the settings, and :class:`Mood`, the seeded dice over them. Must not: do I/O.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Fault(StrEnum):
    """One way in which an answer goes wrong."""

    ERROR_500 = "error_500"
    """Answers 500 without having applied anything."""
    ERROR_AFTER = "error_after"
    """Applies the message, then answers 500."""
    GARBAGE_502 = "garbage_502"
    """A proxy's HTML page with status 502; nothing applied."""
    RESET_BEFORE = "reset_before"
    """Resets the connection without having applied anything."""
    RESET_AFTER = "reset_after"
    """Applies the message, then resets the connection: the answer is lost."""
    TIMEOUT_AFTER = "timeout_after"
    """Applies the message, then stays silent for ``silence_seconds`` and hangs up."""


AFTER = frozenset({Fault.ERROR_AFTER, Fault.RESET_AFTER, Fault.TIMEOUT_AFTER})
"""Faults that come after the message has had its effect."""


class Temper(BaseModel):
    """Settings of a counterpart's behaviour; rates are 0 to 1, delays in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    error_rate: float = Field(default=0.0, ge=0, le=1)
    faults: tuple[Fault, ...] = tuple(Fault)
    silence_seconds: float = Field(default=2.0, ge=0)
    delay_seconds: tuple[float, float] = (0.0, 0.0)
    duplicate_rate: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0


@dataclass
class Mood:
    """The dice of one counterpart; equal seeds throw equal numbers."""

    temper: Temper

    def __post_init__(self) -> None:
        """Seed the dice."""
        self._dice = random.Random(self.temper.seed)

    def set(self, temper: Temper) -> None:
        """Take other settings and start their dice afresh."""
        self.temper = temper
        self._dice = random.Random(temper.seed)

    def fault(self) -> Fault | None:
        """Throw for one answer: None means it goes well."""
        if not self.temper.faults or self._dice.random() >= self.temper.error_rate:
            return None
        return self._dice.choice(self.temper.faults)

    def delay(self) -> float:
        """Seconds to wait before answering or acting."""
        return self._dice.uniform(*self.temper.delay_seconds)

    def sends_twice(self) -> bool:
        """Tell whether a request of ours is repeated although it was answered."""
        return self._dice.random() < self.temper.duplicate_rate

    def backoff(self, attempt: int) -> float:
        """Seconds before the next attempt of ours: doubling from 50 ms to one second, with jitter."""
        ceiling: float = min(1.0, 0.05 * 2 ** min(attempt, 6))
        return ceiling * self._dice.uniform(0.5, 1.0)
