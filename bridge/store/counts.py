"""How many there are of everything, in two halves: what is open, and what has come to rest.

Owns: reading only. The open half is bounded by what is open, whatever lies in the archive; the half at rest walks
narrow indexes, so that whoever asks often should ask for it rarely. Must not: name a series.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select

from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineStatus, OutboxState
from bridge.store.codec import ASSIGNMENTS, CASES, DEADLINES, table_of
from bridge.store.tables import ASSIGNMENT_OPEN, OUTBOX_MOVING, OUTBOX_STOPPED, OutboxRow
from bridge.store.writer import Tx

_C, _A, _D = CASES.table, ASSIGNMENTS.table, DEADLINES.table
_O = table_of(OutboxRow)

_OPEN_CASES = (
    CaseState.TRIAGE,
    CaseState.AWAITING_APPROVAL,
    CaseState.HANDLING,
    CaseState.CONSOLIDATING,
    CaseState.REPLYING,
    CaseState.REPLIED,
)
_CLOSED_CASES = tuple(state for state in CaseState if state not in _OPEN_CASES)
_ENDED_ASSIGNMENTS = (AssignmentState.ANSWERED, AssignmentState.RETURNED, AssignmentState.WITHDRAWN)
_NOT_LATE = (DeadlineStatus.RUNNING.value, DeadlineStatus.DUE_SOON.value)
_OPEN_CLOCKS = (*_NOT_LATE, DeadlineStatus.PROVISIONAL.value, DeadlineStatus.OVERDUE.value)
_ENDED_CLOCKS = (DeadlineStatus.MET.value, DeadlineStatus.MISSED.value)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by label values: cases by state, assignments by unit and state, clocks by kind, unit and status, messages by kind and state."""

    cases: dict[Labels, int]
    assignments: dict[Labels, int]
    deadlines: dict[Labels, int]
    outbox: dict[Labels, int]

    def __or__(self, other: Counts) -> Counts:
        """Put two halves together."""
        return Counts(
            self.cases | other.cases,
            self.assignments | other.assignments,
            self.deadlines | other.deadlines,
            self.outbox | other.outbox,
        )


@dataclass(frozen=True, slots=True)
class CountStore:
    """Counts of one region."""

    region: str

    def all(self, tx: Tx) -> Counts:
        """Count everything."""
        return self.open(tx) | self.at_rest(tx)

    def open(self, tx: Tx) -> Counts:
        """Count what somebody still owes something for."""
        return Counts(
            cases=self._cases(tx, _OPEN_CASES),
            assignments=self._grouped(tx, (_A.c.unit, _A.c.state), literal_column(ASSIGNMENT_OPEN)),
            deadlines=self._open_deadlines(tx),
            outbox=self._moving(tx) | self._stopped(tx),
        )

    def at_rest(self, tx: Tx) -> Counts:
        """Count the rest: all of the archive."""
        return Counts(
            cases=self._cases(tx, _CLOSED_CASES),
            assignments=self._ended_assignments(tx),
            deadlines=self._grouped(tx, (_D.c.kind, _D.c.unit, _D.c.status), _D.c.status.in_(_ENDED_CLOCKS)),
            outbox=self._delivered(tx),
        )

    def _cases(self, tx: Tx, states: Iterable[CaseState]) -> dict[Labels, int]:
        return self._grouped(tx, (_C.c.state,), _C.c.state.in_([state.value for state in states]))

    def _open_deadlines(self, tx: Tx) -> dict[Labels, int]:
        """Count clocks that run; provisional ones that are not late count as ``provisional``."""
        columns = (_D.c.kind, _D.c.unit, _D.c.status, _D.c.provisional)
        counts: dict[Labels, int] = {}
        for (kind, unit, status, provisional), count in self._grouped(
            tx, columns, _D.c.status.in_(_OPEN_CLOCKS)
        ).items():
            shown = DeadlineStatus.PROVISIONAL.value if provisional and status in _NOT_LATE else status
            counts[kind, unit, shown] = counts.get((kind, unit, shown), 0) + count
        return counts

    def _ended_assignments(self, tx: Tx) -> dict[Labels, int]:
        """Count by unit, each state in a column: in the order of the index, where grouping by both would sort the archive."""
        each = [func.sum(case((_A.c.state == state.value, 1), else_=0)) for state in _ENDED_ASSIGNMENTS]
        query = select(_A.c.unit, *each).where(_A.c.region_code == self.region).group_by(_A.c.unit)
        found = [
            (row[0], state.value, n)
            for row in tx.read(query)
            for state, n in zip(_ENDED_ASSIGNMENTS, row[1:], strict=True)
        ]
        return {(unit, state): int(count) for unit, state, count in found if count}

    def _moving(self, tx: Tx) -> dict[Labels, int]:
        return self._grouped(tx, (_O.c.kind, _O.c.state), literal_column(OUTBOX_MOVING))

    def _stopped(self, tx: Tx) -> dict[Labels, int]:
        return self._grouped(tx, (_O.c.kind, _O.c.state), literal_column(OUTBOX_STOPPED))

    def _delivered(self, tx: Tx) -> dict[Labels, int]:
        """All messages but those that move or stopped: only their number is read, from a narrow index."""
        totals = self._grouped(tx, (_O.c.kind,))
        for (kind, _), count in (self._moving(tx) | self._stopped(tx)).items():
            totals[kind,] -= count
        return {(kind, OutboxState.DELIVERED.value): count for (kind,), count in totals.items()}

    def _grouped(
        self, tx: Tx, columns: tuple[ColumnElement[Any], ...], *where: ColumnElement[bool] | Any
    ) -> dict[Labels, int]:
        table = columns[0].table
        query: Select[Any] = select(*columns, func.count()).where(table.c.region_code == self.region, *where)
        return {tuple(row[:-1]): row[-1] for row in tx.read(query.group_by(*columns))}
