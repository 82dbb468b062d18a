"""What happened and who caused it.

Owns: Event, Actor. Must not: be changed once written; the history is append-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.core.values import swift


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused a change: ``kind`` is ``upstream``, ``unit``, ``operator`` or ``system``."""

    kind: str
    name: str
    role: str | None = None

    def __str__(self) -> str:
        """Render as ``kind:name``."""
        return f"{self.kind}:{self.name}"


SYSTEM = Actor("system", "bridge")


@swift
@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's append-only history; ``detail`` is sealed at rest."""

    type: str
    actor: Actor
    cause: str
    detail: dict[str, Any]
    occurred_at: datetime
