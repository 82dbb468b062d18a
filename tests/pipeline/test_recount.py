"""A recount by the calendar that made the limits finds nothing to move, whatever became of the case since."""

from __future__ import annotations

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from tests.contract.test_refused_returns import at
from tests.pipeline.conftest import JOINT, OFFICE, Ledger


async def moved(ledger: Ledger) -> list[str]:
    found, _ = await ledger.service.recountable(ledger.service.runtime.rules(), "")
    return [f"{each.kind} {each.unit}: {each.before} -> {each.after}" for each in found]


async def test_opinions_keep_their_limits_when_an_overdue_case_joins(ledger: Ledger) -> None:
    late = await ledger.ticket(JOINT, external_id="R1")
    await ledger.until("2026-03-27T09:00:00+08:00")
    kept = await ledger.ticket(JOINT, external_id="R2")
    await ledger.act(late, "merge", OFFICE, into=kept, reason="同一诉求")
    assert await moved(ledger) == []


async def test_opinions_keep_their_limits_when_the_upstream_gives_more_time(ledger: Ledger) -> None:
    await ledger.ticket(JOINT, external_id="R3", respond_by=at("2026-03-05T18:00:00"))
    event = UpstreamEvent("R3", UpstreamEventType.EXTENSION_GRANTED, until=at("2026-03-20T18:00:00"))
    await ledger.service.accept_event("hotline", event, None)
    assert await moved(ledger) == []
