"""``replies.sign_off``: nothing leaves without a person's word; until then its unit may improve it, or must."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.model.event import Actor
from bridge.core.policy import ReplyRules
from bridge.errors import Forbidden, IllegalTransition, InvalidPayload
from tests.contract.conftest import retune
from tests.pipeline.conftest import JOINT, LEADER, OFFICE, OPERATOR, SINGLE, Ledger


async def consolidated(ledger: Ledger, **hrss: Any) -> str:
    retune(ledger, replies=ReplyRules(sign_off=True))
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion", **hrss)
    await ledger.receipt(case_id, "medical", "opinion")
    answer = await ledger.receipt(case_id, "tax", "consolidated", text="总一")
    assert (answer.body["case_state"], answer.body["owed"]) == ("consolidating", [])
    return case_id


async def replies(ledger: Ledger) -> list[str]:
    pushed = await ledger.messages(kind="upstream")
    return [m["reply"]["public_text"] for m in pushed if m["type"] == "ticket.replied"]


async def last(ledger: Ledger, case_id: str, type_: str) -> dict[str, Any]:
    history = await ledger.service.history(case_id)
    return next(event for event in reversed(history["events"]) if event["type"] == type_)


async def test_the_lead_may_improve_what_waits_for_its_signature_and_the_newest_version_goes(ledger: Ledger) -> None:
    case_id = await consolidated(ledger)
    assert "consolidated" in (await ledger.assignment(case_id, "tax"))["allowed"]
    assert "consolidated" not in (await ledger.assignment(case_id, "hrss"))["allowed"]
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "hrss", "consolidated", text="总一")
    await ledger.receipt(case_id, "tax", "consolidated", text="总二")
    assert await replies(ledger) == []
    await ledger.act(case_id, "send_reply", OFFICE, reason="同意")
    assert await replies(ledger) == ["总二"]
    signed = await last(ledger, case_id, "reply.signed_off")
    assert (signed["actor"], signed["detail"]["by"]) == ("operator:办公室", "办公室")
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "consolidated", text="总三")


async def test_a_refused_signature_sends_the_answer_back_with_its_reason(ledger: Ledger) -> None:
    case_id = await consolidated(ledger)
    limit = (await ledger.assignment(case_id, "tax"))["due"]["reply_by"]
    await ledger.fresh()
    with pytest.raises(InvalidPayload):
        await ledger.act(case_id, "deny", LEADER)
    with pytest.raises(Forbidden):
        await ledger.act(case_id, "deny", OPERATOR, reason="缺少补缴时间")
    await ledger.act(case_id, "deny", LEADER, reason="缺少补缴时间")
    (told,) = await ledger.fresh()
    assert (told["target"], told["type"], told["owed"]) == ("tax", "case.updated", ["consolidated"])
    assert told["sent_back"] == {"version": 1, "by": "组长", "reason": "缺少补缴时间"}
    assert (await ledger.assignment(case_id, "tax"))["due"]["reply_by"] == limit
    assert "send_reply" not in (await ledger.view(case_id))["allowed_actions"]
    await ledger.receipt(case_id, "tax", "consolidated", text="总二，3月底前补缴。")
    await ledger.act(case_id, "send_reply", OFFICE)
    assert await replies(ledger) == ["总二，3月底前补缴。"]


async def test_a_single_units_answer_is_sent_back_to_it_as_well(ledger: Ledger) -> None:
    retune(ledger, replies=ReplyRules(sign_off=True))
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion", text="一")
    await ledger.act(case_id, "deny", OFFICE, reason="请写明数额", on_behalf_of="组长")
    assert (await ledger.owed(case_id))["tax"] == ["opinion"]
    await ledger.receipt(case_id, "tax", "opinion", text="二")
    assert (await ledger.state(case_id), await replies(ledger)) == ("consolidating", [])
    await ledger.receipt(case_id, "tax", "opinion", text="三")
    await ledger.act(case_id, "send_reply", OFFICE)
    assert await replies(ledger) == ["三"]
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"


async def test_nobody_signs_over_a_contradiction_that_came_after_the_answer(ledger: Ledger) -> None:
    case_id = await consolidated(ledger, amounts={"欠费": "100.00"})
    await ledger.receipt(case_id, "medical", "opinion", text="更正", amounts={"欠费": "90"})
    with pytest.raises(IllegalTransition, match="金额不一致") as refused:
        await ledger.act(case_id, "send_reply", Actor("operator", "主任", "office"))
    assert "deny" in (refused.value.allowed_actions or ())
    await ledger.receipt(case_id, "tax", "consolidated", text="总二", note="以人社核定为准。")
    await ledger.act(case_id, "send_reply", OFFICE)
    assert await replies(ledger) == ["总二"]
