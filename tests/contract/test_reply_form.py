"""``replies.require``: what the answer must have is shown before it is written, and nothing incomplete leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bridge.core.policy import ReplyRules
from bridge.errors import InvalidPayload
from tests.contract.conftest import retune
from tests.pipeline.conftest import JOINT, OFFICE, SINGLE, Ledger

CONTACT = ReplyRules(require=("legal_basis", "contacted_at", "contacted_by"))
CALLED = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


async def lacking(ledger: Ledger, case_id: str) -> list[tuple[str, str]]:
    return [(piece["unit"], piece["field"]) for piece in (await ledger.view(case_id))["missing"]]


async def reply_of(ledger: Ledger) -> Any:
    return [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied"][-1]["reply"]


async def test_the_pieces_come_from_whoever_has_them_and_the_answer_goes_when_none_is_missing(ledger: Ledger) -> None:
    retune(ledger, replies=CONTACT)
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion", legal_basis=("社会保险法第八十四条",))
    assert await lacking(ledger, case_id) == []
    await ledger.fresh()
    await ledger.receipt(case_id, "medical", "opinion")
    (asked,) = await ledger.fresh(target="tax")
    assert [piece["field"] for piece in asked["missing"]] == ["contacted_at", "contacted_by"]
    with pytest.raises(InvalidPayload, match="contacted_at：规则要求") as refused:
        await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    assert [problem.path for problem in refused.value.problems] == ["contacted_at", "contacted_by"]
    assert (await ledger.state(case_id), (await ledger.owed(case_id))["tax"][-1]) == ("consolidating", "consolidated")
    await ledger.receipt(case_id, "hrss", "told", who="payer", channel="电话", at=CALLED, by="经办甲")
    assert await lacking(ledger, case_id) == []
    await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    reply = await reply_of(ledger)
    assert (reply["contacted_at"], reply["contacted_by"]) == ("2026-03-02T09:00:00+08:00", "经办甲")
    assert "社会保险法第八十四条" in reply["legal_basis"]


async def test_a_single_unit_sees_what_it_owes_from_the_first_message_on(ledger: Ledger) -> None:
    retune(ledger, replies=CONTACT)
    case_id = await ledger.ticket(SINGLE)
    (dispatched,) = await ledger.fresh(target="tax")
    assert [piece["field"] for piece in dispatched["missing"]] == ["legal_basis", "contacted_at", "contacted_by"]
    with pytest.raises(InvalidPayload):
        await ledger.receipt(case_id, "tax", "opinion", text="一")
    assert await ledger.state(case_id) == "handling"
    await ledger.receipt(
        case_id,
        "tax",
        "opinion",
        text="一",
        legal_basis=("社会保险法第八十六条",),
        contacted_at=CALLED,
        contacted_by="乙",
    )
    assert await lacking(ledger, case_id) == []
    assert (await reply_of(ledger))["contacted_by"] == "乙"


async def test_a_contact_of_an_earlier_round_does_not_count_and_the_offices_own_does(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "told", who="payer", at=CALLED, by="甲")
    await ledger.receipt(case_id, "tax", "opinion", text="一")
    await ledger.deliver()
    await ledger.event(case_id, "rework")
    retune(ledger, replies=ReplyRules(require=("contacted_at",)))
    assert await lacking(ledger, case_id) == [("tax", "contacted_at")]
    await ledger.act(case_id, "told", OFFICE, who="other_side")
    await ledger.act(case_id, "told", OFFICE, who="payer", not_applicable="无联系方式")
    assert await lacking(ledger, case_id) == [("tax", "contacted_at")]
    await ledger.act(case_id, "told", OFFICE, who="payer", at=CALLED)
    await ledger.receipt(case_id, "tax", "opinion", text="二")
    assert await ledger.state(case_id) == "replying"


async def test_nothing_is_asked_where_the_rules_ask_nothing(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    (dispatched,) = await ledger.fresh(target="tax")
    assert "missing" not in dispatched
    assert await lacking(ledger, case_id) == []
