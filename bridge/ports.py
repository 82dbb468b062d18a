"""The ports through which time, identifiers and randomness reach the pipeline.

Owns: the protocols :class:`Clock`, :class:`Ids`, :class:`Rng` and the real :class:`UlidIds` and :class:`SystemRng`.
Must not: be bypassed; ``datetime.now``, ``uuid4`` and ``random`` are banned elsewhere.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [one + other for one in _CROCKFORD for other in _CROCKFORD]


class Clock(Protocol):
    """Two clocks: ``now`` is the business clock (may be virtual), ``wall`` is real time; both aware UTC."""

    def now(self) -> datetime:
        """Business time: limits, reminders, history."""

    def wall(self) -> datetime:
        """Wall time: signatures, tokens, leases, retries."""

    def monotonic(self) -> float:
        """Seconds, for durations only."""

    async def sleep(self, seconds: float) -> None:
        """Sleep in wall time; the only sleeper of the process."""


class Ids(Protocol):
    """A source of new identifiers."""

    def new(self, prefix: str) -> str:
        """Return a new id that starts with ``prefix`` and sorts by creation time."""


class Rng(Protocol):
    """A source of randomness."""

    def uniform(self, low: float, high: float) -> float:
        """Return a number between ``low`` and ``high``, for back-off jitter."""

    def token(self, count: int) -> bytes:
        """Return ``count`` unpredictable bytes."""


@dataclass(frozen=True)
class Ports:
    """The three ports together, as they are handed down from the composition root."""

    clock: Clock
    ids: Ids
    rng: Rng


class SystemRng:
    """The operating system's randomness."""

    def uniform(self, low: float, high: float) -> float:
        """Return a number between ``low`` and ``high``."""
        return low + (high - low) * secrets.randbelow(1 << 53) / (1 << 53)

    def token(self, count: int) -> bytes:
        """Return ``count`` bytes from the operating system."""
        return os.urandom(count)


class UlidIds:
    """ULIDs in lower-case Crockford base 32 (26 characters), behind a one-letter prefix.

    Source: the ULID specification (48 bits of milliseconds, 80 bits of randomness).
    """

    def __init__(self, wall: Callable[[], datetime], token: Callable[[int], bytes]) -> None:
        """Take the wall clock and the randomness to build ids from."""
        self._wall = wall
        self._token = token

    def new(self, prefix: str) -> str:
        """Return ``prefix`` plus a new ULID."""
        drawn = int.from_bytes(self._token(10), "big")
        return prefix + _stamp(int(self._wall().timestamp() * 1000)) + _written(drawn, 80)


@lru_cache(maxsize=1)
def _stamp(milliseconds: int) -> str:
    """Return the part of an id that ids of one moment share."""
    return _written(milliseconds, 50)


def _written(number: int, bits: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(bits - 10, -1, -10)])
