"""Listings and counts: what operators and metrics ask, each bounded by an index.

Owns: reading only. Must not: open sealed columns (``cases`` does, one case at a time).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select

from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineStatus, OutboxState
from bridge.store.codec import ASSIGNMENTS, CASES, DEADLINES, TICKETS, table_of
from bridge.store.tables import OutboxRow
from bridge.store.writer import Tx

_C, _T, _A, _D = CASES.table, TICKETS.table, ASSIGNMENTS.table, DEADLINES.table
_O = table_of(OutboxRow)
_OVERDUE = DeadlineStatus.OVERDUE.value


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Filters of the case list; ``after`` is the last id of the page before, ``reader`` the unit of a clerk who asks."""

    state: str | None = None
    unit: str | None = None
    category: str | None = None
    feed: str | None = None
    external_id: str | None = None
    overdue: bool = False
    after: str | None = None
    limit: int = 50
    reader: str | None = None


@dataclass(frozen=True, slots=True)
class DueStep:
    """One rung that is due."""

    case_id: str
    deadline_id: str
    step: str
    fire_at: datetime


@dataclass(frozen=True, slots=True)
class QueryStore:
    """Queries of one region."""

    region: str

    def cases(self, tx: Tx, query: CaseQuery) -> list[dict[str, Any]]:
        """List cases by id, one more than asked so that the caller knows whether there is a next page."""
        names = (
            "id",
            "state",
            "category",
            "procedure",
            "lead",
            "accepting_unit",
            "opened_at",
            "updated_at",
            "closed_at",
        )
        statement = select(*[_C.c[name] for name in names]).where(_C.c.region_code == self.region)
        statement = self._filtered(statement, query).order_by(_C.c.id).limit(query.limit + 1)
        return [dict(row._mapping) for row in tx.read(statement)]  # noqa: SLF001 - SQLAlchemy's public name

    def _filtered(self, statement: Select[Any], query: CaseQuery) -> Select[Any]:
        plain = {"state": _C.c.state, "category": _C.c.category}
        for name, column in plain.items():
            if (value := getattr(query, name)) is not None:
                statement = statement.where(column == value)
        if query.after is not None:
            statement = statement.where(_C.c.id > query.after)
        if query.external_id is not None:
            statement = statement.where(_C.c.id.in_(self._by_ticket(query.external_id, query.feed)))
        elif query.feed is not None:
            statement = statement.where(self._has_ticket_of(query.feed))
        if query.unit is not None:
            statement = statement.where(self._has_unit(query.unit), *self._first_of_unit(query))
        return statement.where(self._is_overdue()) if query.overdue else statement

    def _by_ticket(self, external_id: str, feed: str | None) -> Select[Any]:
        found = select(_T.c.case_id).where(_T.c.region_code == self.region, _T.c.external_id == external_id)
        return found if feed is None else found.where(_T.c.feed == feed)

    def _has_ticket_of(self, feed: str) -> Any:
        return exists().where(_T.c.region_code == _C.c.region_code, _T.c.case_id == _C.c.id, _T.c.feed == feed)

    def _first_of_unit(self, query: CaseQuery) -> list[Any]:
        """Where nothing but the unit is asked for, its own next cases bound the page: a unit with few costs few."""
        if query != CaseQuery(unit=query.unit, after=query.after, limit=query.limit, reader=query.reader):
            return []
        mine = select(_A.c.case_id).where(_A.c.region_code == self.region, _A.c.unit == query.unit).distinct()
        mine = mine if query.after is None else mine.where(_A.c.case_id > query.after)
        return [_C.c.id.in_(mine.order_by(_A.c.case_id).limit(query.limit + 1))]

    def open_cases(self, tx: Tx, states: list[str], after: str, limit: int, *, unit: str | None) -> list[str]:
        """Return the ids of cases in these states after an id, those with an assignment of ``unit`` if one is named."""
        query = select(_C.c.id).where(_C.c.region_code == self.region, _C.c.state.in_(states), _C.c.id > after)
        query = query if unit is None else query.where(self._has_unit(unit))
        return [row.id for row in tx.read(query.order_by(_C.c.id).limit(limit))]

    def taken_from(self, tx: Tx, unit: str, case_ids: list[str]) -> list[str]:
        """Return which of these cases once gave this unit an assignment that was taken back."""
        query = select(_A.c.case_id).where(
            _A.c.region_code == self.region,
            _A.c.unit == unit,
            _A.c.state == AssignmentState.WITHDRAWN.value,
            _A.c.case_id.in_(case_ids),
        )
        return [row.case_id for row in tx.read(query)]

    def _has_unit(self, unit: str) -> Any:
        return exists().where(_A.c.region_code == _C.c.region_code, _A.c.case_id == _C.c.id, _A.c.unit == unit)

    def _is_overdue(self) -> Any:
        late = select(_D.c.case_id).where(_D.c.region_code == self.region, _D.c.status == _OVERDUE)
        return _C.c.id.in_(late)

    def tickets_of(self, tx: Tx, case_ids: list[str]) -> list[dict[str, Any]]:
        """Return id, feed, external id, kind and state of the tickets of these cases."""
        names = ("id", "case_id", "feed", "external_id", "kind", "state", "received_at")
        query = select(*[_T.c[name] for name in names]).where(
            _T.c.region_code == self.region, _T.c.case_id.in_(case_ids)
        )
        return [dict(row._mapping) for row in tx.read(query.order_by(_T.c.id))]  # noqa: SLF001 - SQLAlchemy's public name

    def due_steps(self, tx: Tx, now: datetime, limit: int) -> list[DueStep]:
        """Return the rungs due at ``now``, earliest first."""
        query = (
            select(_D.c.case_id, _D.c.id, _D.c.next_step, _D.c.next_fire_at)
            .where(_D.c.region_code == self.region, _D.c.next_fire_at.is_not(None), _D.c.next_fire_at <= now)
            .order_by(_D.c.next_fire_at, _D.c.id)
            .limit(limit)
        )
        return [DueStep(row.case_id, row.id, row.next_step, row.next_fire_at) for row in tx.read(query)]

    def cases_firing(self, tx: Tx, until: datetime, after: str, limit: int) -> list[str]:
        """Return the ids, beyond ``after``, of cases that have a rung due by ``until``."""
        due = (_D.c.next_fire_at.is_not(None), _D.c.next_fire_at <= until, _D.c.case_id > after)
        query = select(_D.c.case_id).where(_D.c.region_code == self.region, *due).distinct()
        return list(tx.read(query.order_by(_D.c.case_id).limit(limit)).scalars())

    def cases_ticking(self, tx: Tx, after: str, limit: int) -> list[str]:
        """Return the ids, beyond ``after``, of cases that have a clock still to fire."""
        query = select(_D.c.case_id).where(
            _D.c.region_code == self.region, _D.c.next_fire_at.is_not(None), _D.c.case_id > after
        )
        return list(tx.read(query.distinct().order_by(_D.c.case_id).limit(limit)).scalars())

    def next_fire_at(self, tx: Tx) -> datetime | None:
        """Return when the next rung fires, or None."""
        query = select(func.min(_D.c.next_fire_at)).where(
            _D.c.region_code == self.region, _D.c.next_fire_at.is_not(None)
        )
        return tx.read(query).scalar()

    def oldest_opened(self, tx: Tx, state: CaseState) -> datetime | None:
        """Return when the oldest case in a state was opened, or None."""
        query = select(func.min(_C.c.opened_at)).where(_C.c.region_code == self.region, _C.c.state == state.value)
        return tx.read(query).scalar()

    def oldest_due(self, tx: Tx) -> datetime | None:
        """Return when the oldest message that should have left was due."""
        found = [tx.read(self._due_in(state)).scalar() for state in (OutboxState.READY, OutboxState.LEASED)]
        return min((due for due in found if due is not None), default=None)

    def _due_in(self, state: OutboxState) -> Select[Any]:
        is_in: ColumnElement[str] = literal_column(f"'{state.value}'")
        return select(func.min(_O.c.due_at)).where(
            _O.c.region_code == self.region, _O.c.state == is_in, _O.c.due_at.is_not(None)
        )
