"""Odd but legal orders of what the contract lets everybody say."""

from __future__ import annotations

from datetime import datetime

import pytest

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from bridge.core.vocabulary import UrgeLevel
from bridge.errors import IllegalTransition
from tests.contract.conftest import complex_case
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_an_urge_in_a_pause_is_answered_and_starts_no_clock(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.act(case_id, "suspend", OFFICE, reason="等候鉴定")
    await ledger.fresh()
    await ledger.event(case_id, "urge", level=UrgeLevel.URGE)
    (answer,) = [m["text"] for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.progress"]
    assert "已进入一般联办，已收到人社局意见，医保局意见催促中" in answer
    view = await ledger.view(case_id)
    assert view["suspended"]
    assert {d["next_fire_at"] for d in view["deadlines"]} == {None}


async def test_an_urge_of_a_complex_case_says_that_the_meeting_comes_next(ledger: Ledger) -> None:
    case_id = await complex_case(ledger, JOINT)
    await ledger.fresh()
    await ledger.event(case_id, "urge", level=UrgeLevel.URGE)
    (answer,) = [m["text"] for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.progress"]
    assert "已进入复杂专案，各单位意见已齐，待会商形成纪要" in answer


async def test_a_rework_of_a_merged_case_owes_only_the_ticket_that_asked(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    letter = await ledger.ticket(SINGLE, external_id="XF1", feed="petition")
    await ledger.act(letter, "merge", OFFICE, into=kept, reason="同一诉求")
    await ledger.receipt(kept, "tax", "opinion", text="核减")
    await ledger.deliver()
    await ledger.fresh()
    respond_by = datetime.fromisoformat("2026-03-09T18:00:00+08:00")
    rework = UpstreamEvent("XF1", UpstreamEventType.REWORK, respond_by=respond_by)
    answer = await ledger.service.accept_event("petition", rework, None)
    assert answer.body["case_id"] == kept
    with pytest.raises(IllegalTransition, match="与上一轮完全相同"):
        await ledger.receipt(kept, "tax", "opinion", text="核减")
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    replies = [m for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.replied"]
    assert [(m["external_id"], m["round"], m["supplement"]) for m in replies] == [("XF1", 2, False)]


async def test_a_revision_after_the_reply_changes_no_state_and_is_read_in_the_next_round(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, external_id="ZZ1")
    await ledger.receipt(case_id, "tax", "opinion", text="核减")
    await ledger.deliver()
    again = await ledger.ticket(f"{SINGLE}附：凭证", external_id="ZZ1")
    view = await ledger.view(case_id)
    assert (again, view["state"], view["tickets"][0]["revision"]) == (case_id, "replied", 2)
    await ledger.fresh()
    await ledger.event(case_id, "rework", respond_by=datetime.fromisoformat("2026-03-09T18:00:00+08:00"))
    (sent,) = [m for m in await ledger.fresh(kind="unit") if m["type"] == "assignment.dispatched"]
    assert (sent["round"], sent["case"]["tickets"][0]["content"]) == (2, f"{SINGLE}附：凭证")
