"""Time, identifiers and chance of one simulated replica, all from the seed.

Owns: the mapping from the loop's seconds to instants. Must not: read a real clock or the system's randomness.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.ports import Ports, UlidIds

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, 2 March 2026, 09:00 in China."""


@dataclass
class Calendar:
    """How far the business clock of the whole county is ahead of its wall clock."""

    ahead: timedelta = timedelta()


@dataclass(frozen=True)
class SimClock:
    """A replica's clocks; its wall clock may be off by a constant ``skew``."""

    loop: asyncio.AbstractEventLoop
    calendar: Calendar
    skew: timedelta = timedelta()

    def now(self) -> datetime:
        """Business time."""
        return self.wall() + self.calendar.ahead

    def wall(self) -> datetime:
        """Wall time."""
        return START + timedelta(seconds=self.loop.time()) + self.skew

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self.loop.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep in virtual time."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True)
class SimRng:
    """Chance from the seed."""

    dice: random.Random

    def uniform(self, low: float, high: float) -> float:
        """Return a number between ``low`` and ``high``."""
        return self.dice.uniform(low, high)

    def token(self, count: int) -> bytes:
        """Return ``count`` bytes."""
        return self.dice.randbytes(count)


def sim_ports(clock: SimClock, dice: random.Random) -> Ports:
    """Return the three ports of a replica."""
    rng = SimRng(dice)
    return Ports(clock, UlidIds(clock.wall, rng.token), rng)
