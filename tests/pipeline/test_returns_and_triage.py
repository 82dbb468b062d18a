"""Returns, triage, designation, out of scope, merging of duplicates and revisions."""

from __future__ import annotations

import pytest

from bridge.core.vocabulary import ReturnReason, TicketKind
from bridge.errors import IllegalTransition
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

WHY = {"reason_code": ReturnReason.NOT_OUR_DUTY, "reason": "不属本单位职责"}


async def test_the_first_return_goes_to_the_suggested_unit_the_second_to_the_office(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    limit = (await ledger.assignment(case_id, "tax"))["due"]["reply_by"]
    await ledger.receipt(case_id, "tax", "returned", suggested_unit="hrss", **WHY)
    assert await ledger.owed(case_id) == {"hrss": ["signed", "opinion"]}
    await ledger.fresh()
    await ledger.receipt(case_id, "hrss", "returned", suggested_unit="tax", **WHY)
    assert await ledger.state(case_id) == "triage"
    (escalated,) = await ledger.fresh(kind="unit")
    assert (escalated["type"], escalated["target"], escalated["owed"]) == ("assignment.escalated", "leading_office", [])
    returned = await ledger.assignment(case_id, "hrss")
    assert escalated["assignment_id"] == returned["id"]

    await ledger.act(case_id, "designate", OFFICE, unit="tax", reason="裁定")
    assignment = await ledger.assignment(case_id, "tax")
    assert assignment["owed"] == ["signed", "opinion"]
    assert "returned" not in assignment["allowed"]
    assert assignment["due"]["reply_by"] == limit
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "returned", **WHY)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_a_return_without_a_known_unit_waits_in_triage_for_a_reroute(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "returned", **WHY)
    assert await ledger.state(case_id) == "triage"
    await ledger.fresh()
    await ledger.act(case_id, "reroute", unit="medical", reason="改派")
    assert [m["type"] for m in await ledger.fresh(kind="upstream")] == ["ticket.transferred"]
    assert await ledger.owed(case_id) == {"medical": ["signed", "opinion"]}


async def test_silence_past_the_window_is_acceptance(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.until("2026-03-04T08:00:00+08:00")
    assignment = await ledger.assignment(case_id, "tax")
    assert "returned" not in assignment["allowed"]
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "returned", **WHY)


async def test_a_co_units_return_moves_only_its_part(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "returned", **WHY)
    assert await ledger.state(case_id) == "handling"
    await ledger.act(case_id, "override", OFFICE, reason="医保无职责")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_out_of_scope_is_returned_upstream_without_review(ledger: Ledger) -> None:
    case_id = await ledger.ticket(
        "来电人反映住房公积金提取一直没有到账，要求尽快办理公积金提取。", kind=TicketKind.HELP
    )
    assert await ledger.state(case_id) == "returned_upstream"
    (pushed,) = await ledger.fresh(kind="upstream")
    assert (pushed["type"], pushed["reason_code"]) == ("ticket.returned", "out_of_scope")
    await ledger.event(case_id, "return_refused")
    assert await ledger.state(case_id) == "triage"
    await ledger.act(case_id, "classify", category="late_fee", lead="tax", reason="人工判定")
    assert await ledger.owed(case_id) == {"tax": ["signed", "opinion"]}


async def test_the_same_ticket_again_is_a_duplicate_and_other_content_a_revision(ledger: Ledger) -> None:
    first = await ledger.ticket(SINGLE, external_id="X1")
    again = await ledger.ticket(SINGLE, external_id="X1")
    assert first == again
    assert len((await ledger.view(first))["tickets"]) == 1
    await ledger.fresh()
    changed = await ledger.ticket(SINGLE + "补充：有截图。", external_id="X1")
    assert changed == first
    view = await ledger.view(first)
    assert view["tickets"][0]["revision"] == 2
    assert [(m["type"], m["target"]) for m in await ledger.fresh()] == [("case.updated", "tax")]


async def test_withdrawal_takes_every_assignment_back(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.fresh()
    await ledger.event(case_id, "withdraw")
    sent = await ledger.fresh()
    assert sorted(m["type"] for m in sent) == ["assignment.withdrawn"] * 3 + ["ticket.withdrawn"]
    assert await ledger.state(case_id) == "withdrawn"
    with pytest.raises(IllegalTransition):
        await ledger.event(case_id, "withdraw")


async def test_praise_is_passed_on_without_clock_or_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket("感谢税务局工作人员耐心解答社保缴费问题。", kind=TicketKind.PRAISE)
    view = await ledger.view(case_id)
    assert view["state"] == "archived"
    assert view["deadlines"] == []
    (message,) = await ledger.fresh()
    assert (message["type"], message["owed"]) == ("assignment.dispatched", [])


async def test_a_consultation_ends_with_its_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket("请问灵活就业人员社保费可以在手机上缴吗？怎么缴费？", kind=TicketKind.CONSULT)
    lead = (await ledger.view(case_id))["lead"]
    await ledger.receipt(case_id, lead, "opinion")
    await ledger.deliver()
    assert await ledger.state(case_id) == "closed_consult"
