"""An upstream does not take a ticket back: its clock runs on, and its case goes on from where it stands by then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from bridge.core.model.ticket import Petitioner
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

WHO = Petitioner(name="郗女士", phone="13600001212")
REFUSED = "不属本机制"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def refuse(ledger: Ledger, feed: str, number: str) -> None:
    await ledger.service.accept_event(feed, UpstreamEvent(number, UpstreamEventType.RETURN_REFUSED), None)


async def clock(ledger: Ledger, case_id: str, kind: str, ticket: int = 0) -> tuple[Any, ...]:
    """Return start, limit and status of a ticket's newest clock of a kind."""
    file = await ledger.file(case_id)
    mine = [d for d in file.deadlines if d.owner == file.tickets[ticket].id and d.kind == kind]
    return mine[-1].start_at, mine[-1].due_at, mine[-1].status.value


async def two_returned(ledger: Ledger) -> str:
    """A case of a hotline's ticket and a letter of 信访, returned to both."""
    kept = await ledger.ticket(SINGLE, external_id="ZZ1", petitioner=WHO)
    letter = await ledger.ticket(SINGLE, external_id="XF1", petitioner=WHO, feed="petition")
    await ledger.act(letter, "merge", OFFICE, into=kept, reason="同一诉求")
    await ledger.act(kept, "return_upstream", reason=REFUSED, suggested="公积金中心")
    return kept


async def answer(ledger: Ledger, case_id: str, unit: str = "tax", role: str = "opinion") -> None:
    await ledger.receipt(case_id, unit, role, text=f"{unit}核实后的意见")
    await ledger.deliver()


async def test_the_clock_of_a_later_round_runs_on_and_does_not_begin_at_the_first_receipt(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await answer(ledger, case_id)
    ledger.clock.move_to(at("2026-03-09T10:00:00"))
    await ledger.event(case_id, "rework", respond_by=at("2026-03-16T18:00:00"))
    before = await clock(ledger, case_id, "reply")
    await ledger.act(case_id, "return_upstream", reason=REFUSED, suggested="公积金中心")
    ledger.clock.move_to(at("2026-03-11T10:00:00"))
    await ledger.event(case_id, "return_refused")
    assert await clock(ledger, case_id, "reply") == before


async def test_more_time_that_was_given_stays_and_so_does_the_limit_of_the_notice(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, feed="petition")
    await ledger.event(case_id, "extension_granted", until=at("2026-05-29T18:00:00"))
    reply, notice = [await clock(ledger, case_id, kind) for kind in ("reply", "accept_notice")]
    await ledger.act(case_id, "return_upstream", reason=REFUSED, suggested="公积金中心")
    ledger.clock.move_to(at("2026-03-04T10:00:00"))
    await ledger.event(case_id, "return_refused")
    assert [await clock(ledger, case_id, kind) for kind in ("reply", "accept_notice")] == [reply, notice]
    assert reply[1] == at("2026-05-29T18:00:00")


async def test_a_limit_that_ran_out_meanwhile_is_missed_at_once(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "return_upstream", reason=REFUSED, suggested="公积金中心")
    await ledger.until("2026-04-20T10:00:00+08:00")
    await ledger.event(case_id, "return_refused")
    await ledger.until("2026-04-20T10:00:00+08:00")
    assert (await clock(ledger, case_id, "reply"))[2] == "overdue"


async def test_a_second_refusal_joins_the_work_that_the_first_one_began(ledger: Ledger) -> None:
    case_id = await two_returned(ledger)
    await refuse(ledger, "hotline", "ZZ1")
    await ledger.act(case_id, "reroute", OFFICE, unit="tax", reason="重新办理")
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.fresh()
    await refuse(ledger, "petition", "XF1")
    assert (await ledger.state(case_id), await ledger.owed(case_id)) == ("handling", {"tax": ["opinion"]})
    told = [m["type"] for m in await ledger.fresh(kind="upstream") if m["external_id"] == "XF1"]
    assert told == ["ticket.transferred"]
    await answer(ledger, case_id)
    replied = [m["external_id"] for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.replied"]
    assert sorted(replied) == ["XF1", "ZZ1"]


async def test_a_refusal_after_the_archive_gets_the_standing_reply_in_its_own_name(ledger: Ledger) -> None:
    case_id = await two_returned(ledger)
    await refuse(ledger, "hotline", "ZZ1")
    await ledger.act(case_id, "reroute", OFFICE, unit="tax", reason="重新办理")
    await answer(ledger, case_id)
    for who in ("payer", "other_side"):
        await ledger.act(case_id, "told", OFFICE, who=who, channel="书面")
    await ledger.act(case_id, "objection", OFFICE, none=True)
    assert await ledger.state(case_id) == "archived"
    await ledger.fresh()
    await refuse(ledger, "petition", "XF1")
    (reply,) = [m for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.replied"]
    assert (reply["external_id"], reply["round"], reply["supplement"]) == ("XF1", 1, False)
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_a_unit_that_is_asked_again_has_one_opinion_in_the_reply(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion", text="先前的意见")
    await ledger.act(case_id, "return_upstream", reason=REFUSED, suggested="公积金中心")
    await ledger.event(case_id, "return_refused")
    await ledger.act(case_id, "designate", OFFICE, unit="tax", reason="裁定")
    await ledger.fresh()
    for unit in ("hrss", "medical"):
        await ledger.receipt(case_id, unit, "opinion", text=f"{unit}新的意见")
    await answer(ledger, case_id, role="consolidated")
    (reply,) = [m for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.replied"]
    listed = [(each["unit"], each["summary"]) for each in reply["reply"]["opinions"]]
    assert listed == [("hrss", "hrss新的意见"), ("medical", "medical新的意见")]


async def test_a_case_whose_own_ticket_was_withdrawn_ends_when_a_merge_into_it_is_undone(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1", petitioner=WHO)
    letter = await ledger.ticket(SINGLE, external_id="XF1", petitioner=WHO, feed="petition")
    await ledger.act(letter, "merge", OFFICE, into=kept, reason="同一诉求")
    await ledger.service.accept_event("hotline", UpstreamEvent("ZZ1", UpstreamEventType.WITHDRAW), None)
    await answer(ledger, kept)
    assert await ledger.state(kept) == "replied"
    await ledger.act(letter, "unmerge", OFFICE, reason="并错了")
    assert (await ledger.state(kept), await ledger.state(letter)) == ("withdrawn", "replied")
