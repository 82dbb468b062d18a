"""The clocks that end next, for whoever looks on.

Owns: reading only, the open clocks alone. Must not: move one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.core.vocabulary import DeadlineStatus
from bridge.store.codec import DEADLINES
from bridge.store.writer import Tx

_D = DEADLINES.table
_OPEN = (DeadlineStatus.RUNNING.value, DeadlineStatus.DUE_SOON.value, DeadlineStatus.OVERDUE.value)


@dataclass(frozen=True, slots=True)
class Due:
    """One open clock."""

    case_id: str
    kind: str
    unit: str
    status: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DueStore:
    """Open clocks of one region."""

    region: str

    def next(self, tx: Tx, limit: int) -> list[Due]:
        """Return the clocks that end first, those already over before all."""
        columns = [_D.c[name] for name in Due.__slots__]
        query = select(*columns).where(_D.c.region_code == self.region, _D.c.status.in_(_OPEN))
        return [Due(*row) for row in tx.read(query.order_by(_D.c.due_at, _D.c.id).limit(limit))]
