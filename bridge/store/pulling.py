"""Messages that a counterpart fetches instead of being sent: offered in order, acknowledged by cursor.

Owns: the cursor protocol of ``GET …/updates`` and ``GET …/messages`` (contract section 3): asking for
what comes after C acknowledges all up to C. A position is given when a message is first offered, so a
late commit can never fall behind a cursor and be acknowledged unseen. Whoever serves a counterpart holds its
cursor's row until the commit: two replicas asked at the same moment serve one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, literal_column, select, update

from bridge.core.vocabulary import OutboxState
from bridge.crypto import Vault
from bridge.errors import InvalidPayload, Problem
from bridge.store.codec import table_of
from bridge.store.tables import CursorRow, OutboxRow
from bridge.store.writer import Tx

MAX_POSITION = 2**31 - 1
"""What PostgreSQL's integer holds."""
_T = table_of(OutboxRow)
_C = table_of(CursorRow)
_OFFER = (
    update(_T)
    .where(_T.c.region_code == bindparam("b_region"), _T.c.key == bindparam("b_key"))
    .values(position=bindparam("b_position"), attempts=_T.c.attempts + 1)
)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A message the counterpart has fetched and acknowledged."""

    key: str
    type: str
    case_id: str
    ticket_id: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch returned and acknowledged; ``positions`` belong to the bodies."""

    positions: list[int]
    bodies: list[dict[str, Any]]
    cursor: str | None
    acknowledged: list[Acknowledged]


@dataclass(frozen=True, slots=True)
class PullStore:
    """Fetched messages of one region."""

    region: str
    vault: Vault

    def fetch(self, tx: Tx, kind: str, target: str, after: str | None, limit: int, wall: datetime) -> Fetched:
        """Acknowledge up to ``after`` and offer the oldest unacknowledged."""
        position = _position(after) if after else None
        top = self._own_cursor(tx, kind, target)
        acknowledged = self._acknowledge(tx, kind, target, position, wall) if position is not None else []
        rows = self._oldest(tx, kind, target, limit)
        bodies = self._offer(tx, kind, target, rows, top)
        positions = [given for given, _ in bodies]
        cursor = str(max(positions)) if positions else after
        return Fetched(positions, [body for _, body in bodies], cursor, acknowledged)

    def _cursor(self, kind: str, target: str) -> list[Any]:
        return [_C.c.region_code == self.region, _C.c.kind == kind, _C.c.target == target]

    def _own_cursor(self, tx: Tx, kind: str, target: str) -> int:
        """Lock the counterpart's cursor until the commit; returns the last position given."""
        query = select(_C.c.position).where(*self._cursor(kind, target)).with_for_update()
        top = tx.read(query).scalar()
        if top is None:
            tx.write(insert(_C), [{"region_code": self.region, "kind": kind, "target": target, "position": 0}])
        return top or 0

    def _mine(self, kind: str, target: str) -> list[Any]:
        return [
            _T.c.region_code == self.region, _T.c.kind == kind, _T.c.target == target,
            _T.c.state == literal_column(f"'{OutboxState.READY.value}'"), _T.c.due_at.is_(None),
        ]  # fmt: skip

    def _acknowledge(self, tx: Tx, kind: str, target: str, position: int, wall: datetime) -> list[Acknowledged]:
        statement = (
            update(_T)
            .where(*self._mine(kind, target), _T.c.position <= position)
            .values(state=OutboxState.DELIVERED.value, delivered_at=wall)
            .returning(_T.c.key, _T.c.type, _T.c.case_id, _T.c.ticket_id)
        )
        return [Acknowledged(*row) for row in tx.write(statement)]

    def _oldest(self, tx: Tx, kind: str, target: str, limit: int) -> list[Any]:
        query = (
            select(_T.c.key, _T.c.payload, _T.c.position)
            .where(*self._mine(kind, target))
            .order_by(_T.c.position.is_(None), _T.c.position, _T.c.created_at, _T.c.serial)
            .limit(limit)
        )
        return list(tx.read(query))

    def _offer(self, tx: Tx, kind: str, target: str, rows: list[Any], top: int) -> list[tuple[int, dict[str, Any]]]:
        offered, marks = [], []
        for row in rows:
            position = row.position
            if position is None:
                top = position = top + 1
                marks.append({"b_region": self.region, "b_key": row.key, "b_position": position})
            body = orjson.loads(self.vault.open(row.payload, f"outbox.payload:{row.key}".encode()))
            offered.append((position, {"id": row.key, **body}))
        if marks:
            tx.write(_OFFER, marks)
            tx.write(update(_C).where(*self._cursor(kind, target)).values(position=top))
        return offered


def _position(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > len(str(MAX_POSITION)) or int(cursor) > MAX_POSITION:
        raise InvalidPayload([Problem("after", "游标无效，请使用上一次返回的 cursor，或省略 after 从头取")])
    return int(cursor)
