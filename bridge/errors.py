"""The exception tree of the bridge; every error a caller may meet is one of these.

    BridgeError
    ├── ConfigError              every problem of a file at once, ``file:line:col path: 说明``
    ├── IntakeError              a request from outside cannot be taken
    │   ├── NotJson              400
    │   ├── AuthenticationFailed 401
    │   ├── Forbidden            403
    │   ├── NotFound             404
    │   ├── PayloadTooLarge      413
    │   ├── InvalidPayload       422, with every problem
    │   └── ReplayConflict       409, the same webhook-id with another body
    ├── IllegalTransition        409, with what is legal now
    ├── DeliveryError            an attempt to send failed, with a :class:`FailureReason`
    │   ├── NotYet               the counterpart asked us to wait so many seconds
    │   └── CertificateRefused   its TLS certificate does not hold
    ├── FolderTrouble            an exchange folder cannot be read or written; nothing was lost
    ├── FileRefused              a file of an exchange folder cannot be taken at all
    └── StoreError
        ├── StaleRow             somebody else changed the case first; run the unit of work again
        ├── LeaseLost            the row was claimed by another worker meanwhile
        └── Unavailable          the database cannot be reached or is full
            └── OutcomeUnknown   it was lost during a COMMIT: done or not, only the same key tells

Anything else is a bug. Texts say what failed, on what, and what to do; they never hold a secret
or a citizen's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FailureReason(StrEnum):
    """Why an attempt to deliver failed; a closed set, also the metric label."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a payload or a file: where, and what to do about it (Chinese)."""

    path: str
    message: str
    line: int | None = None
    column: int | None = None

    def located(self, file: str) -> str:
        """Render as ``FILE:LINE:COL path: 说明``; unknown positions count as 1."""
        return f"{file}:{self.line or 1}:{self.column or 1} {self.path}: {self.message}"


class BridgeError(Exception):
    """Root of every error the bridge raises on purpose."""


class ConfigError(BridgeError):
    """A configuration file cannot be used; carries every problem found in it."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        """Keep the file's name and its problems, in the order of the file."""
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.located(file) for problem in self.problems))


class IntakeError(BridgeError):
    """A request from outside cannot be taken; ``status`` is the HTTP answer."""

    status = 400


class NotJson(IntakeError):
    """The body is not JSON, or not JSON we accept (depth, duplicate keys, NaN)."""

    status = 400


class AuthenticationFailed(IntakeError):
    """Signature or token missing, forged or stale; the text tells how far a timestamp is off, and nothing else."""

    status = 401

    def __init__(self, detail: str = "签名或令牌无效、缺失或已过期") -> None:
        """Default to one neutral sentence so that the answer is no oracle."""
        super().__init__(detail)


class Forbidden(IntakeError):
    """The caller is known but not entitled."""

    status = 403


class NotFound(IntakeError):
    """Unknown feed, unit, ticket, case or assignment."""

    status = 404


class PayloadTooLarge(IntakeError):
    """The body is over its limit; it was not read whole."""

    status = 413


class ReplayConflict(IntakeError):
    """The webhook-id was used before with another body."""

    status = 409


class InvalidPayload(IntakeError):
    """Fields are wrong; every problem is listed with its path."""

    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep every problem; the text joins them."""
        self.problems = tuple(problems)
        super().__init__("；".join(f"{problem.path}：{problem.message}" for problem in self.problems))


class IllegalTransition(BridgeError):
    """The command is not legal in the present state."""

    def __init__(
        self,
        detail: str,
        *,
        owed: Sequence[str] | None = None,
        allowed: Sequence[str] = (),
        allowed_actions: Sequence[str] | None = None,
    ) -> None:
        """Say why (Chinese) and what is legal: receipts for a unit, actions for an operator."""
        self.owed = None if owed is None else tuple(owed)
        self.allowed = tuple(allowed)
        self.allowed_actions = None if allowed_actions is None else tuple(allowed_actions)
        super().__init__(detail)


class DeliveryError(BridgeError):
    """An attempt to deliver failed for a reason of the closed set."""

    def __init__(self, reason: FailureReason, detail: str) -> None:
        """Keep the reason; ``detail`` must hold no secret and no citizen's words."""
        self.reason = reason
        super().__init__(detail)


class NotYet(DeliveryError):
    """The counterpart asked us to come back after some seconds (429 or 503 with Retry-After)."""

    def __init__(self, seconds: float, detail: str) -> None:
        """Keep the wait in seconds."""
        self.seconds = seconds
        super().__init__(FailureReason.RATE_LIMITED, detail)


class CertificateRefused(DeliveryError):
    """The counterpart's TLS certificate does not hold; nothing was sent."""

    def __init__(self, detail: str, until: datetime | None) -> None:
        """Keep when it ends or ended, where that could be read."""
        self.until = until
        super().__init__(FailureReason.UNAVAILABLE, detail)


class FolderTrouble(BridgeError):
    """An exchange folder is full, read-only or gone; every file is still where it was."""


class FileRefused(BridgeError):
    """A file of an exchange folder cannot be taken from ``line`` on; the text says why (Chinese)."""

    def __init__(self, detail: str, line: int = 1) -> None:
        """Keep the line, from 1."""
        self.line = line
        super().__init__(detail)


class StoreError(BridgeError):
    """The database did not do what was asked."""


class StaleRow(StoreError):
    """The case changed under us; the whole unit of work must run again."""


class LeaseLost(StoreError):
    """The fence does not match: another worker owns the row now."""


class Unavailable(StoreError):
    """The database cannot be reached or cannot write; nothing was acknowledged."""


class OutcomeUnknown(Unavailable):
    """The database was lost while it committed; the same request under the same key finds out and does it once."""
