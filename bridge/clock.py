"""The process's clock: the only reader of the wall clock and the only sleeper.

Owns: :class:`SystemClock`. Must not: be imported by ``bridge.core``; instants reach it as arguments.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The wall clock, and a business clock that runs at its pace, ahead by ``offset``."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        """Start with the business clock ``offset`` ahead of the wall (the demo moves it on later)."""
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        """How far the business clock is ahead of the wall."""
        return self._offset

    def now(self) -> datetime:
        """Business time, aware UTC."""
        return self.wall() + self._offset

    def wall(self) -> datetime:
        """Wall time, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in wall time."""
        await asyncio.sleep(seconds)

    def advance(self, delta: timedelta) -> datetime:
        """Move the business clock on and return its new time.

        Raises:
            ValueError: ``delta`` is negative; history never goes back.

        """
        if delta < timedelta():
            raise ValueError(f"the business clock only moves on, not by {delta}")
        self._offset += delta
        return self.now()

    def move_to(self, instant: datetime) -> datetime:
        """Move the business clock on to an instant; one already past leaves it as it is."""
        return self.advance(max(instant - self.now(), timedelta()))
