"""The HTTP part of the contract over real sockets: who may speak, what is understood, what is answered."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.testing.counterparts.control import PATIENCE_SECONDS, wait_until
from bridge.testing.counterparts.webhooks import new_secret
from bridge.testing.process import Response
from tests.acceptance.desk import Desk, ticket

pytestmark = pytest.mark.acceptance

TICKETS = "/v1/feeds/hotline/tickets"
EVENTS = "/v1/feeds/hotline/events"
BATCH = "/v1/feeds/hotline/batch"
MINUTE, HOUR = 60, 3600


def is_problem(answer: Response, status: int) -> bool:
    """Tell whether an answer is an RFC 9457 problem with a Chinese detail."""
    detail = answer.body.get("detail", "")
    chinese = any("一" <= letter <= "鿿" for letter in detail)
    return answer.status == status and answer.headers["content-type"].startswith("application/problem+json") and chinese


def raw(**changes: Any) -> str:
    """A sound ticket as JSON text, to be spoiled."""
    return json.dumps(ticket(**changes), ensure_ascii=False)


# --- who may speak


@pytest.mark.parametrize(
    "spoiled",
    [
        {"secret": new_secret()},
        {"age_seconds": 6 * MINUTE},
        {"age_seconds": -6 * MINUTE},
        {"age_seconds": 24 * HOUR},
        {"drop": ("webhook-signature",)},
        {"drop": ("webhook-id",)},
        {"drop": ("webhook-timestamp",)},
        {"drop": ("webhook-id", "webhook-timestamp", "webhook-signature")},
    ],
    ids=["forged", "stale", "future", "a-day-old", "no-signature", "no-id", "no-timestamp", "nothing"],
)
@pytest.mark.parametrize("path", [TICKETS, EVENTS, BATCH])
def test_what_is_not_signed_now_by_the_feed_is_401(desk: Desk, path: str, spoiled: dict[str, Any]) -> None:
    assert is_problem(desk.hotline.post(path, ticket(), **spoiled), 401)


def test_a_signature_covers_the_very_bytes(desk: Desk) -> None:
    body = raw().encode()
    headers = desk.hotline.headers(body)
    answer = desk.county.bridge.ask("POST", TICKETS, body + b" ", headers)
    assert is_problem(answer, 401)


def test_a_small_skew_of_clocks_is_tolerated(desk: Desk) -> None:
    for skew in (4 * MINUTE, -4 * MINUTE):
        assert desk.hotline.post(TICKETS, ticket(), age_seconds=skew).status == 202


def test_a_unit_cannot_speak_for_another(desk: Desk) -> None:
    message = desk.dispatched(desk.send()["case_id"], "tax")
    path = message["respond_url"].removeprefix(desk.county.site.url)
    assert is_problem(desk.unit("hrss").post(path, {"type": "signed"}), 401)


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/c1", "/v1/cases/c1/history"])
def test_operators_need_a_token(desk: Desk, path: str) -> None:
    assert is_problem(desk.county.bridge.ask("GET", path), 401)
    assert is_problem(desk.county.bridge.ask("GET", path, headers={"authorization": "Bearer wrong"}), 401)


def test_an_auditor_only_reads(desk: Desk) -> None:
    case_id = desk.send()["case_id"]
    answer = desk.county.bridge.post(f"/v1/cases/{case_id}/actions", desk.auditor, {"action": "suspend", "reason": "x"})
    assert is_problem(answer, 403)


# --- what is not there


@pytest.mark.parametrize("path", ["/v1/feeds/nobody/tickets", "/v1/feeds/nobody/events", "/v1/feeds/nobody/batch"])
def test_an_unknown_feed_is_404(desk: Desk, path: str) -> None:
    assert is_problem(desk.hotline.post(path, ticket()), 404)


def test_an_unknown_unit_or_assignment_is_404(desk: Desk) -> None:
    signed = {"type": "signed"}
    assert is_problem(desk.unit("tax").post("/v1/units/nobody/assignments/a1/receipts", signed), 404)
    assert is_problem(desk.unit("tax").post("/v1/units/tax/assignments/a1/receipts", signed), 404)


def test_another_unit_s_assignment_is_404(desk: Desk) -> None:
    message = desk.dispatched(desk.send()["case_id"], "tax")
    path = f"/v1/units/hrss/assignments/{message['assignment_id']}/receipts"
    assert is_problem(desk.unit("hrss").post(path, {"type": "signed"}), 404)


def test_an_event_for_an_unknown_ticket_is_404(desk: Desk) -> None:
    body = {"external_id": "NEVER", "type": "urge", "level": "urge"}
    assert is_problem(desk.hotline.post(EVENTS, body), 404)


def test_an_unknown_case_is_404(desk: Desk) -> None:
    headers = {"authorization": f"Bearer {desk.auditor}"}
    assert is_problem(desk.county.bridge.ask("GET", "/v1/cases/nothing", headers=headers), 404)


# --- what is too large


@pytest.mark.parametrize(("path", "limit"), [(TICKETS, 16 << 20), (EVENTS, 1 << 20)])
def test_too_large_is_413_before_it_is_read_whole(desk: Desk, path: str, limit: int) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"webhook-id: big\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,x\r\ncontent-length: {limit * 4}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", desk.county.site.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode() + b"{" * 1000)
        answer = connection.recv(4096)
    assert answer.split(b" ")[1] == b"413"


def test_too_large_without_a_length_is_413(desk: Desk) -> None:
    head = f"POST {EVENTS} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nwebhook-id: big\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", desk.county.site.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode())
        for _ in range(2):
            connection.sendall(chunk)
        answer = connection.recv(4096)
    assert answer.split(b" ")[1] == b"413"


# --- what is not understood

NOT_JSON = {
    "empty": b"",
    "words": "社保".encode(),
    "cut-off": b'{"external_id": "X"',
    "two-values": b"{} {}",
    "trailing-comma": b'{"external_id": "X",}',
    "not-utf8": b'{"external_id": "\xff\xfe"}',
    "nan": b'{"external_id": NaN}',
    "infinity": b'{"external_id": -Infinity}',
    "deep": b'{"extra":' * 70 + b"1" + b"}" * 70,
    "very-deep": b"[" * 200_000 + b"]" * 200_000,
}


@pytest.mark.parametrize("name", NOT_JSON)
@pytest.mark.parametrize("path", [TICKETS, EVENTS])
def test_what_is_not_json_is_400(desk: Desk, path: str, name: str) -> None:
    assert is_problem(desk.hotline.post(path, NOT_JSON[name]), 400)


@pytest.mark.parametrize(
    "body",
    [
        raw(external_id="D1").replace("{", '{"external_id": "D2", ', 1),
        raw(content="零字符" + "\\u0000").replace("\\\\u0000", "\\u0000"),
        raw(content="半个代理").replace("半个代理", "\\ud800"),
        "[]",
        '"x"',
        "null",
    ],
    ids=["duplicate-key", "nul", "lone-surrogate", "array", "string", "null"],
)
def test_json_of_the_wrong_kind_is_refused(desk: Desk, body: str) -> None:
    answer = desk.hotline.post(TICKETS, body.encode())
    assert is_problem(answer, answer.status)
    assert answer.status in {400, 422}


WRONG: dict[str, list[dict[str, Any]]] = {
    "content": [{"content": "长" * 20_001}, {"content": ""}, {"content": None}, {"content": 5}],
    "external_id": [{"external_id": "x" * 65}, {"external_id": ""}, {"external_id": None}],
    "received_at": [
        {"received_at": "2026-02-10T09:00:00"},
        {"received_at": "yesterday"},
        {"received_at": (datetime.now(UTC) + timedelta(days=30)).isoformat()},
        {"received_at": None},
        {"received_at": 1760000000},
    ],
    "respond_by": [{"respond_by": "2026-02-10"}],
    "kind": [{"kind": "wish"}],
    "urgency": [{"urgency": "very"}],
    "insurance": [{"insurance": ["pension"]}],
    "petitioner.role": [{"petitioner": {"role": "king"}}],
    "unknown": [{"unknown": 1}],
    "counterparty.type": [{"counterparty": {"name": "x", "type": "friend"}}],
}


@pytest.mark.parametrize(("field", "changes"), [(field, each) for field, all_ in WRONG.items() for each in all_])
def test_a_wrong_field_is_422_and_named(desk: Desk, field: str, changes: dict[str, Any]) -> None:
    answer = desk.hotline.post(TICKETS, ticket(**changes))
    assert is_problem(answer, 422)
    assert any(problem["path"].startswith(field) for problem in answer.body["errors"])


def test_every_problem_is_told_at_once(desk: Desk) -> None:
    answer = desk.hotline.post(TICKETS, ticket(kind="wish", urgency="very", received_at="soon", surplus=1))
    assert {problem["path"] for problem in answer.body["errors"]} >= {"kind", "urgency", "received_at", "surplus"}
    assert all(problem["message"] for problem in answer.body["errors"])


def test_what_was_refused_left_nothing_behind(desk: Desk) -> None:
    body = ticket(kind="wish")
    assert desk.hotline.post(TICKETS, body).status == 422
    listed = desk.county.bridge.get(f"/v1/cases?external_id={body['external_id']}", desk.auditor)
    assert listed["cases"] == []


def test_twenty_thousand_characters_are_taken(desk: Desk) -> None:
    assert desk.send(content="社保" * 10_000)["revision"] == 1


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
