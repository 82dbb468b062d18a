"""The HTTP part of the contract over real sockets: who may not speak, and what is not understood."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.testing.counterparts.webhooks import new_secret
from tests.acceptance.desk import BATCH, EVENTS, TICKETS, Desk, is_problem, raw, ticket

pytestmark = pytest.mark.acceptance

MINUTE, HOUR = 60, 3600


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
