"""The ledger's gauges: zeros for what nobody is in, ages of what waits, the same on each database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bridge.core.vocabulary import AssignmentState, CaseState, ReturnReason
from bridge.errors import Unavailable
from bridge.ledger_gauges import LedgerGauges, snapshot
from bridge.metrics import Metrics
from bridge.patience import PATIENCE_SECONDS, Patience
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


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_database_that_hangs_is_told_and_asked_only_once(ledger: Ledger, database_url: str) -> None:
    gauges = LedgerGauges(ledger.store, ledger.clock, Patience(0.01))
    ledger.service.patience.seconds = 0.01
    engine = create_async_engine(database_url)
    async with engine.begin() as other:
        await other.execute(text("LOCK TABLE cases, outbox"))
        for _ in range(2):
            with pytest.raises(Unavailable, match="秒没有应答"):
                await gauges.read()
            assert await ledger.service.readiness() == ["数据库 0.01 秒没有应答"]
        gauges.patience.seconds = ledger.service.patience.seconds = 10 * PATIENCE_SECONDS
    await engine.dispose()
    assert "cases" in await gauges.read()
    assert await ledger.service.readiness() == []


async def shown(ledger: Ledger) -> Metrics:
    metrics = Metrics()
    metrics.show_ledger(await ledger.store.read(lambda tx: snapshot(tx, ledger.store, ledger.clock)))
    return metrics
