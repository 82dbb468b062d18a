"""One matter, several tickets: each upstream keeps its clock and its reply, and units work once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from bridge.core.model.ticket import Petitioner
from bridge.core.policy import Confidentiality
from bridge.errors import BridgeError, IllegalTransition, InvalidPayload
from tests.contract.conftest import retune
from tests.contract.two_tickets import UNCLEAR, WHO, at, chains_hold, merged, pushed, reply_clocks, side, two
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger


async def test_both_tickets_are_handled_once_and_each_upstream_gets_its_reply(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    view = await ledger.view(letter)
    assert (view["state"], view["merged_into"], view["tickets"]) == ("merged", kept, [])
    assert view["allowed_actions"] == ["unmerge"]
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    replies = [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied"]
    assert {m["external_id"] for m in replies} == {"ZZ1", "XF1"}
    assert len({m["reply"]["public_text"] for m in replies}) == 1
    await ledger.deliver()
    assert await ledger.state(kept) == "replied"
    assert await chains_hold(ledger, kept, letter)


async def test_a_merge_resets_no_clock(ledger: Ledger) -> None:
    kept, letter = await two(ledger)
    clocks = await reply_clocks(ledger, kept) | await reply_clocks(ledger, letter)
    await ledger.until("2026-03-04T15:00:00+08:00")
    await ledger.act(letter, "merge", OFFICE, into=kept)
    assert await reply_clocks(ledger, kept) == clocks
    notice = next(d for d in (await ledger.view(kept))["deadlines"] if d["kind"] == "accept_notice")
    assert notice["due_at"] == "2026-03-17T23:59:59+08:00"
    assert {d["kind"] for d in (await ledger.view(letter))["deadlines"]} == {"return"}


async def test_the_moved_tickets_clock_reminds_the_unit_that_has_the_case(ledger: Ledger) -> None:
    kept, letter = await two(ledger, second=SINGLE)
    await ledger.receipt(kept, "tax", "signed")
    await ledger.act(letter, "merge", OFFICE, into=kept)
    await ledger.fresh()
    await ledger.until("2026-03-17T23:00:00+08:00")
    reminded = [m for m in await ledger.fresh(kind="unit") if (m.get("deadline") or {}).get("kind") == "accept_notice"]
    assert {m["case_id"] for m in reminded} == {kept}


async def test_a_unit_is_told_what_was_taken_back_and_what_has_changed(ledger: Ledger) -> None:
    kept, letter = await two(ledger)
    await ledger.deliver()
    await ledger.fresh()
    old = (await ledger.assignment(letter, "tax"))["id"]
    await ledger.act(letter, "merge", OFFICE, into=kept)
    messages = {m["type"]: m for m in await ledger.fresh(kind="unit")}
    assert set(messages) == {"assignment.withdrawn", "case.updated"}
    assert messages["assignment.withdrawn"]["assignment_id"] == old
    assert messages["assignment.withdrawn"]["merged_into"] == kept
    assert [t["external_id"] for t in messages["case.updated"]["case"]["tickets"]] == ["ZZ1", "XF1"]


async def test_what_no_unit_has_seen_is_never_sent(ledger: Ledger) -> None:
    kept, letter = await two(ledger)
    await ledger.act(letter, "merge", OFFICE, into=kept)
    rows = await ledger.store.read(lambda tx: ledger.store.outbox.listing(tx, state="cancelled", target=None, limit=10))
    assert [(row["type"], row["case_id"]) for row in rows] == [("assignment.dispatched", letter)]
    assert not [m for m in await ledger.messages(kind="unit") if m["type"] == "assignment.withdrawn"]
    await ledger.deliver()


async def test_a_receipt_for_the_old_assignment_names_the_new_case(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    with pytest.raises(IllegalTransition, match=f"已并入 {kept}"):
        await ledger.receipt(letter, "tax", "signed")


async def test_an_accepted_case_accepts_the_ticket_that_joins_but_a_letter_waits_for_its_notice(ledger: Ledger) -> None:
    kept, letter = await two(ledger)
    again = await ledger.ticket(SINGLE, external_id="ZZ2", petitioner=WHO)
    await ledger.receipt(kept, "tax", "signed")
    await ledger.fresh()
    await ledger.act(again, "merge", OFFICE, into=kept)
    assert await pushed(ledger, "ZZ2") == ["ticket.accepted"]
    await ledger.act(letter, "merge", OFFICE, into=kept)
    assert await pushed(ledger, "XF1") == []
    await ledger.receipt(kept, "tax", "told", who="payer", channel="书面")
    assert await pushed(ledger, "XF1") == ["ticket.accepted"]


async def test_a_ticket_that_waited_for_a_person_learns_who_leads(ledger: Ledger) -> None:
    kept, letter = await two(ledger, second=UNCLEAR)
    assert await ledger.state(letter) == "triage"
    await ledger.fresh()
    await ledger.act(letter, "merge", OFFICE, into=kept)
    (told,) = [m for m in await ledger.fresh(kind="upstream") if m["external_id"] == "XF1"]
    assert (told["type"], told["contact"]["unit"], told["case_id"]) == ("ticket.transferred", "tax", kept)


async def test_another_lead_and_another_accepting_unit_are_news_to_the_upstream(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    other = await ledger.ticket("退休三个月养老金未到账，要求查明原因并发放养老金。", external_id="ZZ2")
    await ledger.receipt(kept, "tax", "signed")
    await ledger.receipt(other, "hrss", "signed")
    await ledger.fresh()
    await ledger.act(other, "merge", OFFICE, into=kept)
    told = [m for m in await ledger.fresh(kind="upstream") if m["external_id"] == "ZZ2"]
    assert [m["type"] for m in told] == ["ticket.transferred", "ticket.accepted"]
    assert told[1]["accepting_unit"] == "tax"


async def test_a_ticket_joining_an_answered_case_gets_the_standing_reply_as_its_own(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.deliver()
    await ledger.until("2026-03-05T09:00:00+08:00")
    again = await ledger.ticket(SINGLE, external_id="ZZ2")
    await ledger.fresh()
    await ledger.act(again, "merge", OFFICE, into=kept)
    sent = [m for m in await ledger.fresh(kind="upstream") if m["external_id"] == "ZZ2"]
    assert [m["type"] for m in sent] == ["ticket.accepted", "ticket.replied"]
    assert (sent[1]["round"], sent[1]["supplement"]) == (1, False)
    assert sent[1]["reply"]["public_text"] == "核减431.20元"
    assert await ledger.state(kept) == "replying"
    await ledger.deliver()
    assert await ledger.state(kept) == "replied"
    window = [d for d in (await ledger.view(kept))["deadlines"] if d["kind"] == "objection"]
    assert [d["start_at"][:10] for d in window] == ["2026-03-05"]


async def test_whoever_joins_after_the_window_has_closed_gets_one(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.deliver()
    await ledger.act(kept, "objection", OFFICE, none=True)
    await ledger.until("2026-03-05T09:00:00+08:00")
    await ledger.act(await ledger.ticket(SINGLE, external_id="ZZ2"), "merge", OFFICE, into=kept)
    await ledger.deliver()
    windows = [d for d in (await ledger.view(kept))["deadlines"] if d["kind"] == "objection"]
    assert [(d["status"], d["start_at"][:10]) for d in windows] == [("met", "2026-03-02"), ("running", "2026-03-05")]


async def test_only_the_ticket_that_asked_for_rework_is_owed_a_reply(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.deliver()
    await ledger.fresh()
    await ledger.event(kept, "rework", respond_by=at("2026-03-06T18:00:00"))
    await ledger.receipt(kept, "tax", "opinion", text="复核后仍核减431.20元")
    assert await pushed(ledger, "XF1") == []
    await ledger.deliver()
    assert await ledger.state(kept) == "replied"


async def test_a_rework_while_the_other_reply_is_on_its_way_owes_the_other_nothing_new(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.event(kept, "rework", respond_by=at("2026-03-06T18:00:00"))
    await ledger.fresh()
    await ledger.receipt(kept, "tax", "opinion", text="复核后仍核减431.20元")
    new = [m for m in await ledger.fresh(kind="upstream") if m["type"] == "ticket.replied"]
    assert [(m["external_id"], m["round"]) for m in new] == [("ZZ1", 2)]
    await ledger.deliver()
    view = await ledger.view(kept)
    assert view["state"] == "replied"
    assert {d["status"] for d in view["deadlines"] if d["kind"] == "reply"} == {"met"}


async def test_events_of_both_upstreams_reach_the_one_case(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    answer = await ledger.event(kept, "urge")
    assert answer.body["case_id"] == kept
    view = await ledger.view(kept)
    assert [t["external_id"] for t in view["tickets"]] == ["ZZ1", "XF1"]
    withdraw = UpstreamEvent("XF1", UpstreamEventType.WITHDRAW)
    answer = await ledger.service.accept_event("petition", withdraw, None)
    assert answer.body["case_id"] == kept
    assert await ledger.state(kept) == "handling"


async def test_a_repushed_ticket_keeps_the_ids_its_upstream_knows(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    again = await ledger.ticket(SINGLE + "补充：有截图。", external_id="XF1", petitioner=WHO, feed="petition")
    assert again == letter
    view = await ledger.view(kept)
    assert next(t["revision"] for t in view["tickets"] if t["external_id"] == "XF1") == 2


async def test_a_ticket_that_names_the_petitioner_of_another_is_blanked_of_both(ledger: Ledger) -> None:
    first, second = (Petitioner(name=name, confidential=True) for name in ("赵小明", "钱大勇"))
    named = f"赵小明与同事钱大勇反映：{SINGLE}"
    kept = await ledger.ticket(named, title="赵小明、钱大勇要求核减", external_id="ZZ1", petitioner=first)
    colleague = await ledger.ticket(SINGLE, external_id="ZZ2", petitioner=second)
    await ledger.fresh()
    await ledger.act(colleague, "merge", OFFICE, into=kept)
    (update,) = [m for m in await ledger.fresh(kind="unit") if m["type"] == "case.updated"]
    [line] = (await ledger.service.daybook("tax", reveal=False)).lines
    for shown in (str(update), line.matter, str(await ledger.service.case(kept, "tax"))):
        assert ("＊＊＊" in shown, "赵小明" in shown, "钱大勇" in shown) == (True, False, False)


async def test_a_unit_that_may_see_the_petitioner_sees_both(ledger: Ledger) -> None:
    retune(ledger, confidentiality=Confidentiality(visible_to=("tax",)))
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    secret = await ledger.ticket(SINGLE, external_id="ZZ2", petitioner=replace(WHO, confidential=True))
    await ledger.deliver()
    await ledger.fresh()
    await ledger.act(secret, "merge", OFFICE, into=kept)
    (update,) = [m for m in await ledger.fresh(kind="unit") if m["type"] == "case.updated"]
    assert "13600001212" in str(update)


async def test_a_ticket_withdrawn_during_its_rework_leaves_the_other_answered(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.deliver()
    await ledger.event(kept, "rework")
    await ledger.event(kept, "withdraw")
    assert await ledger.state(kept) == "replied"
    assert await ledger.owed(kept) == {"tax": []}


async def test_a_withdrawal_while_the_other_reply_is_on_its_way_waits_for_that_only(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.event(kept, "rework")
    await ledger.event(kept, "withdraw")
    assert await ledger.state(kept) == "replying"
    await ledger.deliver()
    assert await ledger.state(kept) == "replied"


async def test_more_time_from_one_upstream_shortens_nothing_of_the_other(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    before = await reply_clocks(ledger, kept)
    await ledger.receipt(kept, "tax", "signed")
    await ledger.fresh()
    until = at("2026-03-16T18:00:00")
    await ledger.receipt(kept, "tax", "extension_requested", until=until, reason="查账")
    assert [m["external_id"] for m in await ledger.fresh(kind="upstream")] == ["ZZ1"]
    lead = await ledger.assignment(kept, "tax")
    await ledger.act(kept, "extend", OFFICE, assignment_id=lead["id"], until=until, reason="查账")
    after = await reply_clocks(ledger, kept)
    assert (after["ZZ1"][1], after["XF1"]) == ("2026-03-16T18:00:00+08:00", before["XF1"])


@pytest.mark.parametrize(("into", "said"), [("self", "自身"), ("c-unknown", "本地区没有这个案件")])
async def test_an_impossible_target_is_a_wrong_field(ledger: Ledger, into: str, said: str) -> None:
    case_id = await ledger.ticket(SINGLE)
    with pytest.raises(InvalidPayload, match=said):
        await ledger.act(case_id, "merge", OFFICE, into=case_id if into == "self" else into)


async def test_a_merged_case_takes_nothing_in_and_cannot_be_merged_again(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    third = await ledger.ticket(SINGLE)
    with pytest.raises(IllegalTransition, match=f"已并入 {kept}"):
        await ledger.act(third, "merge", OFFICE, into=letter)
    with pytest.raises(IllegalTransition, match=f"已并入 {kept}"):
        await ledger.act(letter, "merge", OFFICE, into=third)
    with pytest.raises(IllegalTransition, match=f"已并入 {kept}"):
        await ledger.act(kept, "merge", OFFICE, into=letter)


async def test_an_ended_case_takes_nothing_in_and_gives_nothing_back(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    await ledger.act(kept, "return_upstream", OFFICE, suggested="监察大队")
    third = await ledger.ticket(SINGLE)
    with pytest.raises(IllegalTransition, match="已经办结"):
        await ledger.act(third, "merge", OFFICE, into=kept)
    with pytest.raises(IllegalTransition, match="已经办结"):
        await ledger.act(letter, "unmerge", OFFICE)


async def test_a_paused_case_is_resumed_first(ledger: Ledger) -> None:
    kept, letter = await two(ledger)
    await ledger.act(kept, "suspend", OFFICE, reason="等鉴定")
    with pytest.raises(IllegalTransition, match="中止"):
        await ledger.act(letter, "merge", OFFICE, into=kept)


async def test_receipts_racing_a_merge_are_recorded_or_refused_never_lost(ledger: Ledger) -> None:
    kept, letter = await two(ledger, second=JOINT)
    lead = (await ledger.assignment(letter, "tax"))["id"]
    outcomes = await asyncio.gather(
        *[ledger.receipt(letter, unit, "signed") for unit in ("tax", "hrss", "medical")],
        ledger.act(letter, "merge", OFFICE, into=kept),
        *[ledger.receipt(kept, "tax", "progress", text=f"第{n}次") for n in range(3)],
        return_exceptions=True,
    )
    assert not [o for o in outcomes if isinstance(o, BaseException) and not isinstance(o, IllegalTransition)]
    assert not isinstance(outcomes[3], BridgeError)
    view = await ledger.view(letter)
    assert view["state"] == "merged"
    signed = {a["id"] for a in view["assignments"] if a["signed_at"]}
    assert (lead in signed) is not isinstance(outcomes[0], BaseException)
    reports = [e for e in (await ledger.service.history(kept))["events"] if e["type"] == "progress.reported"]
    assert len(reports) == 3
    assert await chains_hold(ledger, kept, letter)


async def test_two_cases_merged_into_each_other_at_once_become_one(ledger: Ledger) -> None:
    one, other = await two(ledger)
    outcomes = await asyncio.gather(
        ledger.act(one, "merge", OFFICE, into=other),
        ledger.act(other, "merge", OFFICE, into=one),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, IllegalTransition) for outcome in outcomes) == [False, True]
    states = sorted([await ledger.state(one), await ledger.state(other)])
    assert states == ["handling", "merged"]
    assert await chains_hold(ledger, one, other)


@pytest.mark.parametrize(
    ("joining", "status"), [(WHO, "told"), (Petitioner(name="闻先生", phone="13600003434"), "pending")]
)
async def test_whoever_joins_an_answered_case_is_told_too(ledger: Ledger, joining: Petitioner, status: str) -> None:
    kept, _ = await two(ledger)
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.deliver()
    await ledger.act(kept, "told", OFFICE, who="payer", channel="书面")
    later = await ledger.ticket(SINGLE, external_id="ZZ2", petitioner=joining)
    await ledger.act(later, "merge", OFFICE, into=kept, reason="同一诉求")
    record = await side(ledger, kept)
    assert (record["status"], record["text"]) == (status, "核减431.20元")
