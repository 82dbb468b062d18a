"""Coordinators are named on assigned, co-handled and overdue work (R33); the ladder ends in a draft for the leading group."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.core.vocabulary import UrgeLevel
from tests.pipeline.conftest import JOINT, SINGLE, Ledger


def notices(messages: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    found = [(m["target"], m["notice"]) for m in messages if "notice" in m]
    return [(target, notice["reason"], notice["coordinators"]) for target, notice in found]


async def test_the_coordinators_of_the_lead_and_of_each_co_unit_are_named_by_their_channel(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    sent = await ledger.fresh(kind="unit")
    assert notices(sent) == [
        ("tax", "assigned", ["税务局协调员甲", "税务局协调员乙"]),
        ("hrss", "co_handled", ["人社局协调员甲"]),
        ("medical", "co_handled", ["医保局协调员甲"]),
    ]
    text = sent[0]["notice"]["text"]
    assert text == f"请税务局协调员甲、税务局协调员乙知悉：本单位主办的新交办件，案件 {case_id}"
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    assert notices(await ledger.fresh(kind="unit")) == []


async def test_the_ladder_of_a_missed_limit_reaches_unit_coordinator_office_each_once(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.fresh()
    await ledger.until("2026-04-30T12:00:00+08:00")
    sent = await ledger.fresh(kind="unit")
    ladder = [(m["target"], m.get("step"), m.get("notice", {}).get("reason")) for m in sent]
    assert ladder == [
        ("tax", "half", None),
        ("tax", "eighty", None),
        ("tax", "due_day", None),
        ("tax", "after_one", "overdue"),
        ("leading_office", None, None),
    ]
    draft = sent[-1]["escalation"]["draft"]
    assert (draft["to"], draft["copy_to"], draft["date"]) == ("领导小组", "税务局", "2026年3月12日")
    assert draft["title"] == "关于税务局办理征缴争议事项情况的通报（拟稿）"
    assert f"案件 {case_id}（滞纳金加收），应于 2026-03-09T23:59:59+08:00 前答复（四（三））" in draft["text"]
    assert "逾期 3 个工作日。系统已于03月05日、03月06日、03月09日、03月10日提醒，仍未办结。" in draft["text"]
    assert not any(secret in draft["text"] for secret in ("桑女士", "13600000303", "431"))


async def test_reminders_and_the_draft_cite_the_clause_that_won(ledger: Ledger) -> None:
    """An upstream's later limit is found last but does not bind: what binds is the rules' own, on 9 March."""
    case_id = await ledger.ticket(SINGLE, respond_by=datetime.fromisoformat("2026-03-20T18:00:00+08:00"))
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.fresh()
    await ledger.until("2026-04-30T12:00:00+08:00")
    sent = await ledger.fresh(kind="unit")
    assert {m["deadline"]["clause"] for m in sent if m["type"] == "assignment.reminder"} == {"四（三）"}
    escalation = sent[-1]["escalation"]
    assert escalation["deadline"]["clause"] == "四（三）"
    assert "应于 2026-03-09T23:59:59+08:00 前答复（四（三））" in escalation["draft"]["text"]


async def test_each_step_of_the_upstreams_ladder_reaches_whom_it_should(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.fresh()
    reached = []
    for level in UrgeLevel:
        await ledger.event(case_id, "urge", level=level, note="请尽快")
        sent = await ledger.fresh(kind="unit")
        drafted = [m["escalation"].get("draft", {}).get("to") for m in sent if "escalation" in m]
        reached.append((notices(sent), [m["target"] for m in sent], drafted))
    names = ["税务局协调员甲", "税务局协调员乙"]
    assert reached == [
        ([("tax", "urged", names)], ["tax"], []),
        ([("tax", "supervised", names)], ["tax", "leading_office"], [None]),
        ([("tax", "criticised", names)], ["tax", "leading_office"], ["领导小组"]),
    ]


async def test_a_limit_of_the_leading_group_itself_brings_no_draft(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "signed")
    await ledger.receipt(case_id, "tax", "proposed_complex", reason="涉及多部门")
    await ledger.fresh()
    await ledger.until("2026-03-10T12:00:00+08:00")
    escalated = [m for m in await ledger.fresh(target="leading_office") if m["escalation"]["reason"] == "overdue"]
    assert [m["escalation"]["deadline"]["kind"] for m in escalated] == ["approval"]
    assert "draft" not in escalated[0]["escalation"]
