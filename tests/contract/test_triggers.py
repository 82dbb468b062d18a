"""What speaks for a complex case is data of the rules; a person proposes and the leader consents (R26, R27, A7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.core.model.ticket import FeePeriod, Petitioner, TicketBody
from bridge.core.triggers import Facts, Trigger, amount_of, fitting, of_ticket
from bridge.core.vocabulary import PeriodStage, ReturnReason
from bridge.errors import IllegalTransition
from tests.pipeline.conftest import JOINT, LEADER, OFFICE, SINGLE, Ledger

BODY = TicketBody(
    petitioner=Petitioner(people_count=12), amount="600,000元", period=FeePeriod("2010-01", "2024-06")
)  # fmt: skip
STRADDLE = of_ticket(BODY, "late_fee", ("group",), PeriodStage.STRADDLE)


async def triggers(ledger: Ledger, case_id: str) -> list[str]:
    return [each["id"] for each in (await ledger.view(case_id))["complex_triggers"]]


@pytest.mark.parametrize(
    ("trigger", "fits"),
    [
        (Trigger("t", "人数", people=12), True),
        (Trigger("t", "人数", people=13), False),
        (Trigger("t", "金额", amount=600_000), True),
        (Trigger("t", "金额", amount=600_001), False),
        (Trigger("t", "年数", years=14, periods=(PeriodStage.STRADDLE,)), True),
        (Trigger("t", "年数", years=15), False),
        (Trigger("t", "所属期", periods=(PeriodStage.PRE,)), False),
        (Trigger("t", "标记", flags=("group", "restructured")), False),
        (Trigger("t", "类别", categories=("benefits",)), False),
        (Trigger("t", "单位", units=1), False),
    ],
)
def test_a_trigger_fits_when_all_it_asks_holds(trigger: Trigger, fits: bool) -> None:
    assert bool(fitting([trigger], STRADDLE)) is fits


def test_nothing_fits_a_case_without_category_and_words_are_no_amount() -> None:
    assert fitting([Trigger("t", "人数", people=1)], replace(STRADDLE, category=None)) == ()
    assert of_ticket(TicketBody(amount="约三十万"), "late_fee", (), PeriodStage.POST) == Facts(
        "late_fee", period=PeriodStage.POST, people=1
    )


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("431.20", 431.2),
        ("1,200元", 1200),
        ("１，２００ 元", 1200),
        ("￥1200.00", 1200),
        ("约3.5万元左右", 35_000),
        ("1.2亿", 120_000_000),
        *((text, 0) for text in (None, "", "abc", "不详", "三千", "-5", "1,20", "3万到5万", "nan", "1e9", "9" * 400)),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str | None, yuan: float) -> None:
    assert amount_of(text) == yuan


async def test_the_lead_and_the_office_read_why_a_complex_case_is_suggested(ledger: Ledger) -> None:
    many = Petitioner(name="桑女士", phone="13600000303", people_count=26)
    case_id = await ledger.ticket(JOINT, petitioner=many)
    sent = await ledger.fresh(kind="unit")
    said = {message["target"]: message.get("complex_triggers") for message in sent}
    assert [each["id"] for each in said["tax"] or []] == ["complex.group", "complex.people"]
    assert said["hrss"] is said["medical"] is None
    assert await triggers(ledger, case_id) == ["complex.group", "complex.people"]
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="人数多")
    (asked,) = await ledger.fresh(target="leading_office")
    assert [each["id"] for each in asked["escalation"]["triggers"]] == ["complex.group", "complex.people"]
    events = (await ledger.service.history(case_id))["events"]
    requested = next(event["detail"] for event in events if event["type"] == "approval.requested")
    assert requested["triggers"] == ["complex.group", "complex.people"]
    await ledger.act(case_id, "approve", LEADER)
    assert await triggers(ledger, case_id) == []


async def test_what_happens_to_a_case_speaks_too(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    assert await triggers(ledger, case_id) == []
    why: dict[str, Any] = {"reason_code": ReturnReason.NOT_OUR_DUTY, "reason": "不属本单位职责"}
    await ledger.receipt(case_id, "tax", "returned", suggested_unit="hrss", **why)
    await ledger.receipt(case_id, "hrss", "returned", **why)
    assert await triggers(ledger, case_id) == []
    await ledger.act(case_id, "reroute", OFFICE, unit="medical")
    await ledger.receipt(case_id, "medical", "returned", **why)
    assert await triggers(ledger, case_id) == ["complex.bounced"]


async def test_no_step_of_a_complex_case_can_be_skipped(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="涉及多部门")
    for action, fields in (("minutes", {"number": "1"}), ("override", {"by": "李四"}), ("send_reply", {})):
        with pytest.raises(IllegalTransition):
            await ledger.act(case_id, action, OFFICE, **fields)
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated")
    with pytest.raises(IllegalTransition, match="只用于批准了的复杂专案"):
        await ledger.act(case_id, "minutes", OFFICE, number="1")
    await ledger.act(case_id, "approve", LEADER)
    with pytest.raises(IllegalTransition, match=r"还缺税务局、人社局、.*的意见，收齐后再登记"):
        await ledger.act(case_id, "minutes", OFFICE, number="1")
    for unit in await ledger.owed(case_id):
        await ledger.receipt(case_id, unit, "opinion")
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.act(case_id, "minutes", OFFICE, number="1")
    await ledger.receipt(case_id, "tax", "consolidated")
    assert await ledger.state(case_id) == "replying"
