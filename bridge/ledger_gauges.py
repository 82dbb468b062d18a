"""The ledger's gauges, counted in the database by the clock leader (contract section 5)."""

from __future__ import annotations

from datetime import datetime

from bridge.core.vocabulary import CaseState
from bridge.metrics import Snapshot
from bridge.store.store import Store
from bridge.store.writer import Tx


def snapshot(tx: Tx, store: Store, wall: datetime) -> Snapshot:
    """Count cases, assignments, deadlines and messages; closed label sets start at 0."""
    queries = store.queries
    cases = dict.fromkeys((state.value for state in CaseState), 0) | queries.count_cases(tx)
    oldest = queries.oldest_due(tx)
    age = max((wall - oldest).total_seconds(), 0.0) if oldest else 0.0
    return {
        "cases": [((state,), float(count)) for state, count in cases.items()],
        "assignments": [(labels, float(count)) for labels, count in queries.count_assignments(tx).items()],
        "deadlines": [(labels, float(count)) for labels, count in queries.count_deadlines(tx).items()],
        "outbox_messages": [(labels, float(count)) for labels, count in queries.count_outbox(tx).items()],
        "outbox_oldest_due_age_seconds": [((), age)],
    }
