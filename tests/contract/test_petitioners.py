"""Several petitioners in one case: what each is told, when, and how satisfied he is, is kept apart (R2, R23, R29)."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.commands import UpstreamEvent, UpstreamEventType
from bridge.core.model.ticket import Petitioner
from bridge.core.vocabulary import TicketKind
from bridge.errors import InvalidPayload
from tests.contract.test_refused_returns import at
from tests.pipeline.conftest import OFFICE, SINGLE, Ledger

ONE = Petitioner(name="郗女士", phone="13600001212")
OTHER = Petitioner(name="储先生", phone="13600003434")


async def two(ledger: Ledger, *people: Petitioner, **changes: Any) -> tuple[str, str]:
    found = [
        await ledger.ticket(SINGLE, external_id=f"P{n}", petitioner=person, **changes)
        for n, person in enumerate(people or (ONE, OTHER), 1)
    ]
    return found[0], found[1]


async def merged(ledger: Ledger, *people: Petitioner) -> tuple[str, str]:
    kept, joining = await two(ledger, *people)
    await ledger.act(joining, "merge", OFFICE, into=kept, reason="同一诉求")
    return kept, joining


async def ticket_of(ledger: Ledger, case_id: str, number: str) -> str:
    view = await ledger.view(case_id)
    return next(str(ticket["id"]) for ticket in view["tickets"] if ticket["external_id"] == number)


async def payers(ledger: Ledger, case_id: str) -> dict[str | None, str]:
    """Return what stands of each petitioner, by the number of his ticket; None where there is one."""
    view = await ledger.view(case_id)
    numbers = {ticket["id"]: ticket["external_id"] for ticket in view["tickets"]}
    return {numbers.get(side["ticket_id"]): side["status"] for side in view["sides"] if side["side"] == "payer"}


async def answered(ledger: Ledger, case_id: str) -> None:
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.act(case_id, "told", OFFICE, who="other_side", not_applicable="依法不告知")
    await ledger.act(case_id, "objection", OFFICE, none=True)


async def test_the_archive_waits_for_each_petitioner_and_keeps_the_proof_of_each(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await answered(ledger, kept)
    first, second = await ticket_of(ledger, kept, "P1"), await ticket_of(ledger, kept, "P2")
    await ledger.receipt(kept, "tax", "told", who="payer", channel="短信", by="甲", ticket_id=first)
    assert await payers(ledger, kept) == {"P1": "told", "P2": "pending"}
    assert "payer" not in (await ledger.view(kept))["told_sides"]
    assert await ledger.state(kept) == "replied"
    await ledger.act(kept, "told", OFFICE, who="payer", channel="邮寄", by="乙", ticket_id=second)
    proofs = [(s["channel"], s["by"]) for s in (await ledger.view(kept))["sides"] if s["side"] == "payer"]
    assert (proofs, await ledger.state(kept)) == ([("短信", "甲"), ("邮寄", "乙")], "archived")


async def test_whoever_names_no_ticket_told_every_petitioner(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await answered(ledger, kept)
    await ledger.act(kept, "told", OFFICE, who="payer", channel="书面")
    assert await payers(ledger, kept) == {"P1": "told", "P2": "told"}
    assert await ledger.state(kept) == "archived"


async def test_two_tickets_of_one_person_are_one_petitioner(ledger: Ledger) -> None:
    kept, _ = await merged(ledger, ONE, ONE)
    assert await payers(ledger, kept) == {None: "pending"}


async def test_each_is_as_satisfied_as_his_own_upstream_says(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await answered(ledger, kept)
    for number, value in (("P1", "satisfied"), ("P2", "unsatisfied")):
        event = UpstreamEvent(number, UpstreamEventType.SATISFACTION, value=value)
        await ledger.service.accept_event("hotline", event, None)
    said = [side["satisfaction"] for side in (await ledger.view(kept))["sides"] if side["side"] == "payer"]
    assert said == ["satisfied", "unsatisfied"]


async def test_who_was_told_before_the_merge_stays_told_and_nobody_else(ledger: Ledger) -> None:
    kept, joining = await two(ledger)
    await ledger.act(joining, "told", OFFICE, who="payer", channel="书面", by="乙")
    await ledger.act(joining, "merge", OFFICE, into=kept, reason="同一诉求")
    assert await payers(ledger, kept) == {"P1": "pending", "P2": "told"}


async def test_what_a_petitioner_was_told_goes_with_his_ticket_when_a_merge_is_undone(ledger: Ledger) -> None:
    kept, joining = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.deliver()
    await ledger.act(kept, "told", OFFICE, who="payer", channel="短信", ticket_id=await ticket_of(ledger, kept, "P2"))
    await ledger.act(joining, "unmerge", OFFICE, reason="并错了")
    assert (await payers(ledger, kept), await payers(ledger, joining)) == ({None: "pending"}, {None: "told"})


async def test_a_rework_that_one_asked_for_is_told_to_him(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await ledger.receipt(kept, "tax", "opinion")
    await ledger.deliver()
    event = UpstreamEvent("P2", UpstreamEventType.REWORK, respond_by=at("2026-03-16T18:00:00"))
    await ledger.service.accept_event("hotline", event, None)
    assert await payers(ledger, kept) == {"P1": "not_applicable", "P2": "pending"}


async def test_a_ticket_of_another_case_or_for_the_other_side_is_refused(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    ours = await ticket_of(ledger, kept, "P1")
    for who, ticket_id in (("payer", "t00"), ("other_side", ours)):
        with pytest.raises(InvalidPayload, match="ticket_id"):
            await ledger.act(kept, "told", OFFICE, who=who, channel="书面", ticket_id=ticket_id)


async def test_whom_to_reach_is_still_told_after_a_merge_and_to_each(ledger: Ledger) -> None:
    kept, joining = await two(ledger, kind=TicketKind.HELP)
    await ledger.act(kept, "told", OFFICE, who="payer", channel="短信")
    await ledger.act(joining, "merge", OFFICE, into=kept, reason="同一诉求")
    second = await ticket_of(ledger, kept, "P2")
    (owed,) = (await ledger.view(kept))["to_tell"]
    assert (owed["kind"], owed["ticket_id"]) == ("transfer", second)
    assert "工单 P2" in owed["text"]
    await ledger.act(kept, "told", OFFICE, who="payer", channel="短信", ticket_id=await ticket_of(ledger, kept, "P1"))
    assert len((await ledger.view(kept))["to_tell"]) == 1
    await ledger.act(kept, "told", OFFICE, who="payer", channel="短信", ticket_id=second)
    assert (await ledger.view(kept))["to_tell"] == []


async def test_more_time_that_one_upstream_gave_is_told_to_its_petitioner(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    await ledger.act(kept, "told", OFFICE, who="payer", channel="书面")
    event = UpstreamEvent("P2", UpstreamEventType.EXTENSION_GRANTED, until=at("2026-03-20T18:00:00"))
    await ledger.service.accept_event("hotline", event, None)
    (owed,) = (await ledger.view(kept))["to_tell"]
    assert (owed["kind"], owed["ticket_id"]) == ("extension", await ticket_of(ledger, kept, "P2"))


@pytest.mark.parametrize(
    ("one", "other", "people"),
    [
        ("无", "无", 2),
        ("0", "0", 2),
        ("00000000000", "00000000000", 2),
        ("136****1212", "136****1212", 2),
        ("136-0000-1212", "１３６ ００００ １２１２", 1),
    ],
)
async def test_only_a_number_that_tells_people_apart_makes_two_tickets_one_person(
    ledger: Ledger, one: str, other: str, people: int
) -> None:
    kept, _ = await merged(ledger, Petitioner(name="甲", phone=one), Petitioner(name="乙", phone=other))
    assert len(await payers(ledger, kept)) == people


async def test_a_telephone_that_is_written_as_an_identity_number_is_no_mark_of_the_same_person(ledger: Ledger) -> None:
    kept, _ = await merged(ledger, Petitioner(phone="13600001212"), Petitioner(phone="1", id_number="13600001212"))
    assert len(await payers(ledger, kept)) == 2


async def test_a_case_that_was_merged_away_told_no_petitioner(ledger: Ledger) -> None:
    _, joining = await merged(ledger)
    assert "payer" not in (await ledger.view(joining))["told_sides"]


async def withdrawn(ledger: Ledger, *numbers: str) -> None:
    for number in numbers:
        await ledger.service.accept_event("hotline", UpstreamEvent(number, UpstreamEventType.WITHDRAW), None)


async def test_what_is_kept_of_a_petitioner_outlives_his_first_ticket(ledger: Ledger) -> None:
    """Tickets P1 and P3 are one person's: what he was told, and must be told, stands when P1 is withdrawn."""
    kept, joining = await two(ledger, kind=TicketKind.HELP)
    third = await ledger.ticket(SINGLE, external_id="P3", petitioner=ONE, kind=TicketKind.HELP)
    for case_id in (joining, third):
        await ledger.act(case_id, "merge", OFFICE, into=kept, reason="同一诉求")
    second = await ticket_of(ledger, kept, "P2")
    await ledger.act(kept, "told", OFFICE, who="payer", channel="短信", ticket_id=second)
    await withdrawn(ledger, "P1")
    assert {owed["kind"] for owed in (await ledger.view(kept))["to_tell"]} == {"transfer"}
    mine = await ticket_of(ledger, kept, "P3")
    await ledger.act(kept, "told", OFFICE, who="payer", not_applicable="本人要求不再联系", ticket_id=mine)
    view = await ledger.view(kept)
    assert (view["to_tell"], await payers(ledger, kept)) == ([], {"P2": "told", "P3": "not_applicable"})


async def test_a_record_under_a_withdrawn_ticket_is_still_his(ledger: Ledger) -> None:
    kept, _ = await merged(ledger)
    third = await ledger.ticket(SINGLE, external_id="P3", petitioner=ONE)
    await ledger.act(third, "merge", OFFICE, into=kept, reason="同一诉求")
    first = await ticket_of(ledger, kept, "P1")
    await ledger.act(kept, "told", OFFICE, who="payer", not_applicable="本人要求不再联系", ticket_id=first)
    await withdrawn(ledger, "P1")
    assert await payers(ledger, kept) == {"P3": "not_applicable", "P2": "pending"}


async def test_what_was_told_in_a_joint_case_is_not_owed_again_when_the_merge_is_undone(ledger: Ledger) -> None:
    kept, joining = await two(ledger, kind=TicketKind.HELP)
    await ledger.act(joining, "merge", OFFICE, into=kept, reason="同一诉求")
    second = await ticket_of(ledger, kept, "P2")
    await ledger.act(kept, "told", OFFICE, who="payer", channel="短信", ticket_id=second)
    await ledger.act(joining, "unmerge", OFFICE, reason="并错了")
    assert (await payers(ledger, kept), await payers(ledger, joining)) == ({None: "pending"}, {None: "told"})
    assert [len((await ledger.view(case_id))["to_tell"]) for case_id in (kept, joining)] == [1, 0]


async def test_more_time_given_in_a_joint_case_is_still_to_be_told_when_the_merge_is_undone(ledger: Ledger) -> None:
    kept, joining = await merged(ledger)
    await ledger.act(kept, "told", OFFICE, who="payer", channel="书面")
    event = UpstreamEvent("P2", UpstreamEventType.EXTENSION_GRANTED, until=at("2026-03-20T18:00:00"))
    await ledger.service.accept_event("hotline", event, None)
    await ledger.act(joining, "unmerge", OFFICE, reason="并错了")
    assert (await ledger.view(kept))["to_tell"] == []
    assert [owed["kind"] for owed in (await ledger.view(joining))["to_tell"]] == ["extension"]


async def test_a_lead_that_changed_while_a_ticket_was_answered_is_told_to_its_upstream_when_it_is_reworked(
    ledger: Ledger,
) -> None:
    kept, _ = await merged(ledger)
    await answered(ledger, kept)
    await ledger.service.accept_event("hotline", UpstreamEvent("P2", UpstreamEventType.REWORK), None)
    await ledger.act(kept, "reroute", OFFICE, unit="medical", reason="经研究")
    await ledger.fresh()
    await ledger.service.accept_event("hotline", UpstreamEvent("P1", UpstreamEventType.REWORK), None)
    told = [m for m in await ledger.fresh(target="hotline") if m["type"] in ("ticket.assigned", "ticket.transferred")]
    assert [message["external_id"] for message in told] == ["P1"]
