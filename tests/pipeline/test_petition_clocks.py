"""信访: the notice of acceptance within 15 days and the answer within 60, beside the county's own limits."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.model.ticket import Petitioner
from tests.pipeline.conftest import SINGLE, Ledger

TOLD = {"who": "payer", "channel": "邮寄", "by": "税务局"}


async def petition(ledger: Ledger, **changes: Any) -> str:
    return await ledger.ticket(SINGLE, feed="petition", **changes)


async def clock_of(ledger: Ledger, case_id: str, kind: str) -> dict[str, Any]:
    view = await ledger.view(case_id)
    return next(deadline for deadline in view["deadlines"] if deadline["kind"] == kind)


async def pushed(ledger: Ledger) -> list[str]:
    return [message["type"] for message in await ledger.fresh(kind="upstream")]


async def test_the_notice_is_due_15_days_after_receipt_and_belongs_to_the_lead(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    file = await ledger.file(case_id)
    notice = next(d for d in file.deadlines if d.kind.value == "accept_notice")
    assert notice.due_at.isoformat() == "2026-03-17T15:59:59+00:00"
    assert notice.unit == "tax"
    reply = next(d for d in file.deadlines if d.kind.value == "reply")
    assert {basis.clause for basis in reply.basis} >= {"《信访工作条例》第三十四条"}
    hotline = await ledger.file(await ledger.ticket(SINGLE))
    assert "accept_notice" not in {d.kind.value for d in hotline.deadlines}


async def test_accepted_is_pushed_when_the_petitioner_is_told_not_when_signed(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    await pushed(ledger)
    await ledger.receipt(case_id, "tax", "signed")
    assert await pushed(ledger) == []
    await ledger.receipt(case_id, "tax", "told", **TOLD)
    message = (await ledger.fresh(kind="upstream"))[0]
    assert (message["type"], message["accepting_unit"]) == ("ticket.accepted", "tax")
    assert (await clock_of(ledger, case_id, "accept_notice"))["status"] == "met"
    await ledger.receipt(case_id, "tax", "told", **TOLD)
    assert await pushed(ledger) == []


async def test_told_before_anybody_signed_is_pushed_at_the_signing(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    await pushed(ledger)
    await ledger.act(case_id, "told", who="payer", channel="电话", by="信访局")
    assert await pushed(ledger) == []
    await ledger.receipt(case_id, "tax", "signed")
    assert await pushed(ledger) == ["ticket.accepted"]


async def test_telling_the_other_side_is_no_notice(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    await ledger.receipt(case_id, "tax", "signed")
    await pushed(ledger)
    await ledger.receipt(case_id, "tax", "told", **(TOLD | {"who": "other_side"}))
    assert await pushed(ledger) == []
    assert (await clock_of(ledger, case_id, "accept_notice"))["status"] != "met"


async def test_who_cannot_be_told_is_accepted_at_the_signing(ledger: Ledger) -> None:
    case_id = await petition(ledger, petitioner=Petitioner(anonymous=True))
    await pushed(ledger)
    await ledger.receipt(case_id, "tax", "signed")
    assert await pushed(ledger) == ["ticket.accepted"]
    assert "accept_notice" not in {d["kind"] for d in (await ledger.view(case_id))["deadlines"]}


async def test_a_notice_not_given_is_reminded_and_missed(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    await ledger.receipt(case_id, "tax", "signed")
    await ledger.fresh()
    await ledger.until("2026-03-18T00:00:00+08:00")
    fired = [m["deadline"]["kind"] for m in await ledger.fresh(kind="unit", target="tax") if "deadline" in m]
    assert fired.count("accept_notice") == 3
    assert (await clock_of(ledger, case_id, "accept_notice"))["status"] == "overdue"
    await ledger.receipt(case_id, "tax", "told", **TOLD)
    assert (await clock_of(ledger, case_id, "accept_notice"))["status"] == "missed"


async def test_an_answer_that_arrived_needs_no_notice_any_more(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    assert (await clock_of(ledger, case_id, "accept_notice"))["status"] == "met"


@pytest.mark.parametrize("category", ["refund_offset", "inspection_arrears"])
async def test_the_notice_moves_with_the_lead(ledger: Ledger, category: str) -> None:
    case_id = await petition(ledger)
    await ledger.act(case_id, "classify", category=category, lead="medical", co_units=(), reason="改派")
    notice = next(d for d in (await ledger.file(case_id)).deadlines if d.kind.value == "accept_notice")
    assert notice.unit == "medical"


async def test_the_petitioner_may_ask_for_a_review_for_30_days_not_15(ledger: Ledger) -> None:
    case_id = await petition(ledger)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    window = await clock_of(ledger, case_id, "objection")
    assert window["due_at"] == "2026-04-01T23:59:59+08:00"
    assert [basis["clause"] for basis in window["basis"]] == ["《信访工作条例》第三十五条"]
