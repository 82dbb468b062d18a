"""Cases of one matter are suggested with the reasons, found by keyed clues; only the rules let us merge by ourselves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge.core.model.ticket import Counterparty, Petitioner
from bridge.core.vocabulary import CounterpartyType, TicketKind
from bridge.store.similar import PER_CLUE
from tests.contract.conftest import retune
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

HOTLINE = "来电人郗女士反映2025年1至6月工资条每月扣社保612元，个人实际应缴443.60元，每月多扣168.40元，要求退还。"
LETTER = "本人郗某，去年上半年厂里每月从工资里多扣社保168.40元，共1010.40元，已打12345，怕没人管，再写信反映。"
FIRM = Counterparty("德邻电动车配件厂", type=CounterpartyType.EMPLOYER)
OTHER_FIRM = Counterparty("沁云纸箱厂", type=CounterpartyType.EMPLOYER)
NUMBER = "140525199001011234"


async def similar(ledger: Ledger, case_id: str) -> dict[str, dict[str, Any]]:
    return {found["case_id"]: found for found in (await ledger.view(case_id))["similar"]}


async def ticket(ledger: Ledger, number: str, content: str = SINGLE, **changes: Any) -> str:
    known = {"external_id": number, "petitioner": Petitioner(name="米女士", phone=f"136{number[-8:]:0>8}")} | changes
    return await ledger.ticket(content, **known)


async def test_the_letter_about_what_the_hotline_knows_is_suggested_with_reasons(ledger: Ledger) -> None:
    by_phone = await ticket(
        ledger, "ZZ00000001", HOTLINE, counterparty=FIRM, petitioner=Petitioner("郗女士", "136****1212")
    )
    letter = await ticket(
        ledger, "XF00000002", LETTER, counterparty=FIRM, petitioner=Petitioner("郗某", "136****1212"), feed="petition"
    )
    unrelated = await ticket(ledger, "ZZ00000003", JOINT, counterparty=OTHER_FIRM)
    for case_id, other in ((letter, by_phone), (by_phone, letter)):
        found = await similar(ledger, case_id)
        assert set(found) == {other}
        assert found[other]["score"] > 0.7
        assert {"联系电话相同", "同姓、被反映单位相同", "被反映单位相同"} <= set(found[other]["reasons"])
    assert await similar(ledger, unrelated) == {}


async def test_a_repost_under_another_number_and_phone_is_found_by_its_words(ledger: Ledger) -> None:
    first = await ticket(ledger, "ZZ00000001", HOTLINE, counterparty=None)
    again = await ticket(ledger, "ZZ00000002", HOTLINE.replace("6月", "7月") + "请尽快。", counterparty=None)
    (reason, *_) = (await similar(ledger, again))[first]["reasons"]
    assert reason.startswith("内容相似 ")


async def test_tickets_that_name_each_other_are_found(ledger: Ledger) -> None:
    first = await ticket(ledger, "ZZ00000001", counterparty=OTHER_FIRM)
    file = await ledger.file(first)
    from dataclasses import replace

    from bridge.core.model.ticket import TicketDraft

    body = replace(file.tickets[0].body, content=JOINT, counterparty=None, related_external_ids=("ZZ00000001",))
    body = replace(body, petitioner=Petitioner())
    draft = TicketDraft("XF9", ledger.clock.now(), TicketKind.COMPLAINT, body, raw=b"", digest="d")
    answer = await ledger.service.accept_ticket("petition", draft, None)
    found = await similar(ledger, answer.body["case_id"])
    assert "来源编号互相引用" in found[first]["reasons"]


async def test_a_group_complaint_is_suggested_by_its_firm_and_no_firm_costs_more_than_a_page(ledger: Ledger) -> None:
    cases = [
        await ticket(ledger, f"ZZ{n:08}", f"第{n}人反映：{SINGLE}", counterparty=FIRM) for n in range(PER_CLUE + 5)
    ]
    found = (await ledger.view(cases[0]))["similar"]
    assert len(found) == 20
    assert all("被反映单位相同" in each["reasons"] for each in found)


async def test_a_merged_case_is_no_longer_suggested_but_its_tickets_are_found_where_they_are(ledger: Ledger) -> None:
    first, second = await ticket(ledger, "ZZ00000001"), await ticket(ledger, "ZZ00000002")
    await ledger.act(second, "merge", OFFICE, into=first)
    third = await ticket(ledger, "ZZ00000003")
    assert set(await similar(ledger, third)) == {first}
    assert await similar(ledger, second) == {}


async def test_a_case_closed_long_ago_is_not_suggested(ledger: Ledger) -> None:
    old = await ticket(ledger, "ZZ00000001", "食堂饭菜质量差，请有关部门检查食堂的饭菜质量，要求改善伙食。")
    assert await ledger.state(old) == "returned_upstream"
    new = await ticket(ledger, "ZZ00000002")
    assert set(await similar(ledger, new)) == {old}
    await ledger.until("2026-09-30T09:00:00+08:00")
    assert await similar(ledger, new) == {}


async def test_a_revision_is_found_by_what_it_adds(ledger: Ledger) -> None:
    first = await ticket(ledger, "ZZ00000001", counterparty=None)
    second = await ticket(ledger, "ZZ00000002", JOINT, counterparty=FIRM)
    assert await similar(ledger, second) == {}
    await ticket(ledger, "ZZ00000001", SINGLE + "补充单位名称。", counterparty=FIRM)
    assert set(await similar(ledger, second)) == {first}


async def test_the_parts_of_a_split_case_are_no_suggestions_for_each_other(ledger: Ledger) -> None:
    from tests.contract.test_split_and_link import HERE, REPORT

    case_id = await ticket(ledger, "ZZ00000001")
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    child = next(p["case_id"] for p in (await ledger.view(case_id))["parts"] if p["case_id"])
    assert await similar(ledger, case_id) == await similar(ledger, child) == {}


async def test_nothing_personal_lies_in_the_index(ledger: Ledger) -> None:
    await ticket(ledger, "ZZ00000001", petitioner=Petitioner("郗女士", "13612341212", NUMBER), counterparty=FIRM)

    def keys(tx: Any) -> str:
        return str([tuple(row) for row in tx.connection.exec_driver_sql("SELECT key FROM matter_keys")])

    stored = await ledger.store.read(keys)
    assert not [word for word in ("郗", "13612341212", NUMBER, "德邻", "ZZ0000") if word in stored]


def person(**changes: Any) -> dict[str, Any]:
    return {"petitioner": Petitioner("郗女士", "13612341212", NUMBER), "counterparty": FIRM, **changes}


async def test_the_same_person_firm_and_words_join_by_themselves_where_the_rules_say_so(ledger: Ledger) -> None:
    retune(ledger, merge_automatic=True)
    first = await ticket(ledger, "ZZ00000001", **person())
    second = await ticket(ledger, "ZZ00000002", **person())
    view = await ledger.view(second)
    assert (view["state"], view["merged_into"], view["assignments"]) == ("merged", first, [])
    assert [t["external_id"] for t in (await ledger.view(first))["tickets"]] == ["ZZ00000001", "ZZ00000002"]
    merged = next(e for e in (await ledger.service.history(second))["events"] if e["type"] == "case.merged")
    assert merged["actor"] == "system:bridge"
    await ledger.act(second, "unmerge", OFFICE)
    assert await ledger.state(second) == "triage"


@pytest.mark.parametrize(
    "changes",
    [
        {"content": SINGLE + "。"},
        {"counterparty": OTHER_FIRM},
        {"counterparty": None},
        {"petitioner": Petitioner("郗女士", "13612341212", "140525199001011235")},
        {"petitioner": Petitioner("郗女士", "13612341212")},
        {"kind": TicketKind.PRAISE},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_anything_less_than_the_same_waits_for_a_person(ledger: Ledger, changes: dict[str, Any]) -> None:
    retune(ledger, merge_automatic=True)
    await ticket(ledger, "ZZ00000001", **person())
    second = await ticket(ledger, "ZZ00000002", **person(**changes))
    assert (await ledger.view(second))["merged_into"] is None


async def test_a_switch_that_is_off_merges_nothing(ledger: Ledger) -> None:
    first, second = [await ticket(ledger, f"ZZ0000000{n}", **person()) for n in (1, 2)]
    assert (await ledger.view(second))["merged_into"] is None
    assert set(await similar(ledger, second)) == {first}


async def test_a_case_that_is_over_or_paused_is_not_joined_by_itself(ledger: Ledger) -> None:
    retune(ledger, merge_automatic=True)
    first = await ticket(ledger, "ZZ00000001", **person())
    await ledger.act(first, "suspend", OFFICE, reason="等鉴定")
    second = await ticket(ledger, "ZZ00000002", **person())
    assert await ledger.state(second) == "handling"
    await ledger.act(second, "return_upstream", OFFICE)
    await ledger.act(first, "return_upstream", OFFICE)
    third = await ticket(ledger, "ZZ00000003", **person())
    assert await ledger.state(third) == "handling"


async def test_equal_tickets_at_the_same_moment_are_all_kept(ledger: Ledger) -> None:
    retune(ledger, merge_automatic=True)
    first = await ticket(ledger, "ZZ00000000", **person())
    cases = await asyncio.gather(*[ticket(ledger, f"ZZ0000000{n}", **person()) for n in range(1, 9)])
    assert {(await ledger.view(case_id))["merged_into"] for case_id in cases} == {first}
    assert len((await ledger.view(first))["tickets"]) == 9
