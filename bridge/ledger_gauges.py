"""The ledger's gauges, counted in the database by the clock leader (contract section 5).

Owns: which counts stand behind which series, and the zeros: a value that was counted once does not vanish, and a
state nobody is in shows 0. Must not: count anything itself (``store.queries`` does).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineStatus, OutboxState
from bridge.metrics import Snapshot
from bridge.patience import Patience
from bridge.ports import Clock
from bridge.series import MESSAGE_KINDS
from bridge.store.counts import Counts
from bridge.store.facts import AUDIT_FINDINGS, LAST_AUDIT, LAST_BACKUP
from bridge.store.store import Store
from bridge.store.writer import Tx

Labels = tuple[str, ...]
REST = 50
_STATUSES = [status.value for status in DeadlineStatus if status is not DeadlineStatus.CANCELLED]


@dataclass
class LedgerGauges:
    """The gauges of a running process: what is open is counted each time, the archive only when that costs little.

    It is counted again after ``REST`` times what counting it took: at once in a young county, every half minute
    where there are a million cases. Whoever asks meanwhile waits for that count instead of beginning another.
    """

    store: Store
    clock: Clock
    patience: Patience[Snapshot] = field(default_factory=Patience)
    _at_rest: Counts | None = None
    _again_at: float = 0.0

    async def read(self) -> Snapshot:
        """Return the gauges of this moment. Raises Unavailable, also where the database lets one wait too long."""
        return await self.patience.wait_for(lambda: self.store.read(self._snapshot))

    def _snapshot(self, tx: Tx) -> Snapshot:
        began = self.clock.monotonic()
        if self._at_rest is None or began >= self._again_at:
            self._at_rest = self.store.counts.at_rest(tx)
            ended = self.clock.monotonic()
            self._again_at = ended + REST * (ended - began)
        return snapshot(tx, self.store, self.clock, self._at_rest)


def snapshot(tx: Tx, store: Store, clock: Clock, at_rest: Counts | None = None) -> Snapshot:
    """Count the work and the messages, and tell what was noted of the ledger; a case ages by business time, a message by the wall's."""
    queries = store.queries
    counts = store.counts.open(tx) | (at_rest or store.counts.at_rest(tx))
    clocks = {(kind, unit) for kind, unit, _ in counts.deadlines}
    units = {unit for unit, _ in counts.assignments}
    messages = product(MESSAGE_KINDS, (state.value for state in OutboxState))
    return {
        "cases": _counts(((state.value,) for state in CaseState), counts.cases.items()),
        "triage_oldest_age_seconds": [((), _age(queries.oldest_opened(tx, CaseState.TRIAGE), clock.now()))],
        "assignments": _counts(product(units, (state.value for state in AssignmentState)), counts.assignments.items()),
        "deadlines": _counts(
            ((kind, unit, status) for kind, unit in clocks for status in _STATUSES), counts.deadlines.items()
        ),
        "outbox_messages": _counts(messages, counts.outbox.items()),
        "outbox_oldest_due_age_seconds": [((), _age(queries.oldest_due(tx), clock.wall()))],
        "backup_last_success_timestamp_seconds": [((), _instant(store.facts.get(tx, LAST_BACKUP)))],
        "audit_last_run_timestamp_seconds": [((), _instant(store.facts.get(tx, LAST_AUDIT)))],
        "audit_findings": [((), float(store.facts.get(tx, AUDIT_FINDINGS) or 0))],
    }


def _counts(closed: Iterable[Labels], counted: Iterable[tuple[Labels, int]]) -> list[tuple[Labels, float]]:
    counts = dict.fromkeys(closed, 0) | dict(counted)
    return [(labels, float(count)) for labels, count in counts.items()]


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _instant(noted: str | None) -> float:
    return datetime.fromisoformat(noted).timestamp() if noted else 0.0
