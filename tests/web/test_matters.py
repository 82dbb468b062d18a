"""Merging, unmerging, splitting and linking over real HTTP, and what clerks of units are not shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import SINGLE, Answered, Site

PERSON = {"name": "郗女士", "phone": "13600001212"}


async def act(site: Site, case_id: str, role: str = "office", **body: Any) -> Answered:
    headers = await site.token(role)
    return await site.ask("POST", f"/v1/cases/{case_id}/actions", json.dumps(body).encode(), headers)


async def shown(site: Site, case_id: str, role: str = "office", unit: str | None = None) -> Any:
    return (await site.ask("GET", f"/v1/cases/{case_id}", headers=await site.token(role, unit))).body


async def two(site: Site) -> tuple[str, str]:
    answers = [await site.ticket(petitioner=PERSON) for _ in range(2)]
    return answers[0].body["case_id"], answers[1].body["case_id"]


async def test_a_merge_answers_with_the_case_and_where_it_went(site: Site) -> None:
    kept, other = await two(site)
    merged = await act(site, other, action="merge", into=kept, reason="重复件")
    assert (merged.status, merged.body["state"], merged.body["merged_into"]) == (200, "merged", kept)
    assert (await shown(site, other))["merged_into"] == kept
    view = await shown(site, kept)
    assert (len(view["tickets"]), view["merged_from"]) == (2, [other])
    again = await act(site, other, action="merge", into=kept)
    assert (again.status, again.body["allowed_actions"]) == (409, ["unmerge"])
    assert again.is_problem
    back = await act(site, other, action="unmerge", reason="不是一回事")
    assert (back.status, back.body["state"], back.body["merged_into"]) == (200, "handling", None)


@pytest.mark.parametrize(("into", "status"), [("", 422), ("c-nowhere", 422), (7, 422)])
async def test_a_target_that_cannot_be_is_a_named_field(site: Site, into: Any, status: int) -> None:
    case_id, _ = await two(site)
    answer = await act(site, case_id, action="merge", into=into)
    assert (answer.status, answer.body["errors"][0]["path"]) == (status, "into")
    assert answer.is_problem


async def test_an_event_of_a_merged_ticket_goes_to_the_case_that_has_it(site: Site) -> None:
    kept = (await site.ticket(external_id="ZZ1")).body["case_id"]
    other = (await site.ticket(external_id="ZZ2")).body["case_id"]
    await act(site, other, action="merge", into=kept)
    event = {"external_id": "ZZ2", "type": "urge", "level": "urge"}
    answer = await site.signed("hotline", "POST", "/v1/feeds/hotline/events", event)
    assert (answer.status, answer.body["case_id"]) == (202, kept)
    again = await site.ticket(external_id="ZZ2", content=SINGLE)
    assert (again.body["case_id"], again.body["duplicate"]) == (other, True)


async def test_a_receipt_on_an_assignment_of_a_merged_case_is_409_and_says_where(site: Site) -> None:
    kept, other = await two(site)
    assignment = (await shown(site, other))["assignments"][0]["id"]
    await act(site, other, action="merge", into=kept)
    path = f"/v1/units/tax/assignments/{assignment}/receipts"
    answer = await site.signed("tax", "POST", path, {"type": "signed"})
    assert (answer.status, answer.body["owed"], answer.body["allowed"]) == (409, [], [])
    assert kept in answer.body["detail"]


async def test_a_split_takes_lines_and_objects_and_shows_the_parts(site: Site) -> None:
    case_id, _ = await two(site)
    apart = {"matter": "检查", "disposal": "apart", "category": "inspection_arrears", "confidential": True}
    answer = await act(site, case_id, action="split", parts=["参保→本机制", "公积金→公积金中心（退上游）", apart])
    assert answer.status == 200
    assert [part["disposal"] for part in answer.body["parts"]] == ["here", "outside", "apart"]
    child = answer.body["parts"][2]["case_id"]
    assert (await shown(site, child))["part_of"] == case_id


async def test_every_problem_of_a_split_is_named(site: Site) -> None:
    case_id, _ = await two(site)
    parts = ["公积金", {"matter": "", "disposal": "here", "place": "x"}]
    answer = await act(site, case_id, action="split", parts=parts)
    assert answer.status == 422
    assert {error["path"] for error in answer.body["errors"]} == {"parts[0]", "parts[1].matter", "parts[1].place"}


@pytest.mark.parametrize("parts", [[], ["参保→本机制"], ["欠薪→监察", "公积金→中心"]])
async def test_a_split_into_less_than_two_or_nothing_of_ours_is_refused(site: Site, parts: list[str]) -> None:
    case_id, _ = await two(site)
    answer = await act(site, case_id, action="split", parts=parts)
    assert (answer.status, {error["path"] for error in answer.body["errors"]}) == (422, {"parts"})


async def test_a_link_is_shown_with_its_text(site: Site) -> None:
    case_id, _ = await two(site)
    answer = await act(site, case_id, action="link", kind="arbitration", reference="泽劳人仲案〔2026〕8号")
    assert answer.status == 200
    assert "案号：泽劳人仲案〔2026〕8号" in answer.body["links"][0]["text"]


async def test_a_clerk_is_shown_neither_similar_cases_nor_confidential_parts(site: Site) -> None:
    case_id, other = await two(site)
    apart = {"matter": "举报检查", "disposal": "apart", "category": "inspection_arrears", "confidential": True}
    await act(site, case_id, action="split", parts=["参保→本机制", apart])
    assert [each["case_id"] for each in (await shown(site, case_id))["similar"]] == [other]
    view = await shown(site, case_id, "clerk", "tax")
    assert "similar" not in view
    assert [part["matter"] for part in view["parts"]] == ["参保"]
    headers = await site.token("clerk", "tax")
    history = await site.ask("GET", f"/v1/cases/{case_id}/history", headers=headers)
    assert "举报检查" not in history.raw.decode()
    told = json.dumps({"action": "told", "who": "payer"}).encode()
    answer = await site.ask("POST", f"/v1/cases/{case_id}/actions", told, headers)
    assert (answer.status, [part["matter"] for part in answer.body["parts"]]) == (200, ["参保"])


@pytest.mark.parametrize("role", ["clerk", "auditor", "leader"])
async def test_merging_is_not_everybodys(site: Site, role: str) -> None:
    kept, other = await two(site)
    headers = await site.token(role, "tax" if role == "clerk" else None)
    body = json.dumps({"action": "merge", "into": kept}).encode()
    answer = await site.ask("POST", f"/v1/cases/{other}/actions", body, headers)
    assert answer.status == 403
