"""The HTTP part of the contract over real sockets: what is answered to tickets, events and receipts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.testing.counterparts.control import wait_until
from tests.acceptance.desk import BATCH, EVENTS, TICKETS, Desk, is_problem, raw, ticket

pytestmark = pytest.mark.acceptance


# --- the same again


def test_the_same_id_and_body_get_the_first_answer(desk: Desk) -> None:
    body = ticket()
    first = desk.hotline.post(TICKETS, body, webhook_id="same-1")
    again = desk.hotline.post(TICKETS, body, webhook_id="same-1", age_seconds=5)
    assert (first.status, first.body) == (again.status, again.body)
    assert first.body["duplicate"] is False


def test_the_same_id_with_another_body_is_409(desk: Desk) -> None:
    assert desk.hotline.post(TICKETS, ticket(), webhook_id="same-2").status == 202
    assert is_problem(desk.hotline.post(TICKETS, ticket(), webhook_id="same-2"), 409)


def test_the_same_ticket_again_is_a_duplicate(desk: Desk) -> None:
    body = ticket()
    first, again = (desk.hotline.post(TICKETS, body).body for _ in range(2))
    assert again == first | {"duplicate": True}


def test_changed_content_is_a_revision_of_the_same_ticket(desk: Desk) -> None:
    body = ticket()
    first = desk.hotline.post(TICKETS, body).body
    again = desk.hotline.post(TICKETS, body | {"content": body["content"] + "补充:共二十人。"}).body
    assert again == first | {"duplicate": True, "revision": 2}
    assert len(desk.case(first["case_id"])["tickets"]) == 1


# --- a batch


def test_a_bad_line_of_a_batch_is_rejected_alone(desk: Desk) -> None:
    good, other = ticket(), ticket()
    lines = [
        json.dumps(good, ensure_ascii=False),
        "{broken",
        raw(kind="wish"),
        json.dumps(good, ensure_ascii=False),
        json.dumps(other, ensure_ascii=False),
    ]
    answer = desk.hotline.post(BATCH, "\n".join(lines).encode())
    assert answer.status == 200
    results = [json.loads(line) for line in answer.raw.decode().splitlines()]
    assert [result["status"] for result in results] == ["accepted", "rejected", "rejected", "duplicate", "accepted"]
    assert results[0]["external_id"] == good["external_id"]


# --- events


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "wish"},
        {"type": "urge", "level": "loud"},
        {"type": "rework", "respond_by": "2026-01-01T00:00:00"},
        {"type": "satisfaction", "value": "perhaps"},
        {"type": "satisfaction"},
        {"type": "supplement"},
        {"type": "extension_granted"},
        {"type": "urge", "level": "urge", "surplus": 1},
        {},
    ],
)
def test_a_wrong_event_is_422(desk: Desk, wrong: dict[str, Any]) -> None:
    body = ticket()
    desk.hotline.post(TICKETS, body)
    assert is_problem(desk.hotline.post(EVENTS, {"external_id": body["external_id"], **wrong}), 422)


def test_an_event_is_taken_and_names_the_ticket(desk: Desk) -> None:
    body = ticket()
    ids = desk.hotline.post(TICKETS, body).body
    event = {"external_id": body["external_id"], "type": "urge", "level": "urge"}
    answer = desk.hotline.post(EVENTS, event)
    assert answer.status == 202
    assert answer.body == {"ticket_id": ids["ticket_id"], "case_id": ids["case_id"]}
    wait_until(
        lambda: any(push["type"] == "ticket.progress" for push in desk.pushes(body["external_id"])),
        what="ticket.progress",
    )


def test_what_is_not_possible_now_is_409(desk: Desk) -> None:
    body = ticket()
    desk.hotline.post(TICKETS, body)
    event = {"external_id": body["external_id"], "type": "rework"}
    assert is_problem(desk.hotline.post(EVENTS, event), 409)


def test_withdrawing_ends_the_case_and_tells_everybody(desk: Desk) -> None:
    body = ticket()
    ids = desk.hotline.post(TICKETS, body).body
    message = desk.dispatched(ids["case_id"], "tax")
    assert desk.hotline.post(EVENTS, {"external_id": body["external_id"], "type": "withdraw"}).status == 202
    assert desk.case(ids["case_id"])["state"] == "withdrawn"
    wait_until(
        lambda: any(m["type"] == "assignment.withdrawn" for m in desk.messages(ids["case_id"])),
        what="assignment.withdrawn",
    )
    refused = desk.answer(message, {"type": "signed"})
    assert is_problem(refused, 409)
    assert (refused.body["owed"], refused.body["allowed"]) == ([], [])


# --- a unit answers


def test_a_single_unit_answers_and_the_upstream_is_told(desk: Desk) -> None:
    body = ticket()
    case_id = desk.hotline.post(TICKETS, body).body["case_id"]
    message = desk.dispatched(case_id, "tax")
    assert message["owed"] == ["signed", "opinion"]
    assert "returned" in message["allowed"]
    signed = desk.answer(message, {"type": "signed", "signed_by": "经办人"})
    assert signed.status == 202
    assert (signed.body["assignment_id"], signed.body["owed"]) == (message["assignment_id"], ["opinion"])
    answer = desk.answer(message, opinion("已责令更正申报。"))
    assert (answer.status, answer.body["owed"], answer.body["opinion_version"]) == (202, [], 1)
    wait_until(lambda: desk.case(case_id)["state"] == "replied", what="replied")
    pushed = desk.pushes(body["external_id"])
    assert [push["type"] for push in pushed] == ["ticket.transferred", "ticket.accepted", "ticket.replied"]
    assert set(pushed[0]["contact"]) == {"unit", "person", "phone"}
    assert (pushed[2]["round"], pushed[2]["supplement"]) == (1, False)
    assert pushed[2]["reply"]["public_text"]


def test_an_opinion_counts_as_signing(desk: Desk) -> None:
    body = ticket()
    message = desk.dispatched(desk.hotline.post(TICKETS, body).body["case_id"], "tax")
    assert desk.answer(message, opinion("已责令更正申报。")).status == 202
    wait_until(
        lambda: (
            [push["type"] for push in desk.pushes(body["external_id"])][-2:] == ["ticket.accepted", "ticket.replied"]
        ),
        what="accepted and replied",
    )


def test_an_illegal_receipt_is_409_with_both_lists(desk: Desk) -> None:
    message = desk.dispatched(desk.send()["case_id"], "tax")
    refused = desk.answer(message, {**opinion("总意见"), "type": "consolidated"})
    assert is_problem(refused, 409)
    assert refused.body["owed"] == ["signed", "opinion"]
    assert "returned" in refused.body["allowed"]


def test_after_signing_nothing_can_be_returned(desk: Desk) -> None:
    message = desk.dispatched(desk.send()["case_id"], "tax")
    desk.answer(message, {"type": "signed"})
    refused = desk.answer(message, {"type": "returned", "reason_code": "not_our_duty", "reason": "不归我们"})
    assert is_problem(refused, 409)
    assert "returned" not in refused.body["allowed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "wish"},
        {"type": "opinion"},
        {"type": "opinion", "text": "x", "conclusion": "perhaps", "signed_by": "某"},
        {"type": "opinion", "text": "x", "conclusion": "answered", "signed_by": "某", "resolved": False},
        {"type": "opinion", "text": "x", "conclusion": "answered", "signed_by": "某", "amounts": {"退": "1e400x"}},
        {"type": "opinion", "text": "x", "conclusion": "no_comment", "signed_by": "某"},
        {"type": "returned", "reason_code": "tired"},
        {"type": "signed", "surplus": 1},
        {"type": "signed", "occurred_at": "2026-01-01T09:00:00"},
        {},
    ],
)
def test_a_wrong_receipt_is_422_and_changes_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    message = desk.dispatched(desk.send()["case_id"], "tax")
    assert is_problem(desk.answer(message, wrong), 422)
    assert desk.answer(message, {"type": "signed"}).body["owed"] == ["opinion"]


def test_a_receipt_repeated_under_its_id_is_answered_once_more(desk: Desk) -> None:
    message = desk.dispatched(desk.send()["case_id"], "tax")
    path = message["respond_url"].removeprefix(desk.county.site.url)
    answers = [desk.unit("tax").post(path, {"type": "signed"}, webhook_id="receipt-1") for _ in range(2)]
    assert answers[0].status == 202
    assert (answers[0].status, answers[0].body) == (answers[1].status, answers[1].body)
    assert is_problem(desk.unit("tax").post(path, opinion("x"), webhook_id="receipt-1"), 409)


def opinion(text: str) -> dict[str, Any]:
    return {"type": "opinion", "text": text, "conclusion": "substantiated", "signed_by": "经办人"}


# --- out of scope, and who looks


def test_out_of_scope_goes_back_without_a_person_if_review_is_off(desk: Desk) -> None:
    body = ticket(
        title="公司不交公积金",
        content="来电人在公司上班两年,社保都按时交了,但公司从来没有给交住房公积金。要求公司补缴两年的公积金。",
    )
    case_id = desk.hotline.post(TICKETS, body).body["case_id"]
    assert desk.case(case_id)["state"] == "returned_upstream"
    wait_until(
        lambda: [push["type"] for push in desk.pushes(body["external_id"])] == ["ticket.returned"],
        what="ticket.returned",
    )


def test_a_case_is_found_by_its_external_id(desk: Desk) -> None:
    body = ticket()
    case_id = desk.hotline.post(TICKETS, body).body["case_id"]
    listed = desk.county.bridge.get(f"/v1/cases?external_id={body['external_id']}", desk.auditor)
    assert [case["id"] for case in listed["cases"]] == [case_id]
    shown = desk.case(case_id)
    assert {"id", "state", "suspended", "confidential", "procedure", "category", "lead", "round"} <= set(shown)
    assert {"tickets", "assignments", "deadlines", "allowed_actions"} <= set(shown)
    assert {"id", "unit", "role", "state", "owed", "due"} <= set(shown["assignments"][0])


def test_the_daemon_says_how_it_is(desk: Desk) -> None:
    ask = desk.county.bridge.ask
    assert ask("GET", "/healthz").status == 200
    assert ask("GET", "/readyz").status == 200
    assert b"ticketbridge_tickets_accepted_total" in ask("GET", "/metrics").raw
    assert ask("GET", "/nothing").status == 404


def test_an_upstream_that_pulls_reads_on_from_its_cursor(desk: Desk) -> None:
    first = desk.hotline.get("/v1/feeds/hotline/updates?limit=1")
    assert first.status == 200
    assert set(first.body) == {"updates", "cursor"}
