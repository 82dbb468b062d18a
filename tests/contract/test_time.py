"""Contract section 4 on limits: where they start, that nothing resets them, that each rung fires once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from bridge.core.model.opinion import OverrideNote
from tests.pipeline.conftest import JOINT, SINGLE, Ledger


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def clocks(ledger: Ledger, case_id: str, kind: str) -> list[dict[str, Any]]:
    return [d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == kind]


async def events(ledger: Ledger, case_id: str, type_: str) -> Counter[str]:
    listed = (await ledger.service.history(case_id))["events"]
    return Counter(f"{e['detail']['kind']} {e['detail'].get('step', '')}".strip() for e in listed if e["type"] == type_)


async def test_a_late_receipt_that_comes_before_the_sweep_is_a_miss_counted_once(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "signed")
    ledger.clock.move_to(at("2026-03-10T00:00:01"))
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.until("2026-03-11T12:00:00+08:00")
    missed = await events(ledger, case_id, "deadline.missed")
    hrss = [d for d in await clocks(ledger, case_id, "opinion") if d["unit"] == "hrss"]
    assert [d["status"] for d in hrss] == ["missed"]
    assert missed["opinion"] == 2  # hrss before the sweep, medical by it
    (line,) = [o for o in (await ledger.view(case_id))["opinions"] if o["unit"] == "hrss"]
    assert line["late"] is True


async def test_a_receipt_that_happened_in_time_meets_its_limit_though_it_arrives_late(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.until("2026-03-05T12:00:00+08:00")
    await ledger.receipt(case_id, "tax", "signed", occurred_at=at("2026-03-03T17:00:00"))
    (sign,) = await clocks(ledger, case_id, "sign")
    assert sign["status"] == "met"


async def test_a_limit_that_moves_into_the_past_is_not_missed_twice(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.until("2026-03-24T12:00:00+08:00")
    assert (await events(ledger, case_id, "deadline.missed"))["reply"] == 1
    await ledger.act(case_id, "classify", category="late_fee", lead="tax", co_units=(), reason="更正")
    await ledger.until("2026-04-10T12:00:00+08:00")
    assert (await events(ledger, case_id, "deadline.missed"))["reply"] == 1


async def test_an_extension_after_a_late_registration_brings_the_reminders_back(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, received_at=at("2026-02-02T09:00:00"))
    await ledger.service.sweep()
    await ledger.event(case_id, "extension_granted", until=at("2026-03-16T18:00:00"))
    await ledger.until("2026-03-20T12:00:00+08:00")
    sent = await events(ledger, case_id, "reminder.sent")
    assert sent["reply due_day"] == sent["reply after_one"] == 1
    assert (await events(ledger, case_id, "deadline.escalated"))["reply"] == 1


async def test_nothing_fires_in_a_pause_and_a_clock_started_in_it_moves_by_its_own_share(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.act(case_id, "suspend", reason="补正")
    ledger.clock.move_to(at("2026-03-09T10:00:00"))
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.event(case_id, "extension_granted", until=at("2026-03-27T18:00:00"))
    await ledger.fresh()
    await ledger.until("2026-03-16T10:00:00+08:00")
    assert await ledger.store.read(ledger.store.queries.next_fire_at) is None
    assert await ledger.fresh() == []
    await ledger.act(case_id, "resume", reason="已补正")
    (consolidate,) = await clocks(ledger, case_id, "consolidate")
    assert consolidate["due_at"] == "2026-03-19T23:59:59+08:00"


async def test_an_answer_ends_the_pause(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.act(case_id, "suspend", reason="补正")
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    assert (await ledger.view(case_id))["suspended"] is False
    await ledger.until("2026-03-18T10:00:00+08:00")
    assert (await ledger.view(case_id))["objection"] == "lapsed"


@pytest.mark.parametrize("respond_by", ["2026-03-05T18:00:00", "2026-04-20T18:00:00"])
async def test_a_reworks_own_limit_stands_when_the_lead_changes(ledger: Ledger, respond_by: str) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.event(case_id, "rework", respond_by=at(respond_by))
    await ledger.act(case_id, "reroute", unit="hrss", reason="改派")
    assert (await ledger.assignment(case_id, "hrss"))["due"]["reply_by"] == f"{respond_by}+08:00"


async def test_a_rework_without_a_limit_runs_for_the_procedures_from_the_event(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    ledger.clock.move_to(at("2026-03-11T10:00:00"))
    await ledger.event(case_id, "rework")
    assert (await ledger.assignment(case_id, "tax"))["due"]["reply_by"] == "2026-03-18T23:59:59+08:00"


async def test_dates_past_the_published_calendar_are_provisional_until_they_are_late(ledger: Ledger) -> None:
    ledger.clock.move_to(at("2027-03-01T09:00:00"))
    case_id = await ledger.ticket(SINGLE)
    assert {d["status"] for d in (await ledger.view(case_id))["deadlines"]} == {"provisional"}
    await ledger.until("2027-03-20T09:00:00+08:00")
    (reply,) = await clocks(ledger, case_id, "reply")
    assert reply["status"] == "overdue"
    counts = (await ledger.store.read(ledger.store.counts.all)).deadlines
    assert counts["reply", "tax", "overdue"] == 1


async def test_a_cancelled_clock_is_not_shown(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.event(case_id, "withdraw")
    assert (await ledger.view(case_id))["deadlines"] == []


async def test_consolidation_runs_from_the_last_opinion_and_is_shown_not_reminded(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    ledger.clock.move_to(at("2026-03-05T10:00:00"))
    await ledger.receipt(case_id, "medical", "opinion")
    (clock,) = await clocks(ledger, case_id, "consolidate")
    assert clock["due_at"] == "2026-03-10T23:59:59+08:00"
    await ledger.until("2026-03-19T12:00:00+08:00")
    assert not [name for name in await events(ledger, case_id, "reminder.sent") if name.startswith("consolidate")]
    assert (await events(ledger, case_id, "deadline.missed"))["consolidate"] == 1


async def test_the_debt_of_an_overridden_opinion_is_reminded_after_the_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated", override=OverrideNote("王五", "副局长", "先行"))
    await ledger.deliver()
    await ledger.fresh()
    await ledger.until("2026-03-10T12:00:00+08:00")
    assert {m["target"] for m in await ledger.fresh(kind="unit")} == {"medical", "leading_office"}


async def test_a_pause_moves_natural_days_by_natural_days(ledger: Ledger) -> None:
    """The petition's sixty days and an opinion's working days are each paused in their own days."""
    case_id = await ledger.ticket(SINGLE, feed="petition")
    (before,) = await clocks(ledger, case_id, "reply")
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.act(case_id, "suspend", reason="补正")
    ledger.clock.move_to(at("2026-03-12T09:00:00"))
    await ledger.act(case_id, "resume", reason="已补正")
    (after,) = await clocks(ledger, case_id, "reply")
    assert (before["due_at"][:10], after["due_at"][:10]) == ("2026-05-06", "2026-05-11")
    assert after["basis"][-1]["source"] == "pause"


async def test_an_opinion_during_a_pause_is_not_late(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "signed")
    await ledger.act(case_id, "suspend", reason="补正")
    ledger.clock.move_to(at("2026-03-20T10:00:00"))
    await ledger.receipt(case_id, "hrss", "opinion")
    (opinion,) = (await ledger.view(case_id))["opinions"]
    assert opinion["late"] is False
    assert "met" in {d["status"] for d in await clocks(ledger, case_id, "opinion")}


async def test_an_unknown_fee_period_is_asked_for_until_a_ticket_says_it(ledger: Ledger) -> None:
    unknown = await ledger.ticket(SINGLE)
    assert "费款所属期" in (await ledger.view(unknown))["ask"][0]
    (sent,) = await ledger.messages(kind="unit", target="tax")
    assert sent["case"]["ask"] == (await ledger.view(unknown))["ask"]
    known = await ledger.ticket(JOINT, external_id="T2")
    assert (await ledger.view(known))["ask"] == []


async def test_a_pause_moves_an_upstreams_own_limit_from_where_it_stood(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, feed="petition", respond_by=at("2026-03-20T18:00:00"))
    await ledger.act(case_id, "suspend", reason="补正")
    ledger.clock.move_to(at("2026-03-12T09:00:00"))
    await ledger.act(case_id, "resume", reason="已补正")
    (after,) = await clocks(ledger, case_id, "reply")
    assert after["due_at"] == "2026-03-30T18:00:00+08:00"
