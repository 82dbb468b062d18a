"""Units over real HTTP: receipts, what is owed, pulling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Answered, Site

OPINION: dict[str, Any] = {
    "type": "opinion",
    "text": "经查属实。",
    "conclusion": "substantiated",
    "signed_by": "经办人",
}


async def assignment(site: Site) -> str:
    await site.ticket()
    messages = (await site.signed("tax", "GET", "/v1/units/tax/messages")).body["messages"]
    assert messages[-1]["type"] == "assignment.dispatched"
    return str(messages[-1]["assignment_id"])


async def receipt(site: Site, assignment_id: str, body: Any, *, unit: str = "tax", **options: Any) -> Answered:
    return await site.signed(unit, "POST", f"/v1/units/{unit}/assignments/{assignment_id}/receipts", body, **options)


async def test_a_unit_signs_and_answers(site: Site) -> None:
    assignment_id = await assignment(site)
    signed = await receipt(site, assignment_id, {"type": "signed"})
    assert (signed.status, signed.body["owed"], signed.body["state"]) == (202, ["opinion"], "signed")
    answered = await receipt(site, assignment_id, OPINION)
    assert (answered.status, answered.body["owed"], answered.body["opinion_version"]) == (202, [], 1)


async def test_an_illegal_receipt_is_409_with_both_lists_and_a_replay_says_the_same(site: Site) -> None:
    assignment_id = await assignment(site)
    refused = await receipt(site, assignment_id, OPINION | {"type": "consolidated"}, webhook_id="w1")
    assert refused.status == 409
    assert refused.is_problem
    assert refused.body["owed"] == ["signed", "opinion"]
    assert "returned" in refused.body["allowed"]


async def test_a_repeated_receipt_is_answered_not_executed(site: Site) -> None:
    assignment_id = await assignment(site)
    first = await receipt(site, assignment_id, OPINION, webhook_id="w1")
    again = await receipt(site, assignment_id, OPINION, webhook_id="w1")
    assert (again.status, again.body) == (202, first.body)
    assert (await receipt(site, assignment_id, {"type": "signed"}, webhook_id="w1")).status == 409


async def test_who_is_not_the_unit_is_refused(site: Site) -> None:
    assignment_id = await assignment(site)
    path = f"/v1/units/tax/assignments/{assignment_id}/receipts"
    assert (await site.signed("hrss", "POST", path, {"type": "signed"})).status == 401
    assert (await receipt(site, assignment_id, {"type": "signed"}, unit="hrss")).status == 404
    assert (await receipt(site, "c0a1", {"type": "signed"})).status == 404


@pytest.mark.parametrize("unit", ["nobody", "court"])
async def test_an_unknown_unit_or_one_without_a_channel_is_404(site: Site, unit: str) -> None:
    answer = await site.signed("tax", "POST", f"/v1/units/{unit}/assignments/a1/receipts", {"type": "signed"})
    assert answer.status == 404
    assert answer.is_problem


async def test_wrong_receipts_are_422_and_change_nothing(site: Site) -> None:
    assignment_id = await assignment(site)
    answer = await receipt(site, assignment_id, {"type": "opinion", "surplus": 1})
    assert answer.status == 422
    assert {"text", "conclusion", "signed_by", "surplus"} == {problem["path"] for problem in answer.body["errors"]}
    assert (await receipt(site, assignment_id, {"type": "signed"})).body["owed"] == ["opinion"]


async def test_messages_are_acknowledged_by_asking_on(site: Site) -> None:
    await assignment(site)
    first = (await site.signed("tax", "GET", "/v1/units/tax/messages?limit=1")).body
    assert first["messages"][0]["respond_url"].startswith("http://bridge.test/v1/units/tax/assignments/")
    after = (await site.signed("tax", "GET", f"/v1/units/tax/messages?after={first['cursor']}")).body
    assert after["messages"] == []
