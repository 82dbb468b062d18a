"""The ledger's gauges, counted in the database by the clock leader (contract section 5).

Owns: which counts stand behind which series, and the zeros: a value that was counted once does not vanish, and a
state nobody is in shows 0. Must not: count anything itself (``store.queries`` does).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import product

from bridge.core.vocabulary import AssignmentState, CaseState, DeadlineStatus, OutboxState
from bridge.metrics import Snapshot
from bridge.ports import Clock
from bridge.series import MESSAGE_KINDS
from bridge.store.facts import AUDIT_FINDINGS, LAST_AUDIT, LAST_BACKUP
from bridge.store.store import Store
from bridge.store.writer import Tx

Labels = tuple[str, ...]
_STATUSES = [status.value for status in DeadlineStatus if status is not DeadlineStatus.CANCELLED]


def snapshot(tx: Tx, store: Store, clock: Clock) -> Snapshot:
    """Count the work and the messages, and tell what was noted of the ledger; a case ages by business time, a message by the wall's."""
    queries = store.queries
    assignments, deadlines = queries.count_assignments(tx), queries.count_deadlines(tx)
    clocks = {(kind, unit) for kind, unit, _ in deadlines}
    units = {unit for unit, _ in assignments}
    messages = product(MESSAGE_KINDS, (state.value for state in OutboxState))
    return {
        "cases": _counts(
            ((state.value,) for state in CaseState), (((state,), n) for state, n in queries.count_cases(tx).items())
        ),
        "triage_oldest_age_seconds": [((), _age(queries.oldest_opened(tx, CaseState.TRIAGE), clock.now()))],
        "assignments": _counts(product(units, (state.value for state in AssignmentState)), assignments.items()),
        "deadlines": _counts(
            ((kind, unit, status) for kind, unit in clocks for status in _STATUSES), deadlines.items()
        ),
        "outbox_messages": _counts(messages, queries.count_outbox(tx).items()),
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
