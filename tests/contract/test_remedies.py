"""R31: the reply prints the remedies of this matter only, by who acted (domain 3.6; scenarios S03, S05, S22)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest

from bridge.core.model.ticket import Counterparty, Petitioner
from bridge.core.vocabulary import Conclusion, CounterpartyType, PartyRole, TicketKind
from bridge.pipeline.dossier import dossier
from tests.pipeline.conftest import JOINT, REFUND, SINGLE, Ledger

TAX, AGENCY, EMPLOYER, MEDIATED = "市税务局申请行政复议", "县人民政府申请行政复议", "劳动人事争议仲裁", "共同向有管辖权"
AGENCY_TAX = Counterparty("县税务局", type=CounterpartyType.AGENCY)


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def remedies(ledger: Ledger) -> list[str]:
    replies = [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied"]
    return list(replies[-1]["reply"]["remedies"])


def about(lines: list[str]) -> set[str]:
    """Which ways the lines name, with the unit they are against."""
    ways = {TAX, AGENCY, EMPLOYER, MEDIATED, "上一级机关", "12345"}
    assert all(any(way in line for way in ways) for line in lines)
    return {
        f"{line[: line.find('的处理')]}:{way}" if "复议" in way else way
        for line in lines
        for way in ways
        if way in line
    }


async def test_three_disputes_with_three_sides_print_three_ways(ledger: Ledger) -> None:
    """S22: tax's act, the agency's act, the employer; authorities differ, dates roll past holidays."""
    ledger.clock.move_to(at("2026-01-20T09:00:00"))
    case_id = await ledger.ticket(
        "来电人代表乾源机修公司及职工反映：税务加收滞纳金4210元算法有误；人社核定补缴数偏高；另职工反映单位拒不补2024年基数差额。",
        petitioner=Petitioner("车先生", role=PartyRole.EMPLOYER), counterparty=Counterparty("县税务局、县人社局、乾源机修公司"),
    )  # fmt: skip
    await ledger.act(case_id, "classify", category="late_fee", lead="tax", co_units=("hrss",))
    await ledger.receipt(case_id, "hrss", "opinion", text="核定无误，明细附后。")
    ledger.clock.move_to(at("2026-01-28T10:00:00"))
    await ledger.receipt(case_id, "tax", "consolidated", text="不予核减")
    printed = await remedies(ledger)
    assert about(printed) == {f"对税务局:{TAX}", f"对人社局:{AGENCY}", EMPLOYER}
    assert len(printed) == 3
    for line in printed[:2]:
        assert all(words in line for words in ("60日", "2026年3月30日", "2026年7月28日"))
    assert ("1年" in printed[2], "复议" in printed[2]) == (True, False)
    await ledger.deliver()
    await ledger.event(case_id, "objection", routes=("复议→市税务局", "复议→县政府"))
    (progress,) = [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.progress"][-1:]
    assert all(word in progress["text"] for word in ("救济途径", "复议→县政府", "60日", "1年"))
    assert await ledger.state(case_id) == "closed_remedy_told"


async def answered(ledger: Ledger, text: str, **ticket: Any) -> str:
    """Let every unit give its opinion, and the lead the last word."""
    case_id = await ledger.ticket(text, **ticket)
    for _ in range(6):
        for unit, owed in (await ledger.owed(case_id)).items():
            for type_ in [name for name in ("opinion", "consolidated") if name in owed]:
                await ledger.receipt(case_id, unit, type_)
    return case_id


async def test_a_worker_against_an_employer_has_no_reconsideration(ledger: Ledger) -> None:
    """S03: what tax orders the employer to pay is no act against the worker."""
    await answered(ledger, JOINT, petitioner=Petitioner("桑女士", "13600000303", role=PartyRole.EMPLOYEE))
    assert about(await remedies(ledger)) == {EMPLOYER}


async def test_a_period_across_the_reform_has_the_acts_of_both(ledger: Ledger) -> None:
    """S06: the employer's declaration, tax's handling since the reform, the agencies' assessment before it."""
    text = "来电人反映丰实选煤厂2023年1月至2024年12月一直按最低基数给职工申报养老、失业、医保，要求按实际工资补缴基数差额。"
    await answered(ledger, text, counterparty=Counterparty("丰实选煤厂", type=CounterpartyType.EMPLOYER))
    both = {f"对人社局:{AGENCY}", f"对医保局:{AGENCY}"}
    assert about(await remedies(ledger)) == {EMPLOYER, f"对税务局:{TAX}"} | both


async def test_a_refund_names_every_unit_that_decided_and_not_the_treasury(ledger: Ledger) -> None:
    """S05: 税务初核 and 人社、医保复核 are acts of different authorities; finance only assists."""
    person = Counterparty("陆某（离职员工）", type=CounterpartyType.PERSON)
    await answered(ledger, REFUND, petitioner=Petitioner("戚女士", role=PartyRole.EMPLOYER), counterparty=person)
    assert about(await remedies(ledger)) == {f"对税务局:{TAX}", f"对人社局:{AGENCY}", f"对医保局:{AGENCY}"}


async def test_a_unit_without_comment_has_not_acted(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, counterparty=Counterparty("县税务局、县人社局"))
    await ledger.act(case_id, "classify", category="late_fee", lead="tax", co_units=("hrss",))
    await ledger.receipt(case_id, "hrss", "opinion", conclusion=Conclusion.NO_COMMENT)
    await ledger.receipt(case_id, "tax", "consolidated")
    assert about(await remedies(ledger)) == {f"对税务局:{TAX}"}


@pytest.mark.parametrize("kind", [TicketKind.CONSULT, TicketKind.SUGGESTION, TicketKind.REPORT])
async def test_who_only_asks_proposes_or_reports_is_shown_none(ledger: Ledger, kind: TicketKind) -> None:
    firm = Counterparty("乾源机修公司", type=CounterpartyType.EMPLOYER)
    await answered(ledger, SINGLE, kind=kind, counterparty=firm if kind is TicketKind.REPORT else AGENCY_TAX)
    assert await remedies(ledger) == []


async def test_a_letter_is_shown_the_review_of_letters_too(ledger: Ledger) -> None:
    await answered(ledger, SINGLE, feed="petition", counterparty=AGENCY_TAX)
    assert about(await remedies(ledger)) == {f"对税务局:{TAX}", "上一级机关"}


async def test_a_way_already_gone_is_not_shown_and_a_mediation_is_to_be_confirmed(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.act(case_id, "link", kind="mediation", reference="泽调〔2026〕3号", reason="双方同意")
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion")
    await ledger.receipt(case_id, "tax", "consolidated")
    assert about(await remedies(ledger)) == {MEDIATED}
    await ledger.act(
        case_id, "link", kind="judicial_confirmation", reference="（2026）晋0525民特1号", reason="双方共同申请"
    )
    await ledger.deliver()
    await ledger.act(case_id, "reopen", reason="补充答复")
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion", text="第二轮")
    await ledger.receipt(case_id, "tax", "consolidated", text="第二轮总处理意见")
    assert await remedies(ledger) == []


async def test_the_leads_own_words_stand(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, counterparty=AGENCY_TAX)
    await ledger.receipt(case_id, "tax", "opinion", remedies=("另见决定书",))
    assert await remedies(ledger) == ["另见决定书"]


async def test_only_bad_manners_are_for_the_hotline(ledger: Ledger) -> None:
    text = "去大厅缴职工养老保险费被加收滞纳金，窗口人员服务态度差，滞纳金已认可，只要求改进作风。"
    case_id = await ledger.ticket(text, counterparty=None)
    await ledger.act(case_id, "classify", category="other", lead="tax", co_units=())
    await ledger.receipt(case_id, "tax", "opinion")
    assert about(await remedies(ledger)) == {"12345"}


async def test_an_explanation_is_no_act_to_be_reviewed(ledger: Ledger) -> None:
    """S13: what the unit only explains leaves nothing to be reconsidered."""
    case_id = await ledger.ticket(SINGLE, counterparty=AGENCY_TAX)
    await ledger.receipt(case_id, "tax", "opinion", conclusion=Conclusion.ANSWERED)
    assert await remedies(ledger) == []


@pytest.mark.parametrize("role", [PartyRole.RESIDENT, PartyRole.FLEXIBLE])
async def test_who_has_no_employer_is_not_sent_to_arbitration(ledger: Ledger, role: PartyRole) -> None:
    await answered(ledger, JOINT, petitioner=Petitioner("桑女士", "13600000303", role=role))
    assert EMPLOYER not in about(await remedies(ledger))


async def test_who_is_before_the_arbitrators_already_is_not_sent_there(ledger: Ledger) -> None:
    """The ticket says so before anybody has registered the case number."""
    await answered(ledger, JOINT + "此事劳动仲裁已立案。", petitioner=Petitioner("桑女士", "13600000303"))
    assert EMPLOYER not in about(await remedies(ledger))


async def test_a_supplement_that_blames_the_employer_adds_the_way_against_it(ledger: Ledger) -> None:
    """S21: the pension was computed right; the employer had declared too little. Two authorities and the employer."""
    case_id = await ledger.ticket(
        "来电人邬先生2025年12月退休，养老金每月2240元，比同工龄的工友少三百多，怀疑算错了，要求重新核。",
        petitioner=Petitioner("邬先生", "13600002121"), counterparty=Counterparty("县人社局", type=CounterpartyType.AGENCY),
    )  # fmt: skip
    assert (await ledger.view(case_id))["lead"] == "hrss"
    await ledger.receipt(case_id, "hrss", "signed")
    await ledger.event(
        case_id,
        "supplement",
        content="人社说发得没错，是原单位2024年按4100给我报的，我实际7900，我要求单位把差的补报上，再给我重算。",
    )
    assert "employer_blamed" in (await ledger.file(case_id)).case.flags
    await ledger.act(case_id, "classify", category="contribution_base", lead="tax", co_units=("hrss",), reason="补充")
    await ledger.receipt(case_id, "hrss", "opinion", text="计算无误")
    await ledger.receipt(case_id, "tax", "opinion", text="责令更正申报")
    await ledger.receipt(case_id, "hrss", "consolidated", text="先更正申报，再重算")
    assert about(await remedies(ledger)) == {f"对税务局:{TAX}", f"对人社局:{AGENCY}", EMPLOYER}


async def test_a_person_may_correct_whom_the_dispute_is_with(ledger: Ledger) -> None:
    """S21: the other side is no longer the agency but the employer, who gets the letter."""
    case_id = await ledger.ticket(SINGLE, counterparty=AGENCY_TAX)
    await ledger.fresh()
    employer = Counterparty("邬先生的原单位", type=CounterpartyType.EMPLOYER)
    await ledger.act(case_id, "classify", category="contribution_base", counterparty=employer, reason="来电人补充")
    (updated,) = await ledger.fresh(target="tax")
    assert updated["case"]["tickets"][0]["counterparty"]["name"] == "邬先生的原单位"
    await ledger.receipt(case_id, "tax", "opinion", text="责令更正申报")
    assert EMPLOYER in about(await remedies(ledger))
    other = next(side for side in (await ledger.view(case_id))["sides"] if side["side"] == "other_side")
    assert other["status"] == "pending"


async def test_what_a_person_corrected_stands_when_the_upstream_sends_the_ticket_again(ledger: Ledger) -> None:
    """The re-push still names the agency: the employer stays the other side, and the history says that it did."""
    case_id = await ledger.ticket(SINGLE, external_id="H1", counterparty=AGENCY_TAX)
    assert "counterparty_corrected" not in await ticket_in_dossier(ledger, case_id)
    employer = Counterparty("邬先生的原单位", type=CounterpartyType.EMPLOYER)
    await ledger.act(case_id, "classify", category="contribution_base", counterparty=employer, reason="来电人补充")
    assert await ledger.ticket(f"{SINGLE}补报时间。", external_id="H1", counterparty=AGENCY_TAX) == case_id
    assert await ledger.ticket(f"{SINGLE}再补报。", external_id="H1", counterparty=employer) == case_id
    (ticket,) = (await ledger.file(case_id)).tickets
    assert (ticket.body.content, ticket.body.counterparty) == (f"{SINGLE}再补报。", employer)
    revised = [e["detail"] for e in (await ledger.service.history(case_id))["events"] if e["type"] == "ticket.revised"]
    assert [detail.get("counterparty_kept") for detail in revised] == [True, None]
    assert ticket.counterparty_corrected


async def test_an_upstream_may_name_another_counterparty_where_nobody_corrected_it(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, external_id="H1", counterparty=AGENCY_TAX)
    employer = Counterparty("邬先生的原单位", type=CounterpartyType.EMPLOYER)
    await ledger.ticket(f"{SINGLE}补报时间。", external_id="H1", counterparty=employer)
    assert (await ledger.file(case_id)).tickets[0].body.counterparty == employer


async def ticket_in_dossier(ledger: Ledger, case_id: str) -> dict[str, Any]:
    rules = ledger.service.runtime.rules()
    made = await ledger.store.read(lambda tx: dossier(tx, ledger.store, rules, case_id))
    (path,) = (path for path in made.files if path.startswith("tickets/") and path.endswith(".json"))
    return dict(orjson.loads(made.files[path]))


async def test_a_supplement_that_asks_for_secrecy_is_kept_from_the_units(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    assert (await ledger.view(case_id))["confidential"] is False
    await ledger.fresh()
    await ledger.event(case_id, "supplement", content="请对我的信息保密，不要告诉单位是我反映的。")
    assert (await ledger.view(case_id))["confidential"] is True
    (updated,) = await ledger.fresh(target="tax")
    assert "桑女士" not in str(updated["case"])
