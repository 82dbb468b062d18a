"""The cases of a period and their histories, a page at a time; and what is stuck or comes again among them.

Owns: the partial index on the first event of each case, and listings for reports. Must not: fold or judge anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import and_, func, literal_column, or_, select

from bridge.core.scorecard import Told
from bridge.core.similarity import Clue, clues
from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineStatus
from bridge.crypto import Vault
from bridge.store.codec import ASSIGNMENTS, CASES, DEADLINES, TICKETS, table_of
from bridge.store.similar import SimilarStore
from bridge.store.tables import EventRow, MatterKeyRow
from bridge.store.writer import Tx

_E, _C, _A, _D, _T, _K = (
    table_of(EventRow),
    CASES.table,
    ASSIGNMENTS.table,
    DEADLINES.table,
    TICKETS.table,
    table_of(MatterKeyRow),
)
_FIRST = _E.c.seq == literal_column("1")
"""A literal, so that PostgreSQL sees that the partial index fits."""
_LOOKED_AT = 2_000
"""Most clues looked at for one report, those of the most tickets first."""

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Period:
    """Cases whose registration was recorded in ``[start, end)``."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class PeriodStore:
    """Reports' reading of one region."""

    region: str
    vault: Vault

    def opened(self, tx: Tx, period: Period, after: Place | None, limit: int) -> list[Place]:
        """Return the next cases registered in a period, in the order of their registration."""
        query = select(_E.c.recorded_at, _E.c.case_id).where(
            _E.c.region_code == self.region, _FIRST, _E.c.recorded_at >= period.start, _E.c.recorded_at < period.end
        )
        if after is not None:
            later = and_(_E.c.recorded_at == after[0], _E.c.case_id > after[1])
            query = query.where(_E.c.recorded_at >= after[0], or_(_E.c.recorded_at > after[0], later))
        rows = tx.read(query.order_by(_E.c.recorded_at, _E.c.case_id).limit(limit))
        return [(row.recorded_at, row.case_id) for row in rows]

    def histories(self, tx: Tx, case_ids: Sequence[str], types: Sequence[str]) -> Iterator[tuple[str, list[Told]]]:
        """Yield each case that has events of these types, with those events in order."""
        query = (
            select(_E.c.case_id, _E.c.seq, _E.c.type, _E.c.occurred_at, _E.c.detail, _E.c.actor)
            .where(_E.c.region_code == self.region, _E.c.case_id.in_(list(case_ids)), _E.c.type.in_(list(types)))
            .order_by(_E.c.case_id, _E.c.seq)
        )
        for case_id, rows in groupby(tx.read(query), key=lambda row: str(row.case_id)):
            yield case_id, [Told(row.type, row.occurred_at, self._detail(row), row.actor) for row in rows]

    def _detail(self, row: Any) -> dict[str, Any]:
        aad = f"events.detail:{row.case_id}:{row.seq}".encode()
        detail: dict[str, Any] = orjson.loads(self.vault.open(row.detail, aad))
        return detail

    def repeated(self, tx: Tx, period: Period, least: int, limit: int) -> list[list[str]]:
        """Return cases about one employer or firm, the most first; found by keyed clues, no name is read out of them."""
        tickets = func.count(_K.c.ticket_id)
        joined = _K.join(_T, (_T.c.region_code == _K.c.region_code) & (_T.c.id == _K.c.ticket_id))
        query = (
            select(_K.c.key, tickets, func.max(_K.c.ticket_id).label("newest"))
            .select_from(joined)
            .where(_K.c.region_code == self.region, *self._within(period, _T.c.registered_at))
            .group_by(_K.c.key)
            .having(tickets >= least)
            .order_by(tickets.desc(), _K.c.key)
            .limit(_LOOKED_AT)
        )
        found: dict[tuple[str, ...], None] = {}
        for row in tx.read(query).all():
            if len(found) == limit:
                break
            if self._names_a_firm(tx, row.key, row.newest):
                cases = self._cases_of(tx, row.key, period)
                found.update({cases: None} if len(cases) >= least else {})
        return [list(cases) for cases in found]

    def _names_a_firm(self, tx: Tx, key: str, ticket_id: str) -> bool:
        """Tell whether a key is that of an employer: it is compared with those of a ticket that has it."""
        similar = SimilarStore(self.region, self.vault)
        query = select(_T).where(_T.c.region_code == self.region, _T.c.id == ticket_id)
        ticket = TICKETS.from_row(tx.read(query).one(), self.vault)
        firm = [(c, v) for c, v in clues(ticket.external_id, ticket.body) if c in (Clue.EMPLOYER, Clue.USCC)]
        return key in {similar.key_of(clue, value) for clue, value in firm}

    def _cases_of(self, tx: Tx, key: str, period: Period) -> tuple[str, ...]:
        joined = _K.join(_T, (_T.c.region_code == _K.c.region_code) & (_T.c.id == _K.c.ticket_id))
        query = (
            select(_T.c.case_id)
            .select_from(joined)
            .where(_K.c.region_code == self.region, _K.c.key == key, *self._within(period, _T.c.registered_at))
            .distinct()
            .order_by(_T.c.case_id)
        )
        return tuple(row.case_id for row in tx.read(query))

    def bounced(self, tx: Tx, period: Period, least: int, limit: int) -> list[tuple[str, int]]:
        """Return cases whose assignments came back at least so often, the most first."""
        times = func.count(_A.c.id)
        query = (
            select(_A.c.case_id, times)
            .join(_C, (_C.c.region_code == _A.c.region_code) & (_C.c.id == _A.c.case_id))
            .where(
                _A.c.region_code == self.region,
                _A.c.state == AssignmentState.RETURNED.value,
                *self._within(period, _C.c.opened_at),
            )
            .group_by(_A.c.case_id)
            .having(times >= least)
            .order_by(times.desc(), _A.c.case_id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in tx.read(query)]

    def overdue(self, tx: Tx, period: Period, limit: int) -> list[dict[str, Any]]:
        """Return the clocks that are overdue now, the longest first."""
        query = (
            select(_D.c.case_id, _D.c.kind, _D.c.unit, _D.c.due_at)
            .join(_C, (_C.c.region_code == _D.c.region_code) & (_C.c.id == _D.c.case_id))
            .where(
                _D.c.region_code == self.region,
                _D.c.status == DeadlineStatus.OVERDUE.value,
                *self._within(period, _C.c.opened_at),
            )
            .order_by(_D.c.due_at, _D.c.id)
            .limit(limit)
        )
        return [dict(row._mapping) for row in tx.read(query)]  # noqa: SLF001 - SQLAlchemy's public name

    def facts(self, tx: Tx, case_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return state, category and lead of these cases."""
        query = select(_C.c.id, _C.c.state, _C.c.category, _C.c.lead).where(
            _C.c.region_code == self.region, _C.c.id.in_(list(case_ids)), _C.c.state != CaseState.MERGED.value
        )
        return {row.id: {"state": row.state, "category": row.category, "lead": row.lead} for row in tx.read(query)}

    def _within(self, period: Period, column: Any) -> tuple[Any, Any]:
        return column >= period.start, column < period.end
