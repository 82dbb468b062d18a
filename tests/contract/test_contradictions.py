"""Units that do not agree: shown to the lead, kept in the history, and never answered over without a word on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bridge.core.model.opinion import OverrideNote
from bridge.core.model.ticket import Counterparty, FeePeriod, Petitioner
from bridge.core.vocabulary import Conclusion, CounterpartyType, PeriodStage
from bridge.errors import InvalidPayload
from tests.pipeline.conftest import JOINT, REFUND, Ledger


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def events(ledger: Ledger, case_id: str, type_: str) -> list[dict[str, Any]]:
    history = await ledger.service.history(case_id)
    return [event["detail"] for event in history["events"] if event["type"] == type_]


async def joint(ledger: Ledger, hrss: dict[str, Any], medical: dict[str, Any]) -> str:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion", **hrss)
    await ledger.receipt(case_id, "medical", "opinion", **medical)
    return case_id


async def kinds(ledger: Ledger, case_id: str) -> list[tuple[str, bool]]:
    return [(c["kind"], c["must_explain"]) for c in (await ledger.view(case_id))["contradictions"]]


async def reply_of(ledger: Ledger) -> Any:
    return [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied"][-1]["reply"]


async def test_two_units_name_two_sums_until_one_corrects_its_own(ledger: Ledger) -> None:
    """S19: 核定 11328 against 应收 11892; no reply over it; the corrected sum goes out, both versions are kept."""
    ledger.clock.move_to(at("2026-01-12T09:00:00"))
    case_id = await ledger.ticket(
        "来电人苗女士单位为其补缴2024年3月至10月养老，社保核定11328元，税务页面11892元，差564元，单位不敢交。",
        title="补缴金额两家不一致", external_id="ZZ19", respond_by=at("2026-02-02T18:00:00"),
        petitioner=Petitioner("苗女士", "138****1919"),
        counterparty=Counterparty("县人社局/县税务局", type=CounterpartyType.AGENCY),
    )  # fmt: skip
    view = await ledger.view(case_id)
    assert (view["category_number"], view["lead"], view["co_units"]) == (5, "hrss", ["tax"])
    await ledger.receipt(case_id, "hrss", "signed", signed_by="经办人")
    ledger.clock.move_to(at("2026-01-16T15:00:00"))
    await ledger.receipt(
        case_id, "hrss", "opinion", text="核定应补本金11328.00元，不含滞纳金。", amounts={"核定": "11328.0"}
    )
    ledger.clock.move_to(at("2026-01-19T15:00:00"))
    await ledger.fresh()
    await ledger.receipt(case_id, "tax", "opinion", text="系统应收11892.00元。", amounts={"应收": "11892.00"})
    (told,) = await ledger.fresh(target="hrss")
    assert (told["type"], told["ready_to_consolidate"]) == ("case.updated", True)
    (found,) = told["contradictions"]
    assert found["text"] == "金额不一致：人社局“核定”11328.0 ≠ 税务局“应收”11892.00，差564.00"
    assert (found["kind"], found["units"], found["must_explain"]) == ("amount", ["hrss", "tax"], True)
    with pytest.raises(InvalidPayload, match=r"note：金额不一致：.*差564\.00.*在 note 中说明"):
        await ledger.receipt(case_id, "hrss", "consolidated", text="按11600元补缴。", amounts={"准予": "11600"})
    assert (await ledger.state(case_id), (await ledger.owed(case_id))["hrss"]) == ("consolidating", ["consolidated"])
    ledger.clock.move_to(at("2026-01-20T15:00:00"))
    await ledger.receipt(
        case_id, "tax", "opinion", text="更正：564.00元为误加滞纳金，应收本金11328.00元。",
        amounts={"应收": "11328.00", "误加": "564.00"},
    )  # fmt: skip
    assert (await ledger.view(case_id))["contradictions"] == []
    ledger.clock.move_to(at("2026-01-21T10:00:00"))
    await ledger.receipt(
        case_id,
        "hrss",
        "consolidated",
        text="以核定数11328元为准补缴；564元系误加滞纳金，已更正。",
        amounts={"准予": "11328"},
    )
    await ledger.deliver()
    reply = await reply_of(ledger)
    assert "11328元" in reply["public_text"]
    assert "11892" not in reply["public_text"]
    assert await ledger.state(case_id) == "replied"
    versions = [(o["unit"], o["text"]) for o in (await ledger.view(case_id))["opinions"] if o["unit"] == "tax"]
    assert [text[:2] for _, text in versions] == ["系统", "更正"]
    assert len(await events(ledger, case_id, "contradiction.found")) == 1
    assert len(await events(ledger, case_id, "contradiction.ended")) == 1


@pytest.mark.parametrize(
    "explained",
    [
        {"note": "以人社核定为准，医保口径含滞纳金。"},
        {"amounts": {"欠费": "100.00"}},
        {"override": OverrideNote("王五", "副局长", "以人社核定为准。")},
    ],
    ids=["note", "value", "signed"],
)
async def test_the_lead_settles_a_sum_by_a_note_by_the_final_value_or_by_a_signed_override(
    ledger: Ledger, explained: dict[str, Any]
) -> None:
    case_id = await joint(ledger, {"amounts": {"欠费": "100.00"}}, {"amounts": {"欠费 ": "90"}})
    with pytest.raises(InvalidPayload):
        await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一", **explained)
    internal = (await reply_of(ledger))["internal_text"]
    assert "意见矛盾：金额不一致：" in internal
    assert "对矛盾的说明：" in internal
    (kept,) = await events(ledger, case_id, "contradictions.explained")
    assert "人社" in kept["account"][0]


async def test_equal_sums_written_differently_and_parts_of_different_names_agree(ledger: Ledger) -> None:
    hrss = {"amounts": {"欠费": "1660.0", "养老": "100"}, "period": FeePeriod("2025-01", "2025-03")}
    medical = {"amounts": {"欠费": "1660", "可退": "830"}, "period": FeePeriod("2025-01", "2025-03")}
    case_id = await joint(ledger, hrss, medical)
    assert await kinds(ledger, case_id) == []
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    assert "矛盾" not in (await reply_of(ledger))["internal_text"]


async def test_periods_that_differ_are_settled_by_the_final_period(ledger: Ledger) -> None:
    months = ({"period": FeePeriod("2025-01", "2025-03")}, {"period": FeePeriod("2025-01", "2025-06")})
    case_id = await joint(ledger, *months)
    assert await kinds(ledger, case_id) == [("period", True)]
    with pytest.raises(InvalidPayload, match="费款所属期不一致"):
        await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总一", period=FeePeriod("2025-01", "2025-06"))
    assert await ledger.state(case_id) == "replying"


async def test_where_the_fees_straddle_the_reform_each_unit_speaks_of_its_own_months(ledger: Ledger) -> None:
    case_id = await ledger.ticket("单位2021年5月至2025年10月一直少报缴费基数，养老、医保都按最低基数，要求补缴差额。")
    assert (await ledger.view(case_id))["period"] == PeriodStage.STRADDLE.value
    await ledger.receipt(case_id, "hrss", "opinion", period=FeePeriod("2021-05", "2023-11"))
    await ledger.receipt(case_id, "tax", "opinion", period=FeePeriod("2023-12", "2025-10"))
    assert await kinds(ledger, case_id) == []


async def test_where_the_fees_straddle_the_reform_one_unit_may_speak_of_the_whole(ledger: Ledger) -> None:
    case_id = await ledger.ticket("单位2021年5月至2025年10月一直少报缴费基数，养老、医保都按最低基数，要求补缴差额。")
    await ledger.receipt(case_id, "tax", "opinion", period=FeePeriod("2021-05", "2025-10"))
    await ledger.receipt(case_id, "hrss", "opinion", period=FeePeriod("2021-05", "2023-11"))
    assert await kinds(ledger, case_id) == []
    await ledger.receipt(case_id, "hrss", "opinion", text="更正", period=FeePeriod("2021-01", "2023-11"))
    assert await kinds(ledger, case_id) == [("period", True)]


async def refund(ledger: Ledger, tax: str, hrss: str, medical: str) -> list[tuple[str, bool]]:
    case_id = await ledger.ticket(REFUND)
    months = {"hrss": FeePeriod("2024-09", "2024-11"), "medical": FeePeriod("2024-09", "2024-10")}
    for unit, amount in (("tax", tax), ("hrss", hrss), ("medical", medical)):
        fields: dict[str, Any] = {"period": months.get(unit)}
        await ledger.receipt(case_id, unit, "opinion", amounts={"应退": amount}, **fields)
    return await kinds(ledger, case_id)


async def test_two_agencies_re_check_a_refund_each_for_its_own_kinds(ledger: Ledger) -> None:
    assert await refund(ledger, "3000.00", "1800.00", "1200") == []


async def test_a_first_check_that_is_not_the_sum_of_the_re_checks_contradicts_them(ledger: Ledger) -> None:
    assert await refund(ledger, "3000.00", "1800.00", "1000.00") == [("amount", True)]


async def test_opposite_conclusions_are_shown_with_their_clauses_and_hold_nothing_up(ledger: Ledger) -> None:
    hrss = {"conclusion": Conclusion.SUBSTANTIATED, "legal_basis": ("社会保险法第八十四条",)}
    medical = {"conclusion": Conclusion.UNSUBSTANTIATED, "legal_basis": ("社会保险法第八十六条",)}
    case_id = await joint(ledger, hrss, medical)
    assert await kinds(ledger, case_id) == [("conclusion", False), ("clause", False)]
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    assert await ledger.state(case_id) == "replying"


async def test_that_nobody_holds_itself_responsible_is_shown(ledger: Ledger) -> None:
    nobody = {"conclusion": Conclusion.NOT_IN_SCOPE}
    assert await kinds(ledger, await joint(ledger, nobody, nobody)) == [("responsible", False)]


async def test_a_unit_that_keeps_silent_contradicts_nobody(ledger: Ledger) -> None:
    silent = {"conclusion": Conclusion.NO_COMMENT}
    case_id = await joint(ledger, silent, {"conclusion": Conclusion.UNSUBSTANTIATED, "amounts": {"欠费": "1"}})
    assert await kinds(ledger, case_id) == []
