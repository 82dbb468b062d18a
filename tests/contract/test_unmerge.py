"""A merge is undone: each case has back what it had, and nobody is told or asked twice."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from tests.contract.two_tickets import UNCLEAR, WHO, chains_hold, merged, reply_clocks, side, two
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger


async def test_a_reply_already_on_its_way_settles_the_ticket_where_it_is_now(ledger: Ledger) -> None:
    """A letter reopened and merged while the first reply is still in flight."""
    kept, letter = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.act(letter, "unmerge", OFFICE, reason="并错了")
    assert await ledger.state(letter) == "replying"
    await ledger.deliver()
    assert (await ledger.state(kept), await ledger.state(letter)) == ("replied", "replied")


async def test_secrecy_is_the_union_and_stays_after_an_unmerge(ledger: Ledger) -> None:
    kept = await ledger.ticket(SINGLE, external_id="ZZ1")
    secret = await ledger.ticket(SINGLE, external_id="ZZ2", petitioner=replace(WHO, confidential=True))
    await ledger.deliver()
    await ledger.fresh()
    await ledger.act(secret, "merge", OFFICE, into=kept)
    (update,) = [m for m in await ledger.fresh(kind="unit") if m["type"] == "case.updated"]
    assert "13600001212" not in str(update)
    assert update["case"]["confidential"] is True
    await ledger.act(secret, "unmerge", OFFICE)
    assert (await ledger.view(kept))["confidential"] is True
    assert (await ledger.view(secret))["confidential"] is True


async def test_an_unmerge_gives_each_case_back_what_it_had(ledger: Ledger) -> None:
    kept, letter = await two(ledger, second=JOINT)
    before = await reply_clocks(ledger, letter)
    await ledger.receipt(letter, "tax", "signed")
    await ledger.receipt(letter, "hrss", "opinion", text="人社意见")
    ids = {a["unit"]: a["id"] for a in (await ledger.view(letter))["assignments"]}
    await ledger.act(letter, "merge", OFFICE, into=kept)
    await ledger.deliver()
    await ledger.fresh()
    await ledger.act(letter, "unmerge", OFFICE, reason="不是一回事")
    view = await ledger.view(letter)
    assert (view["state"], view["merged_into"]) == ("handling", None)
    assert {a["unit"]: a["id"] for a in view["assignments"] if a["state"] != "withdrawn"} == ids
    assert await reply_clocks(ledger, letter) == before
    assert await ledger.owed(letter) == {"tax": [], "hrss": [], "medical": ["signed", "opinion"]}
    assert [t["external_id"] for t in (await ledger.view(kept))["tickets"]] == ["ZZ1"]
    await ledger.receipt(letter, "medical", "opinion")
    await ledger.receipt(letter, "tax", "consolidated")
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.deliver()
    assert (await ledger.state(kept), await ledger.state(letter)) == ("replied", "replied")
    assert await chains_hold(ledger, kept, letter)


async def test_an_unmerged_case_that_waited_for_a_person_waits_again(ledger: Ledger) -> None:
    kept, letter = await two(ledger, second=UNCLEAR)
    await ledger.act(letter, "merge", OFFICE, into=kept)
    await ledger.act(letter, "unmerge", OFFICE)
    view = await ledger.view(letter)
    assert (view["state"], view["lead"], view["review_reason"]) == ("triage", None, "撤销并案，须由人重新分派")
    await ledger.act(letter, "reroute", unit="tax")
    assert await ledger.owed(letter) == {"tax": ["signed", "opinion"]}


async def test_an_answered_ticket_leaves_as_answered_and_can_be_worked_again(ledger: Ledger) -> None:
    kept, letter = await two(ledger, second=UNCLEAR)
    await ledger.act(letter, "merge", OFFICE, into=kept)
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.deliver()
    await ledger.act(letter, "unmerge", OFFICE)
    assert (await ledger.state(kept), await ledger.state(letter)) == ("replied", "replied")
    await ledger.act(letter, "reopen", OFFICE, reason="另案办理")
    assert await ledger.state(letter) == "triage"
    await ledger.act(letter, "reroute", OFFICE, unit="hrss")
    assert await ledger.owed(letter) == {"hrss": ["signed", "opinion"]}


async def test_a_case_left_with_withdrawn_tickets_only_ends(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    await ledger.event(kept, "withdraw")
    assert await ledger.state(kept) == "handling"
    await ledger.act(letter, "unmerge", OFFICE)
    assert (await ledger.state(kept), await ledger.state(letter)) == ("withdrawn", "handling")


async def test_an_aborted_rework_leaves_the_other_ticket_answered(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.deliver()
    await ledger.service.accept_event("petition", UpstreamEvent("XF1", UpstreamEventType.REWORK), None)
    await ledger.act(letter, "unmerge", OFFICE)
    assert (await ledger.state(kept), await ledger.state(letter)) == ("replied", "handling")
    assert await ledger.owed(kept) == {"tax": []}
    assert await ledger.owed(letter) == {"tax": ["signed", "opinion"]}


async def test_what_was_noted_of_a_merged_case_goes_back_with_it(ledger: Ledger) -> None:
    kept, letter = await two(ledger)
    for case_id, reference in ((kept, "A"), (letter, "A"), (letter, "B")):
        await ledger.act(case_id, "link", OFFICE, kind="litigation", reference=reference)
    await ledger.act(letter, "merge", OFFICE, into=kept)
    await ledger.receipt(kept, "tax", "opinion", text="已在诉讼")
    reply = next(m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied")
    text = reply["reply"]["public_text"]
    assert (text.count("案号：A"), text.count("案号：B")) == (1, 1)
    await ledger.act(letter, "unmerge", OFFICE)
    found = [[link["reference"] for link in (await ledger.view(case_id))["links"]] for case_id in (kept, letter)]
    assert found == [["A"], ["A", "B"]]


async def test_a_chain_of_merges_comes_apart_at_either_link(ledger: Ledger) -> None:
    first, second, third = [await ledger.ticket(SINGLE, external_id=f"ZZ{n}") for n in (1, 2, 3)]
    await ledger.act(first, "merge", OFFICE, into=second)
    await ledger.act(second, "merge", OFFICE, into=third)
    await ledger.act(second, "unmerge", OFFICE)
    assert [t["external_id"] for t in (await ledger.view(second))["tickets"]] == ["ZZ2", "ZZ1"]
    await ledger.act(second, "merge", OFFICE, into=third)
    await ledger.act(first, "unmerge", OFFICE)
    found = {case_id: [t["external_id"] for t in (await ledger.view(case_id))["tickets"]] for case_id in (first, third)}
    assert found == {first: ["ZZ1"], third: ["ZZ3", "ZZ2"]}
    assert await chains_hold(ledger, first, second, third)


async def test_who_was_told_while_merged_need_not_be_told_again(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.deliver()
    for who in ("payer", "other_side"):
        await ledger.act(kept, "told", OFFICE, who=who, channel="书面")
    await ledger.act(letter, "unmerge", OFFICE, reason="并错了")
    for case_id in (kept, letter):
        assert (await ledger.view(case_id))["told_sides"] == ["payer", "other_side"]
        assert (await side(ledger, case_id))["text"] == "核减431.20元"


async def test_who_was_told_nothing_is_still_owed_the_answer_after_an_unmerge(ledger: Ledger) -> None:
    kept, letter = await merged(ledger)
    await ledger.act(letter, "unmerge", OFFICE, reason="并错了")
    await ledger.receipt(kept, "tax", "opinion", text="核减431.20元")
    await ledger.deliver()
    await ledger.act(kept, "told", OFFICE, who="payer", channel="书面")
    assert (await side(ledger, letter))["status"] == "pending"
