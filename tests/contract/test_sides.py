"""R29: each side of the dispute has its own words and status; the other side never learns a confidential petitioner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bridge.core.model.opinion import OtherSide
from bridge.core.model.ticket import Counterparty, Petitioner
from bridge.core.vocabulary import CounterpartyType, TicketKind
from bridge.errors import InvalidPayload
from tests.pipeline.conftest import JOINT, SINGLE, Ledger

SECRET = Petitioner(name="桑小华", phone="13600000303", id_number="140525199001011234", confidential=True)
AGENCY = Counterparty("县税务局", type=CounterpartyType.AGENCY)


async def sides(ledger: Ledger, case_id: str, reader: str | None = None) -> dict[str, dict[str, Any]]:
    view = await ledger.service.case(case_id, reader)
    return {record["side"]: record for record in view["sides"]}


async def consolidated(ledger: Ledger, case_id: str, **fields: Any) -> None:
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", **fields)
    await ledger.deliver()


async def test_two_sides_two_texts_and_the_archive_waits_for_both(ledger: Ledger) -> None:
    """S03: the worker's letter and the shop's differ; the case is archived when both are told and nobody objects."""
    case_id = await ledger.ticket(JOINT)
    assert [record["status"] for record in (await sides(ledger, case_id)).values()] == ["pending", "pending"]
    order = "请于收到通知之日起五个工作日内缴清欠费。"
    await consolidated(ledger, case_id, public_text="已责令单位补缴。", other_side=OtherSide(order))
    at = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="书面", by="经办人", at=at)
    found = await sides(ledger, case_id)
    assert {name: record["text"] for name, record in found.items()} == {
        "payer": "已责令单位补缴。", "other_side": order,
    }  # fmt: skip
    payer = found["payer"]
    assert (payer["status"], payer["channel"], payer["by"], payer["at"]) == (
        "told", "书面", "经办人", "2026-03-02T09:00:00+08:00",
    )  # fmt: skip
    await ledger.act(case_id, "objection", none=True)
    assert await ledger.state(case_id) == "replied"
    await ledger.act(case_id, "told", who="other_side", channel="送达回证")
    assert await ledger.state(case_id) == "archived"
    assert (await sides(ledger, case_id))["other_side"]["status"] == "told"


async def test_without_the_leads_words_the_employer_gets_neutral_ones(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await consolidated(ledger, case_id, text="桑女士反映属实")
    other = (await sides(ledger, case_id))["other_side"]
    assert "税务局" in other["text"]
    assert all(word not in other["text"] for word in ("桑女士", "13600000303", "扣社保", "属实"))


@pytest.mark.parametrize(
    ("counterparty", "reason"),
    [(AGENCY, "争议对方是承办机关，以其书面意见为准"), (None, "工单没有写明争议对方")],
)
async def test_an_agency_and_nobody_need_no_letter(ledger: Ledger, counterparty: Any, reason: str) -> None:
    """A9: the agency's opinion is its side."""
    case_id = await ledger.ticket(SINGLE, counterparty=counterparty)
    await ledger.receipt(case_id, "tax", "opinion", text="滞纳金计算无误。")
    await ledger.deliver()
    other = (await sides(ledger, case_id))["other_side"]
    assert (other["status"], other["reason"]) == ("not_applicable", reason)
    assert other["text"] == ("滞纳金计算无误。" if counterparty else None)


async def test_a_person_says_why_the_other_side_is_not_told(ledger: Ledger) -> None:
    """S15: after a report nothing is written for the employer until a person decides."""
    case_id = await ledger.ticket(JOINT, kind=TicketKind.REPORT, petitioner=SECRET)
    await consolidated(ledger, case_id)
    assert (await sides(ledger, case_id))["other_side"]["text"] is None
    await ledger.act(case_id, "told", who="other_side", not_applicable="依法不告知")
    other = (await sides(ledger, case_id))["other_side"]
    assert (other["status"], other["reason"]) == ("not_applicable", "依法不告知")


@pytest.mark.parametrize(
    "words", ["桑小华反映的欠费", "桑女士反映的欠费", "请联系136 0000 0303", "证件１４０５２５１９９００１０１１２３４"]
)
async def test_words_that_name_a_confidential_petitioner_are_refused(ledger: Ledger, words: str) -> None:
    case_id = await ledger.ticket(JOINT, petitioner=SECRET)
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion")
    with pytest.raises(InvalidPayload) as refused:
        await ledger.receipt(case_id, "tax", "consolidated", other_side=OtherSide(words))
    assert [problem.path for problem in refused.value.problems] == ["other_side.text"]
    assert words not in str(refused.value)
    with pytest.raises(InvalidPayload):
        await ledger.act(case_id, "told", who="other_side", text=words)
    await ledger.receipt(case_id, "tax", "consolidated", other_side=OtherSide("请缴清欠费，电话0356-0000101"))


async def test_a_petitioner_who_gave_a_units_own_telephone_does_not_make_it_secret(ledger: Ledger) -> None:
    called_for = Petitioner(name="桑小华", phone="0356－0000101", confidential=True)
    case_id = await ledger.ticket(SINGLE, petitioner=called_for)
    with pytest.raises(InvalidPayload):
        await ledger.act(case_id, "told", who="other_side", text="桑小华，电话0356-0000101")
    await ledger.act(case_id, "told", who="other_side", text="请与税务局联系，电话0356-0000101")


@pytest.mark.parametrize("words", ["请回拨 136-0000-0303", "住在阳光小区3号楼2单元的职工", "证件14052519900101123x"])
async def test_what_a_confidential_petitioner_wrote_beside_the_number_does_not_hide_it(
    ledger: Ledger, words: str
) -> None:
    wordy = Petitioner(
        name="桑小华", phone="13600000303 晚上打，或0356-0000102", id_number="身份证：14052519900101123X",
        address="阳光小区3号楼2单元", confidential=True,
    )  # fmt: skip
    case_id = await ledger.ticket(JOINT, petitioner=wordy)
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion")
    with pytest.raises(InvalidPayload):
        await ledger.receipt(case_id, "tax", "consolidated", other_side=OtherSide(words))
    await ledger.receipt(case_id, "tax", "consolidated", other_side=OtherSide("请缴清欠费，电话0356-0000102"))


async def test_a_clerk_of_a_unit_sees_a_confidential_petitioner_blanked(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT, petitioner=SECRET)
    await consolidated(ledger, case_id, public_text="桑小华：已责令补缴。")
    assert (await sides(ledger, case_id))["payer"]["text"] == "桑小华：已责令补缴。"
    assert (await sides(ledger, case_id, "tax"))["payer"]["text"] == "＊＊＊：已责令补缴。"


async def test_the_history_is_blanked_for_a_clerk_as_well(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT, petitioner=SECRET)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "progress", text="已与桑小华核对")
    told = [str((await ledger.service.history(case_id, reader))["events"]) for reader in (None, "tax")]
    assert ["桑小华" in text for text in told] == [True, False]


async def test_a_round_starts_both_records_anew(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await consolidated(ledger, case_id)
    for side in ("payer", "other_side"):
        await ledger.act(case_id, "told", who=side, channel="书面")
    await ledger.act(case_id, "reopen", reason="重办")
    assert {record["status"] for record in (await sides(ledger, case_id)).values()} == {"pending"}


async def test_a_hand_over_is_noted_with_its_day_and_court(ledger: Ledger) -> None:
    """R33: 司法确认 and 仲裁 hand-over are recordable events with dates."""
    case_id = await ledger.ticket(JOINT)
    await consolidated(ledger, case_id)
    day = datetime.fromisoformat("2026-03-02T08:30:00+08:00")
    await ledger.act(case_id, "link", kind="mediation", reference="泽调3号", at=day, by="县实体化调解中心")
    await ledger.act(case_id, "link", kind="judicial_confirmation", reference="民特1号", at=day, by="县人民法院")
    await ledger.act(case_id, "link", kind="arbitration", reference="劳人仲案5号", at=day, by="县仲裁院")
    links = (await ledger.view(case_id))["links"]
    assert [(link["kind"], link["by"]) for link in links] == [
        ("mediation", "县实体化调解中心"), ("judicial_confirmation", "县人民法院"), ("arbitration", "县仲裁院"),
    ]  # fmt: skip
    assert {link["at"] for link in links} == {"2026-03-02T08:30:00+08:00"}
    events = [e for e in (await ledger.service.history(case_id))["events"] if e["type"] == "case.linked"]
    assert [e["occurred_at"] for e in events] == ["2026-03-02T08:30:00+08:00"] * 3
    assert events[1]["detail"]["by"] == "县人民法院"


async def test_a_notice_before_the_reply_is_not_the_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="电话")
    await consolidated(ledger, case_id)
    payer = (await sides(ledger, case_id))["payer"]
    assert (payer["status"], payer["text"], payer["channel"]) == ("pending", "tax意见", None)
