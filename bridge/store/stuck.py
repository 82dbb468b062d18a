"""What should have moved and has not: messages that wait for a person, claims nobody renewed.

Owns: reading only, each query bounded by an index. Must not: judge how long is too long; ``bridge.doctor`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from bridge.core.vocabulary import OutboxState
from bridge.store.codec import table_of
from bridge.store.tables import OUTBOX_STOPPED, EventRow, OutboxRow
from bridge.store.writer import Tx

_O, _E = table_of(OutboxRow), table_of(EventRow)


def _literal(state: OutboxState) -> ColumnElement[str]:
    """Return a state as a literal: a bound parameter would hide the partial indexes from the planner."""
    return literal_column(f"'{state.value}'")


@dataclass(frozen=True, slots=True)
class StuckStore:
    """Stuck rows of one region."""

    region: str

    def waiting_for_a_person(self, tx: Tx) -> dict[tuple[str, str], int]:
        """Count parked and uncertain messages by target and state."""
        states = [_literal(OutboxState.PARKED), _literal(OutboxState.UNCERTAIN)]
        stopped: ColumnElement[bool] = literal_column(OUTBOX_STOPPED)
        query = self._messages(_O.c.target, _O.c.state, func.count()).where(_O.c.state.in_(states), stopped)
        return {(row[0], row[1]): row[2] for row in tx.read(query.group_by(_O.c.target, _O.c.state))}

    def abandoned(self, tx: Tx, before: datetime) -> int:
        """Count messages whose claim ended before this instant and that nobody took back (wall time)."""
        query = self._messages(func.count()).where(
            _O.c.state == _literal(OutboxState.LEASED), _O.c.lease_until < before
        )
        count: int = tx.read(query).scalar_one()
        return count

    def oldest_unsent(self, tx: Tx) -> tuple[datetime, str] | None:
        """Return since when the oldest message waits to be sent, and its target (wall time)."""
        query = self._messages(_O.c.due_at, _O.c.target).where(
            _O.c.state == _literal(OutboxState.READY), _O.c.due_at.is_not(None)
        )
        row = tx.read(query.order_by(_O.c.due_at).limit(1)).first()
        return None if row is None else (row.due_at, row.target)

    def last_registered_at(self, tx: Tx) -> datetime | None:
        """Return when the newest case was opened (business time)."""
        query = select(func.max(_E.c.recorded_at)).where(
            _E.c.region_code == self.region, _E.c.seq == literal_column("1")
        )
        found: datetime | None = tx.read(query).scalar()
        return found

    def _messages(self, *columns: Any) -> Select[Any]:
        return select(*columns).where(_O.c.region_code == self.region)
