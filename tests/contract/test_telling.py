"""What the payer must be told before the answer, with its proof: whom to reach after a transfer, more time (R23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bridge.core.model.ticket import Petitioner
from bridge.core.vocabulary import TicketKind
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def to_tell(ledger: Ledger, case_id: str) -> list[tuple[str, str, bool]]:
    return [(e["kind"], e["unit"], e["in_writing"]) for e in (await ledger.view(case_id))["to_tell"]]


async def proofs(ledger: Ledger, case_id: str) -> list[tuple[str, str | None, str | None]]:
    notices = (await ledger.view(case_id))["notices"]
    return [(notice["unit"], notice["channel"], notice["given_at"]) for notice in notices]


async def test_a_transferred_complaint_is_told_in_writing_and_the_unit_reads_whom_to_name(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    (sent,) = await ledger.fresh(target="tax")
    (piece,) = sent["to_tell"]
    assert "征缴争议联络员(税务)，电话0356-0000101" in piece["text"]
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="电话")
    await ledger.receipt(case_id, "tax", "told", who="payer")
    assert await to_tell(ledger, case_id) == [("transfer", "tax", True)]
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="短信", at=at("2026-03-02T09:00:00"), by="经办甲")
    assert await to_tell(ledger, case_id) == []
    assert await proofs(ledger, case_id) == [("tax", "短信", "2026-03-02T09:00:00+08:00")]


async def test_a_plea_may_be_told_by_telephone(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, kind=TicketKind.HELP)
    assert await to_tell(ledger, case_id) == [("transfer", "tax", False)]
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="电话")
    assert await to_tell(ledger, case_id) == []


async def test_telling_before_the_transfer_proves_nothing(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    assert await to_tell(ledger, case_id) == []
    await ledger.receipt(case_id, "tax", "signed")
    ledger.clock.move_to(at("2026-03-03T10:00:00"))
    await ledger.receipt(case_id, "tax", "transferred", to_unit="hrss", reason="职责")
    assert await to_tell(ledger, case_id) == [("transfer", "tax", True)]
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="书面", at=at("2026-03-02T10:00:00"))
    assert await to_tell(ledger, case_id) == [("transfer", "tax", True)]
    await ledger.receipt(case_id, "tax", "told", who="payer", channel="书面", at=at("2026-03-03T10:00:00"))
    assert await proofs(ledger, case_id) == [("hrss", "书面", "2026-03-03T10:00:00+08:00")]


async def test_only_the_unit_that_leads_now_has_to_be_named(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "reroute", OFFICE, unit="hrss")
    view = await ledger.view(case_id)
    assert [notice["unit"] for notice in view["notices"]] == ["hrss"]
    await ledger.act(case_id, "classify", OFFICE, category="inspection_arrears", lead="tax", co_units=("medical",))
    assert await to_tell(ledger, case_id) == []


async def test_who_left_no_way_to_be_reached_is_not_told(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE, petitioner=Petitioner(anonymous=True))
    assert await to_tell(ledger, case_id) == []


@pytest.mark.parametrize("granted_by", ["upstream", "office"])
async def test_more_time_for_the_answer_is_told_the_payer(ledger: Ledger, granted_by: str) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    lead, until = await ledger.assignment(case_id, "tax"), at("2026-03-27T18:00:00")
    if granted_by == "upstream":
        await ledger.event(case_id, "extension_granted", until=until)
    else:
        await ledger.act(case_id, "extend", OFFICE, assignment_id=lead["id"], until=until, reason="同意")
    (piece,) = (await ledger.view(case_id))["to_tell"]
    assert (piece["kind"], piece["unit"]) == ("extension", "tax")
    assert "2026-03-27T18:00:00+08:00" in piece["text"]
    await ledger.act(case_id, "told", who="payer", channel="电话", by="经办甲")
    assert await to_tell(ledger, case_id) == []


async def test_less_time_is_nothing_to_tell(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.event(case_id, "extension_granted", until=at("2026-03-20T18:00:00"))
    assert await to_tell(ledger, case_id) == []


async def test_more_time_for_a_co_unit_concerns_no_payer(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    hrss = await ledger.assignment(case_id, "hrss")
    await ledger.act(case_id, "extend", OFFICE, assignment_id=hrss["id"], until=at("2026-03-12T18:00:00"), reason="x")
    assert await to_tell(ledger, case_id) == []


async def answered(ledger: Ledger, case_id: str) -> None:
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()


async def test_the_archive_waits_until_the_payer_was_told_and_the_unit_reads_why(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await answered(ledger, case_id)
    await ledger.fresh()
    await ledger.until("2026-03-20T12:00:00+08:00")
    assert await ledger.state(case_id) == "replied"
    (waits,) = await ledger.fresh(target="tax")
    assert waits["type"] == "case.updated"
    assert waits["untold_sides"] == ["payer", "other_side"]
    assert [piece["kind"] for piece in waits["to_tell"]] == ["transfer"]
    assert "archive" not in (await ledger.view(case_id))["allowed_actions"]
    for side in ("payer", "other_side"):
        await ledger.receipt(case_id, "tax", "told", who=side, channel="电话")
    assert await ledger.state(case_id) == "archived"
    assert await to_tell(ledger, case_id) == []


async def test_words_told_by_telephone_before_the_answer_do_not_file_a_complaint(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "told", who="payer", channel="电话", text="由税务局办理")
    await answered(ledger, case_id)
    await ledger.act(case_id, "told", who="other_side", not_applicable="对方已注销")
    await ledger.act(case_id, "objection", OFFICE, none=True)
    assert await ledger.state(case_id) == "replied"
    await ledger.act(case_id, "told", who="payer", not_applicable="缴费人要求不再联系")
    assert await ledger.state(case_id) == "archived"


async def test_a_duty_to_tell_is_in_every_message_to_the_unit_that_owes_it_and_in_the_history(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.fresh()
    await ledger.event(case_id, "urge", note="请加快")
    (reminder,) = await ledger.fresh(target="tax")
    assert [piece["unit"] for piece in reminder["to_tell"]] == ["tax"]
    await ledger.act(case_id, "told", who="payer", channel="书面")
    events: list[dict[str, Any]] = (await ledger.service.history(case_id))["events"]
    kinds = [event["type"] for event in events if event["type"].startswith("notice.")]
    assert kinds == ["notice.owed", "notice.given"]
