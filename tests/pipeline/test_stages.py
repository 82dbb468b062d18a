"""The contract's table "what is owed, stage by stage", through the real store."""

from __future__ import annotations

import pytest

from bridge.core.model.opinion import OverrideNote
from bridge.errors import IllegalTransition
from tests.pipeline.conftest import JOINT, REFUND, SINGLE, Ledger


async def test_transfer_owes_signed_and_opinion_and_then_replies(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    view = await ledger.view(case_id)
    assert (view["state"], view["procedure"], view["lead"]) == ("handling", "transfer", "tax")
    assert await ledger.owed(case_id) == {"tax": ["signed", "opinion"]}
    transferred = await ledger.fresh(kind="upstream")
    assert [m["type"] for m in transferred] == ["ticket.transferred"]
    assert set(transferred[0]["contact"]) == {"unit", "person", "phone"}
    assert transferred[0]["contact"]["phone"]

    answer = await ledger.receipt(case_id, "tax", "signed", signed_by="经办人")
    assert answer.body["owed"] == ["opinion"]
    assert [m["type"] for m in await ledger.fresh(kind="upstream")] == ["ticket.accepted"]

    answer = await ledger.receipt(case_id, "tax", "opinion", text="已更正滞纳金")
    assert (answer.body["case_state"], answer.body["owed"]) == ("replying", [])
    (replied,) = await ledger.fresh(kind="upstream")
    assert replied["type"] == "ticket.replied"
    assert replied["reply"]["public_text"] == "已更正滞纳金"
    assert replied["round"] == 1
    assert replied["supplement"] is False

    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_an_opinion_while_signing_is_owed_counts_as_signing(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    types = [message["type"] for message in await ledger.fresh(kind="upstream")]
    assert types == ["ticket.transferred", "ticket.accepted", "ticket.replied"]


async def test_joint_general_waits_for_every_co_unit_and_then_the_lead_consolidates(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    assert await ledger.owed(case_id) == {
        "tax": ["signed"],
        "hrss": ["signed", "opinion"],
        "medical": ["signed", "opinion"],
    }
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    with pytest.raises(IllegalTransition) as refused:
        await ledger.receipt(case_id, "tax", "consolidated")
    assert refused.value.owed == ()
    assert "opinion" in refused.value.allowed
    await ledger.fresh()
    await ledger.receipt(case_id, "medical", "opinion")
    (told,) = await ledger.fresh(kind="unit")
    assert (told["type"], told["target"], told["owed"]) == ("case.updated", "tax", ["consolidated"])
    assert told["ready_to_consolidate"] is True
    assert {opinion["unit"] for opinion in told["opinions"]} == {"hrss", "medical"}
    assert await ledger.state(case_id) == "consolidating"
    await ledger.receipt(case_id, "tax", "consolidated", text="责令限期缴纳")
    (replied,) = await ledger.fresh(kind="upstream")
    assert {line["unit"] for line in replied["reply"]["opinions"]} == {"hrss", "medical"}


async def test_the_refund_goes_in_three_steps_each_opening_the_next(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    assert await ledger.owed(case_id) == {"tax": ["signed", "opinion"]}
    with pytest.raises(IllegalTransition) as early:
        await ledger.receipt(case_id, "finance", "opinion")
    assert early.value.allowed == ()
    await ledger.receipt(case_id, "tax", "opinion", text="初核同意")
    assert await ledger.owed(case_id) == {
        "tax": [], "hrss": ["signed", "opinion"], "medical": ["signed", "opinion"],
    }  # fmt: skip
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    assert (await ledger.owed(case_id))["finance"] == ["signed", "opinion"]
    await ledger.receipt(case_id, "finance", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]
    await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_an_override_replies_without_the_opinion_which_stays_owed_and_brings_a_supplement(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    note = OverrideNote("王五", "分管副局长", "医保意见未到，先行答复")
    await ledger.receipt(case_id, "tax", "consolidated", override=note)
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"
    assert (await ledger.owed(case_id))["medical"] == ["signed", "opinion"]
    await ledger.fresh()
    await ledger.receipt(case_id, "medical", "opinion", text="可补报")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]
    await ledger.receipt(case_id, "tax", "consolidated", text="补充答复：可补报")
    supplement = (await ledger.fresh(kind="upstream"))[-1]
    assert (supplement["type"], supplement["supplement"], supplement["round"]) == ("ticket.replied", True, 1)
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_after_a_transfer_the_accepting_unit_owes_the_consolidation(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    before = await ledger.view(case_id)
    await ledger.fresh()
    answer = await ledger.receipt(case_id, "tax", "transferred", to_unit="medical", reason="属医保职责")
    assert answer.body["owed"] == []
    sent = await ledger.fresh()
    assert [(m["type"], m["target"]) for m in sent] == [
        ("assignment.dispatched", "medical"),
        ("ticket.transferred", "hotline"),
    ]
    await ledger.receipt(case_id, "medical", "opinion", text="72个月已合并")
    after = await ledger.view(case_id)
    assert (after["lead"], after["accepting_unit"], after["state"]) == ("medical", "tax", "consolidating")
    assert await ledger.owed(case_id) == {"tax": ["consolidated"], "medical": []}
    reply_limits = [d["due_at"] for v in (before, after) for d in v["deadlines"] if d["kind"] == "reply"]
    assert len(set(reply_limits)) == 1
    await ledger.receipt(case_id, "tax", "consolidated", text="据医保意见答复")
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_rework_sends_the_same_assignments_again_and_refuses_the_same_words(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion", text="第一次答复")
    await ledger.deliver()
    assignment = await ledger.assignment(case_id, "tax")
    await ledger.fresh()
    await ledger.event(case_id, "rework")
    (again,) = await ledger.fresh(kind="unit")
    assert (again["type"], again["assignment_id"], again["round"]) == ("assignment.dispatched", assignment["id"], 2)
    assert again["owed"] == ["opinion"]
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "opinion", text="第一次答复")
    await ledger.receipt(case_id, "tax", "opinion", text="重新核实后答复")
    replied = (await ledger.fresh(kind="upstream"))[-1]
    assert (replied["type"], replied["round"]) == ("ticket.replied", 2)


async def test_a_complex_case_needs_consent_opinions_and_minutes_in_that_order(ledger: Ledger) -> None:
    from tests.pipeline.conftest import LEADER, OFFICE

    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="涉及多部门")
    assert await ledger.state(case_id) == "awaiting_approval"
    await ledger.act(case_id, "approve", LEADER)
    owed = await ledger.owed(case_id)
    assert owed["tax"] == ["opinion"]
    assert set(owed) == {"tax", "hrss", "medical", "justice", "court", "finance", "petition", "office"}
    with pytest.raises(IllegalTransition):
        await ledger.act(case_id, "minutes", OFFICE, number="1号", text="会商")
    for unit in owed:
        await ledger.receipt(case_id, unit, "opinion")
    assert await ledger.state(case_id) == "handling"
    await ledger.act(case_id, "minutes", OFFICE, number="1号", text="会商")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_a_counter_ticket_of_the_leads_own_duty_is_direct_and_ends_without_any_push_url(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, feed="counter.tax")
    assert (await ledger.view(case_id))["procedure"] == "direct"
    await ledger.receipt(case_id, "tax", "opinion")
    assert await ledger.state(case_id) == "replied"
