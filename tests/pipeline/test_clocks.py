"""Limits, reminders, escalation, extension, suspension and archiving, on the business clock."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from bridge.core.model.ticket import Petitioner
from tests.pipeline.conftest import JOINT, SINGLE, Ledger


async def test_every_limit_of_a_transfer_is_there_with_its_clause(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    due = (await ledger.assignment(case_id, "tax"))["due"]
    assert due == {
        "sign_by": "2026-03-03T23:59:59+08:00",
        "return_by": "2026-03-03T23:59:59+08:00",
        "opinion_by": "2026-03-09T23:59:59+08:00",
        "consolidate_by": None,
        "reply_by": "2026-03-09T23:59:59+08:00",
    }
    for deadline in (await ledger.view(case_id))["deadlines"]:
        assert deadline["basis"]
        assert all(basis["clause"] for basis in deadline["basis"])


async def test_the_upstreams_shorter_limit_wins(ledger: Ledger) -> None:
    respond_by = datetime.fromisoformat("2026-03-05T18:00:00+08:00")
    case_id = await ledger.ticket(SINGLE, respond_by=respond_by)
    (reply,) = [d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == "reply"]
    assert reply["due_at"] == "2026-03-05T18:00:00+08:00"
    assert {basis["source"] for basis in reply["basis"]} == {"rules", "upstream"}


async def test_the_ladder_of_a_silent_unit_fires_each_rung_once_and_escalates(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.fresh()
    await ledger.until("2026-03-20T12:00:00+08:00")
    sent = await ledger.fresh(kind="unit")
    assert [(m["target"], m.get("step")) for m in sent] == [
        ("tax", "half"), ("tax", "eighty"), ("tax", "due_day"), ("tax", "after_one"), ("leading_office", None),
    ]  # fmt: skip
    assert sent[-1]["type"] == "assignment.escalated"
    assert await ledger.service.sweep() == 0
    (reply,) = [d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == "reply"]
    assert reply["status"] == "overdue"
    listed = await ledger.service.history(case_id)
    missed = Counter(e["detail"]["kind"] for e in listed["events"] if e["type"] == "deadline.missed")
    assert missed == {"reply": 1, "opinion": 1}


async def test_late_registration_records_old_reminders_and_sends_none(ledger: Ledger) -> None:
    received = datetime.fromisoformat("2026-02-02T09:00:00+08:00")
    case_id = await ledger.ticket(SINGLE, received_at=received)
    await ledger.fresh()
    await ledger.service.sweep()
    assert [m["type"] for m in await ledger.fresh(kind="unit")] == []
    events = (await ledger.service.history(case_id))["events"]
    assert any(e["type"] == "reminder.skipped" for e in events)
    assert any(e["type"] == "deadline.missed" for e in events)


async def test_an_extension_moves_the_limits_and_keeps_the_old_date(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    until = datetime.fromisoformat("2026-03-16T18:00:00+08:00")
    await ledger.fresh()
    await ledger.receipt(case_id, "tax", "extension_requested", until=until, reason="调取流水")
    (asked,) = await ledger.fresh()
    assert (asked["type"], asked["until"]) == ("ticket.extension_requested", "2026-03-16T18:00:00+08:00")
    await ledger.event(case_id, "extension_granted", until=until)
    (told,) = await ledger.fresh()
    assert told["type"] == "case.updated"
    assert told["due"]["reply_by"] == told["due"]["opinion_by"] == "2026-03-16T18:00:00+08:00"
    (reply,) = [d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == "reply"]
    assert reply["original_due_at"] == "2026-03-09T23:59:59+08:00"


async def test_a_pause_really_pauses(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.act(case_id, "suspend", reason="等待当事人补正材料")
    await ledger.fresh()
    await ledger.until("2026-03-12T10:00:00+08:00")
    assert await ledger.fresh() == []
    await ledger.act(case_id, "resume", reason="材料已补正")
    due = (await ledger.assignment(case_id, "tax"))["due"]
    assert due["reply_by"] == "2026-03-19T23:59:59+08:00"


async def test_archiving_waits_for_the_objection_window_and_for_both_sides(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="电话")
    await ledger.until("2026-04-01T10:00:00+08:00")
    assert await ledger.state(case_id) == "replied"
    await ledger.act(case_id, "told", who="other_side", not_applicable="无需告知")
    assert await ledger.state(case_id) == "archived"


async def test_no_objection_archives_once_both_sides_are_told(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, counterparty=None, petitioner=Petitioner(anonymous=True))
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.act(case_id, "objection", none=True)
    assert await ledger.state(case_id) == "archived"


async def test_an_objection_tells_the_upstream_and_closes_as_remedy_told(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.fresh()
    await ledger.event(case_id, "objection", routes=("行政复议",))
    assert [m["type"] for m in await ledger.fresh()] == ["ticket.progress"]
    assert await ledger.state(case_id) == "closed_remedy_told"


async def test_spring_festival_pushes_the_limit_past_the_holiday(ledger: Ledger) -> None:
    ledger.clock.move_to(datetime.fromisoformat("2026-03-02T10:00:00+08:00"))
    received = datetime.fromisoformat("2026-02-12T10:00:00+08:00")
    case_id = await ledger.ticket(JOINT, received_at=received)
    (reply,) = [d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == "reply"]
    assert reply["due_at"] == "2026-03-11T23:59:59+08:00"
