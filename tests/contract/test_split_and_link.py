"""Mixed tickets are answered part by part; what is in another proceeding is noted, told, and not handled twice."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from bridge.core.commands import ActionName, OperatorAction, PartDraft
from bridge.core.lifecycle import decide
from bridge.core.vocabulary import PartDisposal
from bridge.errors import IllegalTransition, InvalidPayload
from bridge.pipeline.commit import write
from bridge.wire.action import parse_action
from tests.pipeline.conftest import JOINT, MONDAY, OFFICE, OPERATOR, SINGLE, Ledger

HERE = PartDraft("参保", PartDisposal.HERE)
WAGES = PartDraft("欠薪", PartDisposal.OUTSIDE, "劳动保障监察")
FUND = PartDraft("公积金", PartDisposal.OUTSIDE, "住房公积金管理中心")
REPORT = PartDraft(
    "检查", PartDisposal.APART, category="inspection_arrears", lead="tax", co_units=(), confidential=True
)
REPLY = "一、参保部分处理意见：责令登记\n二、欠薪：不属征缴，去劳动保障监察反映。\n三、公积金：不属征缴，去住房公积金管理中心反映。"


def action(**body: Any) -> OperatorAction:
    return parse_action(json.dumps(body).encode(), MONDAY)


async def replies(ledger: Ledger) -> list[dict[str, Any]]:
    found = await ledger.fresh(kind="upstream", target="hotline")
    return [m for m in found if m["type"] == "ticket.replied"]


async def own_case(ledger: Ledger, case_id: str) -> str:
    parts = (await ledger.view(case_id))["parts"]
    return str(next(part["case_id"] for part in parts if part["disposal"] == "apart"))


async def test_parts_outside_go_back_upstream_and_the_reply_answers_part_by_part(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.fresh()
    await ledger.act(case_id, "split", OFFICE, parts=(WAGES, HERE, FUND))
    (progress,) = await ledger.fresh(kind="upstream")
    assert progress["type"] == "ticket.progress"
    assert "二、欠薪：不属征缴，去劳动保障监察" in progress["text"]
    await ledger.receipt(case_id, "tax", "opinion", text="责令登记")
    (reply,) = await replies(ledger)
    assert reply["reply"]["public_text"] == REPLY
    assert await ledger.state(case_id) == "replying"


async def test_the_units_learn_which_part_is_theirs(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.fresh()
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, WAGES, REPORT))
    updates = [m for m in await ledger.fresh(kind="unit") if m["case_id"] == case_id]
    assert [m["type"] for m in updates] == ["case.updated"]
    assert [part["matter"] for part in updates[0]["case"]["parts"]] == ["参保", "欠薪"]


async def test_a_part_with_another_lead_gets_a_case_of_its_own_under_the_tickets_own_limit(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.until("2026-03-04T10:00:00+08:00")
    await ledger.fresh()
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    child = await own_case(ledger, case_id)
    view = await ledger.view(child)
    assert (view["state"], view["lead"], view["category"]) == ("handling", "tax", "inspection_arrears")
    assert (view["confidential"], view["part_of"]) == (True, case_id)
    (clock,) = [d for d in view["deadlines"] if d["kind"] == "reply"]
    assert clock["start_at"] == "2026-03-02T09:00:00+08:00"
    (sent,) = [m for m in await ledger.fresh(kind="unit") if m["case_id"] == child]
    assert "13600000303" not in json.dumps(sent, ensure_ascii=False)


async def test_a_part_answered_first_is_in_the_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    child = await own_case(ledger, case_id)
    await ledger.receipt(child, "tax", "opinion", text="已立案检查")
    assert await ledger.state(child) == "replied"
    await ledger.receipt(case_id, "tax", "opinion", text="责令登记")
    (reply,) = await replies(ledger)
    assert reply["reply"]["public_text"] == "一、参保部分处理意见：责令登记\n二、检查：已立案检查"


async def test_a_part_answered_later_supplements_the_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    child = await own_case(ledger, case_id)
    await ledger.receipt(case_id, "tax", "opinion", text="责令登记")
    (reply,) = await replies(ledger)
    assert "二、检查部分已登记" in reply["reply"]["public_text"]
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"
    await ledger.receipt(child, "tax", "opinion", text="已立案检查")
    (more,) = await replies(ledger)
    assert (more["supplement"], more["round"]) == (True, 1)
    assert "二、检查：已立案检查" in more["reply"]["public_text"]
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_a_part_answered_after_the_archive_is_still_told(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    child = await own_case(ledger, case_id)
    await ledger.receipt(case_id, "tax", "opinion", text="责令登记")
    await ledger.deliver()
    for side in ("payer", "other_side"):
        await ledger.act(case_id, "told", who=side, channel="电话")
    await ledger.act(case_id, "objection", none=True)
    assert await ledger.state(case_id) == "archived"
    await ledger.fresh()
    await ledger.receipt(child, "tax", "opinion", text="已立案检查")
    (told,) = await ledger.fresh(kind="upstream", target="hotline")
    assert (told["type"], told["text"]) == ("ticket.progress", "已立案检查")


async def test_a_part_found_outside_after_all_is_told_as_such(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    child = await own_case(ledger, case_id)
    await ledger.act(child, "return_upstream", OFFICE, reason="不属征缴", suggested="公安机关")
    await ledger.receipt(case_id, "tax", "opinion", text="责令登记")
    (reply,) = await replies(ledger)
    assert "二、检查：不属征缴，请向公安机关反映。" in reply["reply"]["public_text"]


async def test_a_split_case_merged_into_another_answers_for_its_parts_there(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    case_id = await ledger.ticket(SINGLE, external_id="ZZ2")
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, WAGES, REPORT))
    child = await own_case(ledger, case_id)
    await ledger.act(case_id, "merge", OFFICE, into=kept)
    await ledger.receipt(child, "tax", "opinion", text="已立案检查")
    await ledger.receipt(kept, "tax", "opinion", text="责令登记")
    texts = {m["external_id"]: m["reply"]["public_text"] for m in await replies(ledger)}
    assert set(texts) == {"ZZ1", "ZZ2"}
    assert "三、检查：已立案检查" in texts["ZZ2"]
    await ledger.act(case_id, "unmerge", OFFICE)
    assert (await ledger.view(kept))["parts"] == []
    assert [part["answer"] for part in (await ledger.view(case_id))["parts"]] == [None, None, "已立案检查"]


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((WAGES, FUND), "parts"),
        ((HERE,), "parts"),
        ((HERE, HERE), "parts[1].matter"),
        ((HERE, PartDraft("欠薪", PartDisposal.OUTSIDE)), "parts[1].suggested"),
        ((HERE, PartDraft("检查", PartDisposal.APART)), "parts[1].category"),
        ((HERE, PartDraft("检查", PartDisposal.APART, category="late_fee", lead="nobody")), "parts[1].lead"),
    ],
)
async def test_a_split_that_leaves_something_open_is_refused(
    ledger: Ledger, parts: tuple[PartDraft, ...], path: str
) -> None:
    case_id = await ledger.ticket(SINGLE)
    with pytest.raises(InvalidPayload) as refused:
        await ledger.act(case_id, "split", OFFICE, parts=parts)
    assert path in [problem.path for problem in refused.value.problems]


async def test_a_case_is_split_once_and_before_its_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, WAGES))
    with pytest.raises(IllegalTransition, match="已经拆分"):
        await ledger.act(case_id, "split", OFFICE, parts=(HERE, FUND))
    assert "split" not in (await ledger.view(case_id))["allowed_actions"]


def test_a_part_may_be_written_as_a_line() -> None:
    given = action(action="split", parts=["欠薪→劳动监察（退上游）", "未参保→本机制", "公积金 -> 公积金中心"])
    assert [(p.matter, p.disposal.value, p.suggested) for p in given.parts] == [
        ("欠薪", "outside", "劳动监察"),
        ("未参保", "here", None),
        ("公积金", "outside", "公积金中心"),
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"action": "split", "parts": ["欠薪", "参保→本机制"]}, "parts[0]"),
        ({"action": "split", "parts": [{"matter": "欠薪", "disposal": "away"}, "参保→本机制"]}, "parts[0].disposal"),
        ({"action": "split", "parts": ["参保→本机制"] * 21}, "parts"),
        ({"action": "link", "kind": "trial", "reference": "1"}, "kind"),
        ({"action": "link", "kind": "litigation", "reference": " "}, "reference"),
    ],
)
def test_what_is_wrong_is_named_in_chinese(body: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        action(**body)
    problems = {problem.path: problem.message for problem in refused.value.problems}
    assert any("一" <= letter <= "鿿" for letter in problems[path])


async def test_a_matter_in_arbitration_is_noted_told_and_said_in_the_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.fresh()
    await ledger.act(case_id, "link", kind="arbitration", reference="泽劳人仲案〔2026〕8号")
    assert {m["type"] for m in await ledger.fresh()} == {"ticket.progress", "case.updated"}
    view = await ledger.view(case_id)
    assert view["links"][0]["kind"] == "arbitration"
    await ledger.receipt(case_id, "tax", "opinion", text="不另行裁断")
    (reply,) = await replies(ledger)
    assert "案号：泽劳人仲案〔2026〕8号" in reply["reply"]["public_text"]
    assert "请等待裁决" in reply["reply"]["public_text"]


async def test_a_linked_case_goes_back_as_in_proceedings(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "link", kind="litigation", reference="（2026）晋0525民初1号")
    await ledger.fresh()
    await ledger.act(case_id, "return_upstream", OFFICE)
    (returned,) = await ledger.fresh(kind="upstream")
    assert (returned["type"], returned["reason_code"]) == ("ticket.returned", "in_proceedings")
    assert "（2026）晋0525民初1号" in returned["reason"]
    assert await ledger.state(case_id) == "returned_upstream"


async def test_the_same_proceeding_is_linked_once(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "link", kind="petition", reference="XF1")
    with pytest.raises(InvalidPayload, match="已经关联"):
        await ledger.act(case_id, "link", kind="petition", reference="XF1")


async def test_a_case_number_lies_sealed_in_the_database(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "link", OPERATOR, kind="litigation", reference="CASE-NUMBER-77")

    def rows(tx: Any) -> str:
        return str([tuple(row) for row in tx.connection.exec_driver_sql("SELECT details, evidence FROM cases")])

    assert "CASE-NUMBER-77" not in await ledger.store.read(rows)


async def test_a_part_and_the_case_that_waits_for_it_cannot_be_merged(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "split", OFFICE, parts=(HERE, REPORT))
    part = await own_case(ledger, case_id)
    for source, into in ((case_id, part), (part, case_id)):
        with pytest.raises(IllegalTransition, match="拆分出来的事项"):
            await ledger.act(source, "merge", OFFICE, into=into, reason="同一诉求")
    other = await ledger.ticket(SINGLE, external_id="OTHER")
    await ledger.act(case_id, "merge", OFFICE, into=other, reason="同一诉求")
    with pytest.raises(IllegalTransition, match="拆分出来的事项"):
        await ledger.act(other, "merge", OFFICE, into=part, reason="同一诉求")


async def part_in_another_case(ledger: Ledger) -> tuple[str, str, str]:
    """A case, the own case of a part of it, and an unrelated case the part was merged into."""
    whole = await ledger.ticket(SINGLE, external_id="WHOLE")
    await ledger.act(whole, "split", OFFICE, parts=(HERE, REPORT))
    part = await own_case(ledger, whole)
    other = await ledger.ticket(SINGLE, external_id="OTHER")
    await ledger.act(part, "merge", OFFICE, into=other, reason="同一诉求")
    return whole, part, other


async def test_a_part_merged_into_another_case_is_answered_with_it(ledger: Ledger) -> None:
    whole, part, other = await part_in_another_case(ledger)
    await ledger.receipt(other, "tax", "opinion", text="已立案检查")
    answers = [(each["case_id"], each["answer"]) for each in (await ledger.view(whole))["parts"]]
    assert answers == [(None, None), (part, "已立案检查")]
    await ledger.receipt(whole, "tax", "opinion", text="责令登记")
    texts = {m["external_id"]: m["reply"]["public_text"] for m in await replies(ledger)}
    assert texts["WHOLE"] == "一、参保部分处理意见：责令登记\n二、检查：已立案检查"
    assert all([(await ledger.service.history(each))["chain_intact"] for each in (whole, part, other)])


async def test_a_part_merged_into_an_answered_case_takes_its_reply(ledger: Ledger) -> None:
    other = await ledger.ticket(SINGLE, external_id="OTHER")
    await ledger.receipt(other, "tax", "opinion", text="已立案检查")
    whole = await ledger.ticket(SINGLE, external_id="WHOLE")
    await ledger.act(whole, "split", OFFICE, parts=(HERE, REPORT))
    await ledger.act(await own_case(ledger, whole), "merge", OFFICE, into=other, reason="同一诉求")
    assert [part["answer"] for part in (await ledger.view(whole))["parts"]] == [None, "已立案检查"]


async def test_a_case_that_took_in_a_part_cannot_be_merged_with_the_one_that_waits_for_it(ledger: Ledger) -> None:
    whole, _, other = await part_in_another_case(ledger)
    for source, into in ((whole, other), (other, whole)):
        with pytest.raises(IllegalTransition, match="拆分出来的事项"):
            await ledger.act(source, "merge", OFFICE, into=into, reason="同一诉求")


async def merge_unchecked(ledger: Ledger, source: str, target: str) -> None:
    """Merge as versions did that did not look for circles."""
    runtime, leaving, joining = ledger.service.runtime, await ledger.file(source), await ledger.file(target)
    action = OperatorAction(ActionName.MERGE, into=target)
    works = decide.merge(leaving, joining, action, runtime.context(OFFICE, "old"))
    for file, work in zip((leaving, joining), works, strict=True):
        await ledger.store.write(partial(write, runtime=runtime, before=file, decision=work.decision()))


async def test_a_circle_of_an_older_version_ends_and_can_be_undone(ledger: Ledger) -> None:
    whole = await ledger.ticket(SINGLE, external_id="WHOLE")
    await ledger.act(whole, "split", OFFICE, parts=(HERE, REPORT))
    part = await own_case(ledger, whole)
    await merge_unchecked(ledger, whole, part)
    third = await ledger.ticket(SINGLE, external_id="THIRD")
    await ledger.act(third, "merge", OFFICE, into=part, reason="同一诉求")
    await ledger.receipt(part, "tax", "opinion", text="已立案检查")
    assert {m["external_id"] for m in await replies(ledger)} == {"WHOLE", "THIRD"}
    await ledger.act(whole, "unmerge", OFFICE, reason="并错")
    assert (await ledger.view(whole))["merged_into"] is None
