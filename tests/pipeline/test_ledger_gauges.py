"""The ledger's gauges: zeros for what nobody is in, ages of what waits, the same on each database."""

from __future__ import annotations

from datetime import timedelta

from bridge.core.vocabulary import AssignmentState, CaseState, ReturnReason
from bridge.ledger_gauges import snapshot
from bridge.metrics import Metrics
from bridge.series import LEDGER
from tests.pipeline.conftest import SINGLE, Ledger


async def test_an_empty_ledger_shows_zeros_and_no_age(ledger: Ledger) -> None:
    metrics = await shown(ledger)
    assert [metrics.value("cases", state=state.value) for state in CaseState] == [0.0] * len(CaseState)
    assert metrics.value("outbox_messages", kind="unit", state="parked") == 0
    assert 'ticketbridge_outbox_messages{kind="upstream",state="uncertain"} 0.0' in metrics.exposition().decode()
    assert metrics.value("triage_oldest_age_seconds") == 0


async def test_every_ledger_series_is_filled(ledger: Ledger) -> None:
    counted = await ledger.store.read(lambda tx: snapshot(tx, ledger.store, ledger.clock))
    assert set(counted) == {series.name for series in LEDGER}


async def test_a_ticket_in_triage_ages(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "returned", reason_code=ReturnReason.NOT_OUR_DUTY, reason="不属税务")
    assert await ledger.state(case_id) == "triage"
    ledger.clock.advance(timedelta(hours=5))
    metrics = await shown(ledger)
    assert metrics.value("cases", state="triage") == 1
    assert metrics.value("triage_oldest_age_seconds") == 5 * 3600


async def test_a_unit_that_was_asked_shows_every_state(ledger: Ledger) -> None:
    await ledger.ticket(SINGLE)
    metrics = await shown(ledger)
    text = metrics.exposition().decode()
    for state in AssignmentState:
        assert f'ticketbridge_assignments{{state="{state.value}",unit="tax"}}' in text
    for status in ("running", "due_soon", "overdue", "met", "missed", "provisional"):
        assert f'ticketbridge_deadlines{{kind="sign",status="{status}",unit="tax"}}' in text
    assert metrics.value("deadlines", kind="sign", unit="tax", status="running") == 1
    assert metrics.value("outbox_messages", kind="unit", state="ready") >= 1


async def shown(ledger: Ledger) -> Metrics:
    metrics = Metrics()
    metrics.show_ledger(await ledger.store.read(lambda tx: snapshot(tx, ledger.store, ledger.clock)))
    return metrics
