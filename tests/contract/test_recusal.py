"""A report never reaches the unit it accuses, and nobody leads a complaint of itself (domain 5.2, ADR 0008)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from bridge.core.commands import ActionName, OperatorAction, PartDraft
from bridge.core.model.ticket import Counterparty
from bridge.core.vocabulary import CounterpartyType, PartDisposal, ProcedureId, TicketKind
from bridge.errors import BridgeError, Forbidden, IllegalTransition, InvalidPayload
from tests.contract.conftest import WHY, retune
from tests.pipeline.conftest import JOINT, LEADER, OFFICE, OPERATOR, SINGLE, Ledger

TAX = Counterparty("国家税务总局泽州县税务局第一税务分局", type=CounterpartyType.AGENCY)
EMPLOYER = Counterparty("永茂水泥制品有限公司", type=CounterpartyType.EMPLOYER)
SECRET = "会计说谁去告谁先回家"
REPORT = f"单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。{SECRET}。"


async def report(ledger: Ledger, counterparty: Counterparty | None = TAX, content: str = REPORT, **more: Any) -> str:
    return await ledger.ticket(content, kind=TicketKind.REPORT, counterparty=counterparty, **more)


async def told(ledger: Ledger, unit: str) -> list[dict[str, Any]]:
    return await ledger.messages(kind="unit", target=unit)


async def test_a_report_of_a_unit_waits_for_the_office_and_the_unit_hears_nothing(ledger: Ledger) -> None:
    case_id = await report(ledger)
    view = await ledger.view(case_id)
    assert (view["state"], view["lead"], view["assignments"]) == ("triage", None, [])
    assert [(each["unit"], each["wholly"], each["final"]) for each in view["recused"]] == [("tax", True, True)]
    assert [m["escalation"]["reason"] for m in await told(ledger, "leading_office")] == ["recusal"]
    assert await told(ledger, "tax") == []


async def test_a_report_of_an_employer_flows_on_and_its_supervisor_is_left_out(ledger: Ledger) -> None:
    assert (await ledger.view(await report(ledger, EMPLOYER)))["lead"] == "tax"
    units = dict(ledger.service.runtime.rules().policy.units)
    units["medical"] = replace(units["medical"], supervises=("永茂水泥",))
    retune(ledger, units=units)
    view = await ledger.view(await report(ledger, EMPLOYER, external_id="R2"))
    assert (view["lead"], "medical" in view["co_units"], "hrss" in view["co_units"]) == ("tax", False, True)


async def test_a_complaint_about_staff_goes_past_the_unit_and_the_office_may_decide_otherwise(ledger: Ledger) -> None:
    rude = f"{SINGLE}办事人员辱骂他。"
    case_id = await ledger.ticket(rude, counterparty=TAX)
    assert (await ledger.view(case_id))["state"] == "triage"
    with pytest.raises(IllegalTransition) as refused:
        await ledger.act(case_id, "reroute", unit="tax", reason="熟悉情况")
    assert "designate" in (refused.value.allowed_actions or ())
    await ledger.act(case_id, "designate", OFFICE, unit="tax", reason="由其纪检室办理")
    assert (await ledger.view(case_id))["lead"] == "tax"
    assert (await ledger.view(await ledger.ticket(SINGLE, counterparty=TAX, external_id="T2")))["lead"] == "tax"


async def test_a_supplement_that_turns_the_case_against_its_lead_takes_it_away(ledger: Ledger) -> None:
    case_id = await report(ledger, EMPLOYER)
    await ledger.event(case_id, "supplement", content="另举报县税务局包庇该公司。")
    view = await ledger.view(case_id)
    assert (view["state"], view["lead"]) == ("triage", None)
    assert (await ledger.assignment(case_id, "tax"))["state"] == "withdrawn"
    rows = await ledger.store.read(lambda tx: ledger.store.outbox.listing(tx, state=None, target="tax", limit=9))
    assert {row["state"] for row in rows} == {"cancelled"}
    assert (await ledger.service.history(case_id))["chain_intact"]


async def test_what_the_unit_heard_before_is_taken_back_without_the_ticket(ledger: Ledger) -> None:
    case_id = await report(ledger, EMPLOYER)
    await ledger.deliver()
    await ledger.event(case_id, "supplement", content="另举报县税务局包庇该公司。")
    last = (await told(ledger, "tax"))[-1]
    assert (last["type"], last["case"]["tickets"]) == ("assignment.withdrawn", [])


async def test_a_report_is_not_merged_into_a_case_of_the_accused(ledger: Ledger) -> None:
    kept, accusing = await ledger.ticket(JOINT), await report(ledger, external_id="R1")
    with pytest.raises(InvalidPayload) as refused:
        await ledger.act(accusing, "merge", OFFICE, into=kept, reason="同一事项")
    assert [problem.path for problem in refused.value.problems] == ["into"]
    assert await ledger.state(kept) == "handling"


async def test_a_merge_takes_the_accused_co_unit_out(ledger: Ledger) -> None:
    kept = await ledger.ticket(JOINT)
    assert "medical" in (await ledger.view(kept))["co_units"]
    accusing = await report(ledger, Counterparty("泽州县医保局", type=CounterpartyType.AGENCY), external_id="R1")
    await ledger.act(accusing, "merge", OFFICE, into=kept, reason="同一事项")
    assert "medical" not in (await ledger.view(kept))["co_units"]
    assert (await ledger.assignment(kept, "medical"))["state"] == "withdrawn"
    assert not any(SECRET in str(message) for message in await told(ledger, "medical"))


async def test_a_part_of_a_report_is_not_given_to_the_accused(ledger: Ledger) -> None:
    case_id = await report(ledger)
    here = PartDraft("追缴欠费", PartDisposal.HERE)
    apart = PartDraft("滞纳金", PartDisposal.APART, category="late_fee", lead="tax")
    await ledger.act(case_id, "split", OFFICE, parts=(here, apart), reason="两件事")
    part = (await ledger.view(case_id))["parts"][1]["case_id"]
    assert (await ledger.view(part))["state"] == "triage"
    assert await told(ledger, "tax") == []


@pytest.mark.parametrize("name", ["永茂水泥制品有限公司", "永茂水泥"])
async def test_a_report_is_not_returned_to_the_accused(ledger: Ledger, name: str) -> None:
    case_id = await report(ledger, EMPLOYER)
    with pytest.raises(InvalidPayload):
        await ledger.act(case_id, "return_upstream", suggested=name, reason="请该单位处理")
    with pytest.raises(InvalidPayload):
        await ledger.receipt(case_id, "tax", "returned", suggested_external=name, **WHY)


GIVING: tuple[dict[str, Any], ...] = (
    {"action": "classify", "category": "inspection_arrears", "lead": "tax"},
    {"action": "classify", "category": "inspection_arrears", "lead": "hrss", "co_units": ("tax",)},
    {"action": "classify", "category": "inspection_arrears"},
    {"action": "classify", "category": "refund_offset", "lead": "hrss", "procedure": ProcedureId.JOINT_COMPLEX},
    {"action": "reroute", "unit": "tax"},
    {"action": "designate", "unit": "tax"},
    {"action": "reroute", "unit": "hrss"},
    {"action": "add_unit", "unit": "tax"},
    {"action": "approve"},
    {"action": "extend"},
    {"action": "suspend"},
    {"action": "resume"},
)
FIRST: tuple[dict[str, Any], ...] = (
    {"action": "designate", "unit": "hrss"},
    {"action": "classify", "category": "late_fee", "lead": "hrss"},
)


@pytest.mark.parametrize("actor", [OPERATOR, OFFICE, LEADER], ids=lambda actor: actor.role)
async def test_no_role_and_no_action_gives_a_report_to_the_accused(ledger: Ledger, actor: Any) -> None:
    """Every role, every pair of actions, with and without a reason: the accused unit never gets a word."""
    for number, (first, then) in enumerate(product(FIRST, GIVING)):
        case_id = await report(ledger, external_id=f"R{number}")
        for step in (first, then):
            fields = {"reason": "由其办理", **step}
            with suppress(BridgeError):
                await ledger.act(case_id, str(fields.pop("action")), actor, **fields)
        live = [a["unit"] for a in (await ledger.view(case_id))["assignments"]]
        assert "tax" not in live, (first, then)
    assert await told(ledger, "tax") == []


async def test_a_clerk_of_the_accused_unit_can_do_nothing(ledger: Ledger) -> None:
    case_id = await report(ledger, EMPLOYER)
    await ledger.event(case_id, "supplement", content="另举报县税务局包庇该公司。")
    clerk = replace(OPERATOR, role="clerk")
    with pytest.raises(Forbidden):
        await ledger.service.act(case_id, OperatorAction(ActionName.TOLD, who="payer"), clerk, "tax")
