"""The ledger's own tickets as examples: what the rules look at, and what people made of it.

Owns: walking the archive a page at a time. Must not: judge a ticket again, or write.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bridge.core.lifecycle.register import facts_of
from bridge.core.model.file import CaseFile
from bridge.core.verdict import EVENTS, UNJUDGED, Verdict, verdict_of
from bridge.pipeline.runtime import Runtime
from bridge.rules.backtest import Sample
from bridge.store.periods import Period, Place
from bridge.store.writer import Tx

PAGE = 200


def page(tx: Tx, runtime: Runtime, since: datetime, after: Place | None) -> tuple[list[Sample], Place | None]:
    """Return the next two hundred cases' tickets in the order of registration; the last place, or None at the end."""
    period = Period(since, runtime.now() + timedelta(days=1))
    places = runtime.store.periods.opened(tx, period, after, PAGE)
    case_ids = [case_id for _, case_id in places]
    verdicts = {case_id: verdict_of(told) for case_id, told in runtime.store.periods.histories(tx, case_ids, EVENTS)}
    files = [file for case_id in case_ids if (file := runtime.store.cases.load(tx, case_id)) is not None]
    found = [sample for file in files for sample in _samples(file, runtime, verdicts.get(file.case.id, UNJUDGED))]
    return found, places[-1] if len(places) == PAGE else None


def _samples(file: CaseFile, runtime: Runtime, verdict: Verdict) -> list[Sample]:
    """Every ticket of a case; the verdict is on the case, so it holds for each of them."""
    context = runtime.context()
    return [Sample(file.case.id, facts_of(ticket.feed, ticket, context), verdict) for ticket in file.tickets]
