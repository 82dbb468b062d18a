"""Open limits under another calendar: what would change, and changing it, a case at a time.

Owns: walking the cases whose clocks run. Must not: count days (the core does) or write in a preview.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.core.lifecycle import decide
from bridge.core.lifecycle.recount import Recounted
from bridge.core.model.event import SYSTEM
from bridge.core.policy import Rules
from bridge.pipeline.commit import Committed, load, write
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

BATCH = 100


def page(tx: Tx, runtime: Runtime, rules: Rules, after: str) -> tuple[list[Recounted], str | None]:
    """Return what would change in the next hundred cases with a clock; the last id, or None at the end."""
    ids = runtime.store.queries.cases_ticking(tx, after, BATCH)
    context = replace(runtime.context(SYSTEM, "calendar"), rules=rules)
    files = [file for case_id in ids if (file := runtime.store.cases.load(tx, case_id)) is not None]
    found = [one for file in files for one in decide.recount(file, context)[1]]
    return found, ids[-1] if len(ids) == BATCH else None


def recount(tx: Tx, runtime: Runtime, case_id: str) -> Committed | None:
    """Put a case's open limits where the calendar of the moment puts them; None if nothing changes."""
    file = load(tx, runtime, case_id)
    work, found = decide.recount(file, runtime.context(SYSTEM, "calendar"))
    return write(tx, runtime, file, work.decision()) if found else None
