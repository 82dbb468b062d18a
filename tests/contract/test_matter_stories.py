"""Three stories of matters and tickets, day by day: one matter twice, three matters at once, one that is in arbitration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.core.commands import PartDraft, UpstreamEvent, UpstreamEventType
from bridge.core.model.ticket import Counterparty, Petitioner
from bridge.core.vocabulary import CounterpartyType, PartDisposal
from tests.contract.conftest import retune
from tests.pipeline.conftest import OFFICE, Ledger


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


def firm(name: str) -> Counterparty:
    return Counterparty(name, type=CounterpartyType.EMPLOYER)


async def upstream(ledger: Ledger) -> list[tuple[str, str]]:
    return [(m["external_id"], m["type"]) for m in await ledger.fresh(kind="upstream")]


async def due(ledger: Ledger, case_id: str) -> dict[tuple[str, str], str]:
    view = await ledger.view(case_id)
    owners = {t["id"]: t["external_id"] for t in view["tickets"]}
    running = [d for d in view["deadlines"] if d["owner"] in owners]
    return {(owners[d["owner"]], d["kind"]): d["due_at"] for d in running}


async def reply_of(ledger: Ledger, number: str) -> Any:
    (reply,) = [
        m
        for m in await ledger.messages(kind="upstream")
        if m["type"] == "ticket.replied" and m["external_id"] == number
    ]
    return reply["reply"]


async def test_the_same_matter_by_hotline_and_by_letter(ledger: Ledger) -> None:
    """S12: two numbers, two clocks, one handling, two equal replies; satisfaction here ends nothing there."""
    ledger.clock.move_to(at("2026-01-06T09:00:00"))
    kept = await ledger.ticket(
        "来电人郗女士反映2025年1至6月工资条每月扣社保612元，个人实际应缴443.60元，每月多扣168.40元，要求退还。",
        external_id="ZZ12", respond_by=at("2026-01-13T18:00:00"), petitioner=Petitioner("郗女士", "136****1212"),
        counterparty=firm("德邻电动车配件厂"),
    )  # fmt: skip
    ledger.clock.move_to(at("2026-01-06T10:00:00"))
    await ledger.receipt(kept, "tax", "signed", signed_by="经办人")
    await ledger.until("2026-01-09T10:00:00+08:00")
    letter = await ledger.ticket(
        "本人郗某，去年上半年厂里每月从工资里多扣社保168.40元，共1010.40元，已打12345，怕没人管，再写信反映。",
        external_id="XF12", feed="petition", respond_by=at("2026-03-10T18:00:00"),
        petitioner=Petitioner("郗某", "136****1212"), counterparty=firm("德邻电动车配件厂"),
    )  # fmt: skip
    assert [found["case_id"] for found in (await ledger.view(letter))["similar"]] == [kept]
    ledger.clock.move_to(at("2026-01-09T11:00:00"))
    await ledger.act(letter, "merge", OFFICE, into=kept, reason="重复件")
    assert await due(ledger, kept) == {
        ("ZZ12", "reply"): "2026-01-13T18:00:00+08:00",
        ("XF12", "accept_notice"): "2026-01-26T23:59:59+08:00",
        ("XF12", "reply"): "2026-03-10T18:00:00+08:00",
    }
    await ledger.until("2026-01-12T15:00:00+08:00")
    events = (await ledger.service.history(kept))["events"]
    reminded = [event["occurred_at"][:10] for event in events if event["type"] == "reminder.sent"]
    assert reminded == ["2026-01-09", "2026-01-12"]
    await ledger.fresh()
    await ledger.receipt(kept, "tax", "opinion", text="经查单位多扣168.40元×6=1010.40元，责令退还。")
    await ledger.deliver()
    assert await upstream(ledger) == [("ZZ12", "ticket.replied"), ("XF12", "ticket.replied")]
    hotline, letters = await reply_of(ledger, "ZZ12"), await reply_of(ledger, "XF12")
    own = hotline.pop("remedies")
    assert letters.pop("remedies")[: len(own)] == own
    assert hotline == letters
    ledger.clock.move_to(at("2026-01-12T16:10:00"))
    await ledger.receipt(kept, "tax", "told", who="payer", channel="书面")
    await ledger.receipt(kept, "tax", "told", who="other_side", channel="书面")
    assert await upstream(ledger) == [("XF12", "ticket.accepted")]
    pleased = UpstreamEvent("ZZ12", UpstreamEventType.SATISFACTION, value="satisfied")
    await ledger.service.accept_event("hotline", pleased, None)
    assert await ledger.state(kept) == "replied"
    ledger.clock.move_to(at("2026-01-28T11:00:00"))
    await ledger.act(kept, "archive", OFFICE)
    assert await ledger.state(kept) == "archived"


async def test_wages_enrolment_and_housing_fund_in_one_ticket(ledger: Ledger) -> None:
    """S18: only the enrolment is ours; the reply answers in three parts."""
    ledger.clock.move_to(at("2025-12-24T09:00:00"))
    case_id = await ledger.ticket(
        "来电人聂先生在聚和味餐饮干了两年，拖欠10、11两个月工资7600元，从没参加社保，也没有公积金。要求都解决。",
        external_id="ZZ18", respond_by=at("2026-01-15T18:00:00"), petitioner=Petitioner("聂先生", "139****1818"),
        counterparty=firm("聚和味餐饮店"),
    )  # fmt: skip
    await ledger.act(
        case_id, "classify", OFFICE, category="registration_transfer", lead="hrss", co_units=("tax", "medical")
    )
    await ledger.receipt(case_id, "hrss", "signed")
    parts = (
        PartDraft("欠薪", PartDisposal.OUTSIDE, "劳动保障监察"),
        PartDraft("参保", PartDisposal.HERE),
        PartDraft("公积金", PartDisposal.OUTSIDE, "住房公积金管理中心"),
    )
    await ledger.act(case_id, "split", OFFICE, parts=parts)
    for unit in ("tax", "medical"):
        await ledger.receipt(case_id, unit, "opinion")
    ledger.clock.move_to(at("2025-12-31T15:00:00"))
    await ledger.receipt(case_id, "hrss", "consolidated", text="责令为聂某办理参保登记。")
    await ledger.deliver()
    text = (await reply_of(ledger, "ZZ18"))["public_text"]
    for words in (
        "一、参保部分处理意见", "二、欠薪：不属征缴，去劳动保障监察", "三、公积金：不属征缴，去住房公积金管理中心",
    ):  # fmt: skip
        assert words in text
    view = await ledger.view(case_id)
    assert (view["state"], view["category"], len(view["parts"])) == ("replied", "registration_transfer", 3)
    assert [d for d in view["deadlines"] if d["kind"] == "objection"]


async def test_a_dispute_that_is_before_the_arbitrators(ledger: Ledger) -> None:
    """S23: noted with its number, not decided again; the inspection asked for besides is a report of its own."""
    retune(ledger, review_enabled=True)
    ledger.clock.move_to(at("2026-01-21T09:00:00"))
    case_id = await ledger.ticket(
        "来电人祝女士反映单位2024年少缴养老，已向仲裁院申请（泽劳人仲案〔2026〕8号），2月10日开庭，另外请税务去单位检查。",
        external_id="ZZ23", respond_by=at("2026-01-28T18:00:00"), petitioner=Petitioner("祝女士", "134****2323"),
        counterparty=firm("兴泽矿建公司"),
    )  # fmt: skip
    await ledger.act(case_id, "classify", OFFICE, category="contribution_base", lead="tax", co_units=())
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.act(case_id, "link", OFFICE, kind="arbitration", reference="泽劳人仲案〔2026〕8号")
    check = PartDraft(
        "检查", PartDisposal.APART, category="inspection_arrears", lead="tax", co_units=(), confidential=True,
        text="请对兴泽矿建公司2024年缴费情况进行检查。",
    )  # fmt: skip
    await ledger.act(case_id, "split", OFFICE, parts=(PartDraft("少缴养老", PartDisposal.HERE), check))
    assert "court" not in await ledger.owed(case_id)
    child = next(part["case_id"] for part in (await ledger.view(case_id))["parts"] if part["case_id"])
    sent = [m for m in await ledger.messages(kind="unit") if m["case_id"] == child]
    assert sent
    assert not [m for m in sent if "祝" in str(m) or "2323" in str(m)]
    ledger.clock.move_to(at("2026-01-23T15:00:00"))
    await ledger.receipt(case_id, "tax", "opinion", text="单位与职工的争议在仲裁程序中，不另行裁断。")
    await ledger.deliver()
    text = (await reply_of(ledger, "ZZ23"))["public_text"]
    assert all(words in text for words in ("案号：泽劳人仲案〔2026〕8号", "等待裁决", "检查部分已登记"))
    assert (await ledger.state(case_id), await ledger.state(child)) == ("replied", "handling")
