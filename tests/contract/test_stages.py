"""Contract section 3, "What is owed, stage by stage": the table, and what may happen between its steps."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.model.opinion import OverrideNote
from bridge.core.vocabulary import ProcedureId
from bridge.errors import IllegalTransition
from tests.contract.conftest import WHY, complex_case, retune
from tests.pipeline.conftest import JOINT, LEADER, OFFICE, REFUND, SINGLE, Ledger

ALL = {"tax", "hrss", "medical", "justice", "court", "finance", "petition", "office"}


async def refund_at_second_check(ledger: Ledger) -> str:
    case_id = await ledger.ticket(REFUND)
    await ledger.receipt(case_id, "tax", "opinion", text="初核同意")
    return case_id


async def test_an_override_in_the_refund_sequence_opens_the_next_stage_and_keeps_the_debt(ledger: Ledger) -> None:
    case_id = await refund_at_second_check(ledger)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.act(case_id, "override", OFFICE, reason="医保逾期")
    owed = await ledger.owed(case_id)
    assert (owed["medical"], owed["finance"], owed["tax"]) == (["signed", "opinion"], ["signed", "opinion"], [])
    note = OverrideNote("王五", "副局长", "先行答复")
    await ledger.receipt(case_id, "tax", "consolidated", override=note)
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"
    await ledger.receipt(case_id, "medical", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]
    assert (await ledger.owed(case_id))["finance"] == ["signed", "opinion"]


async def test_an_override_cannot_replace_the_only_opinion_there_is(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    with pytest.raises(IllegalTransition) as refused:
        await ledger.act(case_id, "override", OFFICE, reason="先行答复")
    assert "override" not in (refused.value.allowed_actions or ())


async def test_an_override_does_not_go_past_the_minutes(ledger: Ledger) -> None:
    case_id = await complex_case(ledger, JOINT)
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated", override=OverrideNote("王五", "副局长", "急"))
    await ledger.act(case_id, "minutes", OFFICE, number="1号")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_a_unit_added_for_a_later_stage_waits_for_it(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    await ledger.act(case_id, "classify", category="refund_offset", lead="tax", co_units=("hrss",), reason="人工")
    await ledger.act(case_id, "add_unit", unit="finance", reason="退库")
    assert (await ledger.assignment(case_id, "finance"))["state"] == "queued"
    with pytest.raises(IllegalTransition) as refused:
        await ledger.receipt(case_id, "finance", "signed")
    assert (refused.value.owed, refused.value.allowed) == ((), ())
    await ledger.receipt(case_id, "tax", "opinion")
    assert (await ledger.assignment(case_id, "finance"))["state"] == "queued"
    await ledger.receipt(case_id, "hrss", "opinion")
    assert (await ledger.assignment(case_id, "finance"))["owed"] == ["signed", "opinion"]


async def test_a_unit_of_no_stage_joins_the_first_co_unit_stage(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    await ledger.act(case_id, "add_unit", unit="justice", reason="法律适用")
    assert (await ledger.assignment(case_id, "justice"))["state"] == "queued"
    await ledger.receipt(case_id, "tax", "opinion")
    assert (await ledger.owed(case_id))["justice"] == ["signed", "opinion"]


async def test_a_unit_added_while_consolidating_is_waited_for(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.act(case_id, "add_unit", unit="finance", reason="涉及财政")
    owed = await ledger.owed(case_id)
    assert (owed["tax"], owed["finance"]) == ([], ["signed", "opinion"])
    await ledger.receipt(case_id, "finance", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_a_stage_without_its_units_is_skipped(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    await ledger.act(case_id, "classify", category="refund_offset", lead="tax", co_units=("finance",), reason="人工")
    await ledger.receipt(case_id, "tax", "opinion")
    assert await ledger.owed(case_id) == {"tax": [], "finance": ["signed", "opinion"]}


async def test_an_opinion_given_before_the_approval_stands(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.act(case_id, "approve", LEADER)
    owed = await ledger.owed(case_id)
    assert set(owed) == ALL
    assert (owed["hrss"], owed["medical"], owed["tax"]) == ([], [], ["signed", "opinion"])


async def test_classify_with_joint_complex_asks_for_approval_before_the_lead_has_signed(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(
        case_id, "classify", category="late_fee", lead="tax", procedure=ProcedureId.JOINT_COMPLEX, reason="疑难"
    )
    assert await ledger.state(case_id) == "awaiting_approval"
    assert await ledger.owed(case_id) == {"tax": ["signed"]}
    await ledger.act(case_id, "approve", LEADER)
    assert (await ledger.owed(case_id))["tax"] == ["signed", "opinion"]


@pytest.mark.parametrize("action", ["add_unit", "reroute", "classify"])
async def test_a_proposal_stays_before_the_leader_whatever_the_operator_corrects(ledger: Ledger, action: str) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    fields: dict[str, Any] = {"classify": {"category": "contribution_base", "lead": "tax"}}.get(
        action, {"unit": "hrss"}
    )
    await ledger.act(case_id, action, reason="更正", **fields)
    assert await ledger.state(case_id) == "awaiting_approval"
    clocks = [d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == "approval"]
    assert [clock["status"] for clock in clocks] == ["running"]
    await ledger.act(case_id, "approve", LEADER)
    assert "opinion" in (await ledger.owed(case_id))["court"]


async def test_deny_makes_it_joint_general(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    await ledger.act(case_id, "deny", LEADER)
    view = await ledger.view(case_id)
    assert (view["state"], view["procedure"]) == ("handling", "joint_general")
    assert await ledger.owed(case_id) == {
        "tax": [], "hrss": ["signed", "opinion"], "medical": ["signed", "opinion"],
    }  # fmt: skip


async def test_nobody_consolidates_while_the_leader_decides(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    answer = await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    assert answer.body["owed"] == []
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.act(case_id, "deny", LEADER)
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


async def test_a_unit_that_returns_its_part_of_a_complex_case_is_not_asked_again(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    await ledger.act(case_id, "approve", LEADER)
    await ledger.receipt(case_id, "court", "returned", suggested_unit="justice", **WHY)
    assert "court" not in await ledger.owed(case_id)
    await ledger.act(case_id, "classify", category="inspection_arrears", lead="tax", reason="更正类别")
    view = await ledger.view(case_id)
    assert (view["procedure"], view["state"]) == ("joint_complex", "handling")
    assert set(await ledger.owed(case_id)) == ALL - {"court"}
    assert len([a for a in view["assignments"] if a["unit"] == "justice"]) == 1


async def test_under_invite_by_lead_co_units_wait_for_the_invitation_or_the_end_of_its_limit(ledger: Ledger) -> None:
    retune(ledger, invite_by_lead=True)
    invited = await ledger.ticket(JOINT, external_id="I1")
    waited = await ledger.ticket(JOINT, external_id="I2")
    moved = await ledger.ticket(JOINT, external_id="I3")
    assert await ledger.owed(invited) == {"tax": ["signed"]}
    await ledger.receipt(invited, "tax", "invited")
    assert (await ledger.owed(invited))["hrss"] == ["signed", "opinion"]
    await ledger.act(invited, "classify", category="inspection_arrears", lead="tax", reason="更正")
    assert (await ledger.owed(invited))["hrss"] == ["signed", "opinion"]
    await ledger.receipt(moved, "tax", "signed")
    await ledger.receipt(moved, "tax", "transferred", to_unit="petition", reason="信访牵头")
    await ledger.until("2026-03-04T08:00:00+08:00")
    for case_id in (waited, moved):
        assert (await ledger.owed(case_id))["hrss"] == ["signed", "opinion"]
