"""A clock that stands still until a test moves it.

Owns: :class:`FixedClock`. Must not: be used by the daemon.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class FixedClock:
    """Business and wall time under a test's control; whoever sleeps waits for :meth:`tick`."""

    def __init__(self, now: datetime, wall: datetime | None = None) -> None:
        """Stand at these aware instants; the wall defaults to the business time."""
        self._now = now.astimezone(UTC)
        self._wall = (wall or now).astimezone(UTC)
        self._monotonic = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Business time, aware UTC."""
        return self._now

    def wall(self) -> datetime:
        """Wall time, aware UTC."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds ticked so far."""
        return self._monotonic

    @property
    def sleepers(self) -> int:
        """How many are asleep now."""
        return sum(not future.done() for _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Wait until ticks have added up to ``seconds``; at once for 0."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, waker))
        await waker

    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass on every clock and wake who has slept enough; call it in the loop's thread."""
        self._monotonic += seconds
        self._wall += timedelta(seconds=seconds)
        self._now += timedelta(seconds=seconds)
        for due, waker in self._sleepers:
            if due <= self._monotonic and not waker.done():
                waker.set_result(None)
        self._sleepers = [(due, waker) for due, waker in self._sleepers if not waker.done()]

    def advance(self, delta: timedelta) -> datetime:
        """Move the business clock alone, in either direction, and return its new time."""
        self._now += delta
        return self._now

    def move_to(self, instant: datetime) -> datetime:
        """Set the business clock alone."""
        self._now = instant.astimezone(UTC)
        return self._now

    def set_wall(self, instant: datetime) -> None:
        """Set the wall clock alone (a skewed counterpart, an expired token)."""
        self._wall = instant.astimezone(UTC)
