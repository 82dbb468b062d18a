"""A case begun on paper: its clocks run on from where they were, its upstream finds it again, its seal holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.core.lifecycle.takeover import PaperCase, PaperOpinion
from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import Petitioner, TicketBody, TicketDraft
from bridge.core.vocabulary import Conclusion, ProcedureId, TicketKind
from bridge.errors import InvalidPayload
from tests.pipeline.conftest import CHINA, JOINT, OPERATOR, SINGLE, Ledger


def day(number: int, month: int = 2) -> datetime:
    return datetime(2026, month, number, 10, 0, tzinfo=CHINA).astimezone(UTC)


def paper(content: str = SINGLE, **changes: Any) -> PaperCase:
    body = TicketBody(content=content, petitioner=Petitioner(name="测试人", phone="13600000001"))
    draft = TicketDraft("P-1", day(24), TicketKind.COMPLAINT, body, b"{}", "digest")
    return replace(PaperCase(draft, 3, lead="tax", dispatched_at=day(24)), **changes)


async def taken(ledger: Ledger, given: PaperCase) -> str:
    done = await ledger.service.take_over("hotline", given, OPERATOR, held=False, dry=False)
    return done.case_id


async def test_only_what_lies_ahead_is_reminded(ledger: Ledger) -> None:
    case_id = await taken(ledger, paper(signed_at=day(25), respond_by=day(4, 3)))
    [dispatched] = await ledger.fresh()
    assert (dispatched["type"], dispatched["owed"]) == ("assignment.dispatched", ["opinion"])
    assert dispatched["due"]["reply_by"] == "2026-03-04T10:00:00+08:00"
    assert await ledger.service.sweep() == 0
    await ledger.until("2026-03-10T12:00:00+08:00")
    sent = [message.get("step") or message["type"] for message in await ledger.fresh()]
    assert sent == ["eighty", "due_day", "after_one", "assignment.escalated"]
    page = await ledger.store.read(lambda tx: ledger.store.audit.page(tx, only=case_id))
    assert page.findings == []


async def test_a_case_long_overdue_is_late_since_then_and_makes_no_noise(ledger: Ledger) -> None:
    case_id = await taken(ledger, paper(respond_by=day(25)))
    assert [message["type"] for message in await ledger.fresh()] == ["assignment.dispatched"]
    await ledger.until("2026-03-05T12:00:00+08:00")
    assert [message["type"] for message in await ledger.fresh()] == []
    late = {d["kind"] for d in (await ledger.view(case_id))["deadlines"] if d["status"] == "overdue"}
    assert late == {"sign", "reply", "opinion"}


async def test_the_upstream_finds_its_ticket_again(ledger: Ledger) -> None:
    case_id = await taken(ledger, paper())
    again = await ledger.ticket("企业会计补充反映客户端故障截图，要求核减滞纳金。", external_id="P-1")
    assert again == case_id
    await ledger.event(case_id, "withdraw")
    assert await ledger.state(case_id) == "withdrawn"


async def test_what_is_on_paper_counts_and_the_rest_is_done_here(ledger: Ledger) -> None:
    said = PaperOpinion("hrss", OpinionBody(text="欠费属实", conclusion=Conclusion.ANSWERED), day(27))
    case_id = await taken(
        ledger,
        paper(JOINT, co_units=("hrss", "medical"), category="inspection_arrears", signed_at=day(25), opinions=(said,)),
    )
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_a_complex_case_waits_for_consent_or_has_it(ledger: Ledger) -> None:
    complex_case = paper(JOINT, category="inspection_arrears", procedure=ProcedureId.JOINT_COMPLEX, co_units=("hrss",))
    case_id = await taken(ledger, complex_case)
    assert await ledger.state(case_id) == "awaiting_approval"
    other = replace(complex_case, draft=replace(complex_case.draft, external_id="P-2"), approved_at=day(26))
    approved = await taken(ledger, other)
    assert await ledger.state(approved) == "handling"
    assert len(await ledger.owed(approved)) > 2


async def test_what_the_mechanism_refuses_is_not_taken(ledger: Ledger) -> None:
    with pytest.raises(InvalidPayload, match="lead"):
        await taken(ledger, paper(lead="leading_office"))
    assert (await ledger.service.outbox(10))["messages"] == []


@pytest.mark.parametrize("content", [SINGLE, "来电人咨询驾驶证换证需要哪些材料。"])
async def test_the_category_of_the_sheet_stands_where_nobody_was_asked_yet(ledger: Ledger, content: str) -> None:
    registered = paper(content, lead=None, dispatched_at=None, category="inspection_arrears", respond_by=day(20, 3))
    case_id = await taken(ledger, registered)
    view = await ledger.view(case_id)
    assert (view["category"], view["state"], view["lead"]) == ("inspection_arrears", "handling", "tax")
    assert "assignment.dispatched" in {m["type"] for m in await ledger.fresh(target="tax")}
    [reply] = [each for each in view["deadlines"] if each["kind"] == "reply"]
    assert reply["due_at"] == "2026-03-20T10:00:00+08:00"
