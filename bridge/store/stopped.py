"""Messages that wait for a person: parked, of unknown fate, or held by shadow mode.

Owns: finding them by what a person knows of them, and holding everything that would leave. Must not: decide what
becomes of them (``pipeline.stopped`` does). Times are wall time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, select, update

from bridge.core.vocabulary import MessageType, OutboxState
from bridge.store.codec import table_of
from bridge.store.tables import OUTBOX_STOPPED, OutboxRow
from bridge.store.writer import Tx

SHADOW = "shadow"
"""The reason of a message that shadow mode held."""
NAGS = (MessageType.ASSIGNMENT_REMINDER.value, MessageType.ASSIGNMENT_ESCALATED.value)
"""What is stale when it comes late."""

_T = table_of(OutboxRow)
_IN_INDEX: ColumnElement[bool] = literal_column(OUTBOX_STOPPED)
_STOPPED = and_(_T.c.state.in_([literal_column("'parked'"), literal_column("'uncertain'")]), _IN_INDEX)
_SHOWN = [column for column in _T.c if column.name != "payload"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which stopped messages are meant; what is left out does not matter.

    ``nags``: reminders and escalations too. ``since`` and ``until`` bound the moment a message was queued.
    """

    reason: str | None = None
    target: str | None = None
    type: str | None = None
    case_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    nags: bool = True

    def where(self) -> list[ColumnElement[bool]]:
        """Return the conditions."""
        equal = {"reason": self.reason, "target": self.target, "type": self.type, "case_id": self.case_id}
        found = [_T.c[name] == value for name, value in equal.items() if value is not None]
        found += [_T.c.created_at >= self.since] if self.since else []
        found += [_T.c.created_at <= self.until] if self.until else []
        return found if self.nags else [*found, _T.c.type.not_in(NAGS)]


@dataclass(frozen=True, slots=True)
class StoppedStore:
    """Stopped messages of one region."""

    region: str

    def keys(self, tx: Tx, choice: Choice) -> list[str]:
        """Return the keys of the messages meant, in the order they were queued."""
        query = select(_T.c.key).where(_T.c.region_code == self.region, _STOPPED, *choice.where())
        return [row.key for row in tx.read(query.order_by(_T.c.created_at, _T.c.case_id, _T.c.serial))]

    def rows(self, tx: Tx, keys: Sequence[str], states: Sequence[OutboxState]) -> list[dict[str, Any]]:
        """Return those of the messages that are in one of ``states``, locked, in the order they were queued."""
        wanted = [_T.c.region_code == self.region, _T.c.key.in_(keys), _T.c.state.in_([s.value for s in states])]
        query = select(*_SHOWN).where(*wanted).order_by(_T.c.created_at, _T.c.case_id, _T.c.serial).with_for_update()
        return [dict(row._mapping) for row in tx.read(query)]  # noqa: SLF001 - SQLAlchemy's public name

    def of_case(self, tx: Tx, case_id: str) -> list[dict[str, Any]]:
        """Return what is stopped of a case, oldest first."""
        columns = (_T.c.key, _T.c.type, _T.c.target, _T.c.state, _T.c.reason, _T.c.created_at)
        query = select(*columns).where(_T.c.region_code == self.region, _T.c.case_id == case_id, _STOPPED)
        return [dict(row._mapping) for row in tx.read(query.order_by(_T.c.serial))]  # noqa: SLF001 - as above

    def hold(self, tx: Tx) -> int:
        """Hold everything that would be sent or fetched; returns how many messages were."""
        waiting = (_T.c.region_code == self.region, _T.c.state == literal_column("'ready'"))
        held = {"state": OutboxState.PARKED.value, "reason": SHADOW, "due_at": None}
        return tx.write(update(_T).where(*waiting).values(**held)).rowcount

    def held(self, tx: Tx) -> int:
        """Count what shadow mode held."""
        query = select(func.count()).select_from(_T)
        return int(tx.read(query.where(_T.c.region_code == self.region, _STOPPED, _T.c.reason == SHADOW)).scalar_one())
