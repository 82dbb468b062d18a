"""Contract section 3: ``accepting_unit``, a change of lead, returns, designation."""

from __future__ import annotations

import pytest

from bridge.core.vocabulary import ReceiptType
from bridge.errors import IllegalTransition
from tests.contract.conftest import WHY
from tests.pipeline.conftest import JOINT, OFFICE, REFUND, SINGLE, Ledger


async def lead_of(ledger: Ledger, case_id: str) -> tuple[str, str | None]:
    view = await ledger.view(case_id)
    return view["lead"], view["accepting_unit"]


async def test_the_first_lead_to_sign_is_the_accepting_unit_and_no_co_unit_is(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "signed")
    assert await lead_of(ledger, case_id) == ("tax", None)
    await ledger.fresh()
    await ledger.receipt(case_id, "tax", "opinion", text="先看账")
    assert await lead_of(ledger, case_id) == ("tax", "tax")
    (accepted,) = await ledger.fresh(kind="upstream")
    assert (accepted["type"], accepted["accepting_unit"]) == ("ticket.accepted", "tax")
    assert accepted["due"] == (await ledger.assignment(case_id, "tax"))["due"]["reply_by"]


async def test_a_signed_co_unit_that_becomes_the_lead_accepts(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "signed")
    await ledger.fresh()
    await ledger.receipt(case_id, "tax", "returned", suggested_unit="hrss", **WHY)
    assert await lead_of(ledger, case_id) == ("hrss", "hrss")
    assert [m["type"] for m in await ledger.fresh(kind="upstream")] == ["ticket.accepted", "ticket.assigned"]
    assert await ledger.owed(case_id) == {"hrss": [], "medical": ["signed", "opinion"]}
    await ledger.receipt(case_id, "medical", "opinion")
    assert (await ledger.owed(case_id))["hrss"] == ["consolidated"]


async def test_an_unsigned_co_unit_that_becomes_the_lead_owes_what_a_lead_owes(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "returned", suggested_unit="hrss", **WHY)
    assert await ledger.owed(case_id) == {"hrss": ["signed"], "medical": ["signed", "opinion"]}


async def test_after_transferred_the_former_lead_keeps_a_co_role_and_consolidates_in_every_procedure(
    ledger: Ledger,
) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    before = await ledger.assignment(case_id, "tax")
    await ledger.receipt(case_id, "tax", "transferred", to_unit="petition", reason="信访牵头")
    after = await ledger.assignment(case_id, "tax")
    assert (after["id"], after["role"], after["owed"]) == (before["id"], "co", [])
    assert (await ledger.assignment(case_id, "petition"))["role"] == "lead"
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]
    await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_another_change_of_lead_takes_the_consolidation_back(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "transferred", to_unit="medical", reason="属医保")
    await ledger.receipt(case_id, "medical", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]
    await ledger.act(case_id, "reroute", unit="hrss", reason="应由人社办理")
    assert await ledger.owed(case_id) == {"tax": [], "medical": [], "hrss": ["signed", "opinion"]}
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.receipt(case_id, "hrss", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_rework_after_a_transfer_goes_to_the_present_lead_and_the_accepting_unit_replies(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "transferred", to_unit="medical", reason="属医保")
    await ledger.receipt(case_id, "medical", "opinion", text="一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.deliver()
    await ledger.fresh()
    await ledger.event(case_id, "rework")
    sent = {m["target"]: (m["type"], m["round"], m["owed"]) for m in await ledger.fresh(kind="unit")}
    assert sent == {
        "tax": ("assignment.dispatched", 2, []),
        "medical": ("assignment.dispatched", 2, ["opinion"]),
    }
    await ledger.receipt(case_id, "medical", "opinion", text="二")
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总二")
    (replied,) = await ledger.fresh(kind="upstream")
    assert (replied["round"], replied["reply"]["public_text"]) == (2, "总二")


async def test_rework_of_a_refund_is_dispatched_stage_by_stage(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    for unit in ("tax", "hrss", "medical", "finance"):
        await ledger.receipt(case_id, unit, "opinion", text=f"{unit}一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.deliver()
    await ledger.fresh()
    await ledger.event(case_id, "rework")
    assert [(m["target"], m["owed"]) for m in await ledger.fresh(kind="unit")] == [("tax", ["opinion"])]
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "hrss", "opinion", text="hrss二")
    await ledger.receipt(case_id, "tax", "opinion", text="tax二")
    sent = await ledger.fresh(kind="unit")
    assert sorted((m["target"], m["type"], tuple(m["owed"])) for m in sent) == [
        ("hrss", "assignment.dispatched", ("opinion",)),
        ("medical", "assignment.dispatched", ("opinion",)),
    ]


async def test_a_designated_co_unit_may_not_return(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "returned", suggested_unit="petition", **WHY)
    await ledger.receipt(case_id, "petition", "returned", **WHY)
    assert await ledger.state(case_id) == "triage"
    await ledger.fresh()
    await ledger.act(case_id, "designate", OFFICE, unit="hrss", reason="裁定")
    assert "returned" not in (await ledger.assignment(case_id, "hrss"))["allowed"]
    (told,) = await ledger.fresh(target="hrss")
    assert "returned" not in told["allowed"]
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "hrss", "returned", **WHY)


async def test_designating_another_unit_when_the_lead_has_signed_keeps_the_accepting_unit(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.act(case_id, "designate", OFFICE, unit="medical", reason="指定")
    assert await lead_of(ledger, case_id) == ("medical", "tax")
    await ledger.receipt(case_id, "medical", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_a_part_returned_to_a_unit_that_has_answered_holds_nothing_up(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "returned", suggested_unit="hrss", **WHY)
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_a_part_returned_in_a_later_stage_is_asked_of_the_suggested_unit_now(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    for unit in ("tax", "hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion")
    await ledger.receipt(case_id, "finance", "returned", suggested_unit="justice", **WHY)
    assert (await ledger.owed(case_id))["justice"] == ["signed", "opinion"]
    await ledger.receipt(case_id, "justice", "returned", suggested_unit="finance", **WHY)
    office = await ledger.messages(target="leading_office")
    assert office[-1]["escalation"]["reason"] == "part_returned"
    assert "add_unit" in (await ledger.view(case_id))["allowed_actions"]
    await ledger.act(case_id, "add_unit", unit="finance", reason="仍由财政办理")
    assert (await ledger.owed(case_id))["finance"] == [ReceiptType.SIGNED, ReceiptType.OPINION]
