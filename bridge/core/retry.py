"""When to try a delivery again, decided by the reason it failed.

Pure: the jitter comes in as a number between 0 and 1. Source of the first wait: contract section 3 (a
message is resent within 5 seconds of a first failure).
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import FailureReason

_UNAVAILABLE_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
_UNAUTHORIZED_SECONDS = (3.0, 30.0, 120.0, 600.0)
_REJECTED_SECONDS = (3.0, 15.0, 60.0)
MAX_ATTEMPTS = {
    FailureReason.UNAVAILABLE: 1_000,
    FailureReason.RATE_LIMITED: 1_000,
    FailureReason.UNAUTHORIZED: 20,
    FailureReason.REJECTED: 4,
}
"""After so many attempts a person decides: at five minutes each, an outage of three days and a half."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Try again after so many seconds, under the same key."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Park:
    """Stop trying; a person decides."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Sent, and nobody knows whether it arrived; never resent blindly."""


def next_attempt(
    reason: FailureReason, attempts: int, *, idempotent: bool, jitter: float, wait_seconds: float | None = None
) -> RetryAfter | Park | Uncertain:
    """Decide what follows the ``attempts``-th attempt (from 1).

    ``wait_seconds`` is what the counterpart asked for; a bug is parked at once, never retried blindly.
    """
    if reason is FailureReason.UNCERTAIN:
        if not idempotent:
            return Uncertain()
        reason = FailureReason.UNAVAILABLE
    if attempts >= MAX_ATTEMPTS.get(reason, 0):
        return Park()
    if wait_seconds is not None:
        return RetryAfter(max(wait_seconds, 0.5))
    waits = {
        FailureReason.UNAUTHORIZED: _UNAUTHORIZED_SECONDS,
        FailureReason.REJECTED: _REJECTED_SECONDS,
    }.get(reason, _UNAVAILABLE_SECONDS)
    wait = waits[min(attempts, len(waits)) - 1]
    return RetryAfter(wait * (1.0 + 0.25 * jitter))
