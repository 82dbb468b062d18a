"""Upstreams over real HTTP: who may speak, what is understood, what the same again means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.signing import signed_headers
from tests.web.conftest import Site, secret_of

TICKETS = "/v1/feeds/hotline/tickets"
EVENTS = "/v1/feeds/hotline/events"


async def test_a_ticket_is_registered_once(site: Site) -> None:
    body = site.draft()
    first = await site.signed("hotline", "POST", TICKETS, body, webhook_id="w1")
    again = await site.signed("hotline", "POST", TICKETS, body, webhook_id="w1", age_seconds=9)
    pushed = await site.signed("hotline", "POST", TICKETS, body, webhook_id="w2")
    changed = await site.signed("hotline", "POST", TICKETS, body | {"title": "补充"}, webhook_id="w3")
    assert first.status == 202
    assert first.body | {"duplicate": False, "revision": 1} == first.body
    assert (again.status, again.body) == (202, first.body)
    assert pushed.body == first.body | {"duplicate": True}
    assert changed.body == first.body | {"duplicate": True, "revision": 2}


async def test_a_webhook_id_serves_one_body_and_one_path(site: Site) -> None:
    assert (await site.signed("hotline", "POST", TICKETS, site.draft(), webhook_id="w1")).status == 202
    other = await site.signed("hotline", "POST", TICKETS, site.draft(), webhook_id="w1")
    assert other.status == 409
    assert other.is_problem


async def test_a_refused_body_does_not_use_up_its_webhook_id(site: Site) -> None:
    assert (await site.signed("hotline", "POST", TICKETS, {"x": 1}, webhook_id="w1")).status == 422
    assert (await site.signed("hotline", "POST", TICKETS, site.draft(), webhook_id="w1")).status == 202


@pytest.mark.parametrize("path", [TICKETS, EVENTS, "/v1/feeds/hotline/batch"])
@pytest.mark.parametrize("who", ["stranger", "tax"])
async def test_a_forged_signature_is_401_before_anything_is_parsed(site: Site, path: str, who: str) -> None:
    answer = await site.signed(who, "POST", path, b"{broken")
    assert answer.status == 401
    assert answer.is_problem
    assert site.context.metrics.value("intake_rejected_total", feed="hotline", reason="unauthorized") == 1


@pytest.mark.parametrize("age_seconds", [301, -301])
async def test_stale_and_future_are_401(site: Site, age_seconds: int) -> None:
    answer = await site.signed("hotline", "POST", TICKETS, site.draft(), age_seconds=age_seconds)
    assert answer.status == 401
    assert "5 分 1 秒" in answer.body["detail"]


async def test_missing_headers_and_altered_bytes_are_401(site: Site) -> None:
    body = json.dumps(site.draft()).encode()
    headers = signed_headers(secret_of("hotline"), "w1", site.clock.wall(), body)
    for name in headers:
        answer = await site.ask("POST", TICKETS, body, {key: value for key, value in headers.items() if key != name})
        assert answer.status == 401
    assert (await site.ask("POST", TICKETS, body + b" ", headers)).status == 401


@pytest.mark.parametrize("path", ["/v1/feeds/nobody/tickets", "/v1/feeds/nobody/events", "/v1/feeds/nobody/batch"])
async def test_an_unknown_feed_is_404(site: Site, path: str) -> None:
    answer = await site.signed("hotline", "POST", path, site.draft())
    assert answer.status == 404
    assert answer.is_problem


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 65 + b"]" * 65])
@pytest.mark.parametrize("path", [TICKETS, EVENTS])
async def test_not_json_is_400(site: Site, path: str, body: bytes) -> None:
    answer = await site.signed("hotline", "POST", path, body)
    assert answer.status == 400
    assert answer.is_problem
    assert site.context.metrics.value("intake_rejected_total", feed="hotline", reason="not_json") == 1


async def test_every_wrong_field_is_named(site: Site) -> None:
    wrong = site.draft(kind="wish", received_at="2026-03-02T09:00:00", petitioner={"role": "king"}, surplus=1)
    answer = await site.signed("hotline", "POST", TICKETS, wrong)
    assert answer.status == 422
    assert {problem["path"] for problem in answer.body["errors"]} == {
        "kind",
        "received_at",
        "petitioner.role",
        "surplus",
    }
    assert all(problem["message"] for problem in answer.body["errors"])


async def test_events_reach_their_ticket(site: Site) -> None:
    ticket = site.draft()
    ids = (await site.signed("hotline", "POST", TICKETS, ticket)).body
    urge = {"external_id": ticket["external_id"], "type": "urge", "level": "urge"}
    taken = await site.signed("hotline", "POST", EVENTS, urge)
    assert (taken.status, taken.body) == (202, {"ticket_id": ids["ticket_id"], "case_id": ids["case_id"]})
    unknown = await site.signed("hotline", "POST", EVENTS, urge | {"external_id": "NEVER"})
    assert unknown.status == 404
    impossible = await site.signed("hotline", "POST", EVENTS, {"external_id": ticket["external_id"], "type": "rework"})
    assert impossible.status == 409
    assert "不能接收 rework；现在可接收：" in impossible.body["detail"]
    assert "urge" in impossible.body["detail"]
    assert impossible.is_problem


async def test_updates_are_fetched_and_acknowledged_by_asking_on(site: Site) -> None:
    await site.ticket()
    first = await site.signed("hotline", "GET", "/v1/feeds/hotline/updates")
    again = await site.signed("hotline", "GET", "/v1/feeds/hotline/updates")
    assert first.status == 200
    assert [update["type"] for update in first.body["updates"]] == ["ticket.transferred"]
    assert again.body == first.body
    after = await site.signed("hotline", "GET", f"/v1/feeds/hotline/updates?after={first.body['cursor']}")
    assert after.body["updates"] == []
    assert (await site.signed("hotline", "GET", "/v1/feeds/hotline/updates")).body["updates"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "limit=-1", "limit=1&limit=2", "unknown=1", "after=a%00b"]
)
async def test_wrong_parameters_are_422(site: Site, query: str) -> None:
    answer = await site.signed("hotline", "GET", f"/v1/feeds/hotline/updates?{query}")
    assert answer.status == 422
    assert answer.body["errors"][0]["path"] == query.partition("=")[0]


async def test_a_get_is_signed_too(site: Site) -> None:
    assert (await site.ask("GET", "/v1/feeds/hotline/updates")).status == 401


async def test_ticket_with_fifteen_mebibytes_of_attachment_is_taken(site: Site) -> None:
    attachment = {"name": "a.bin", "content_base64": "QUJD" * (15 * 1024 * 1024 // 4)}
    answer = await site.ticket(attachments=[attachment])
    assert answer.status == 202


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.raw.decode().splitlines()]


async def test_a_batch_rejects_bad_lines_alone_and_keeps_the_order(site: Site) -> None:
    good, other = site.draft(), site.draft()
    body = [json.dumps(good), "{broken", json.dumps(site.draft(kind="wish")), "", json.dumps(good), json.dumps(other)]
    answer = await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", "\r\n".join(body).encode())
    results = lines(answer)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    assert [line["status"] for line in results] == ["accepted", "rejected", "rejected", "duplicate", "accepted"]
    assert results[0]["external_id"] == good["external_id"]
    assert results[1]["external_id"] is None
    assert results[2]["errors"][0]["path"] == "kind"
    assert results[3]["ticket_id"] == results[0]["ticket_id"]


async def test_a_large_batch_is_taken_whole(site: Site) -> None:
    tickets = [site.draft() for _ in range(450)]
    body = b"\n".join(json.dumps(ticket).encode() for ticket in tickets)
    results = lines(await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body))
    assert [line["external_id"] for line in results] == [ticket["external_id"] for ticket in tickets]
    assert {line["status"] for line in results} == {"accepted"}
    again = lines(await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body))
    assert {line["status"] for line in again} == {"duplicate"}


async def test_lines_of_one_ticket_are_taken_in_the_order_of_the_batch_however_far_apart(site: Site) -> None:
    first, others = site.draft(), [site.draft() for _ in range(199)]
    tickets = [first, *others, first | {"title": "second"}, *others, first | {"title": "third"}]
    body = b"\n".join(json.dumps(ticket).encode() for ticket in tickets)
    results = lines(await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body))
    assert [result["revision"] for result in results if result["external_id"] == first["external_id"]] == [1, 2, 3]
    assert [result["status"] for result in results[200:]] == ["duplicate"] * 201


async def test_a_replayed_batch_gets_its_first_answer_and_another_body_is_a_conflict(site: Site) -> None:
    body = json.dumps(site.draft()).encode()
    first = await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body, webhook_id="batch-1")
    again = await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body, webhook_id="batch-1")
    assert lines(first) == lines(again)
    assert lines(first)[0]["status"] == "accepted"
    other = await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body + b"\n{}", webhook_id="batch-1")
    assert other.status == 409


async def test_an_empty_batch_and_one_oversized_line(site: Site) -> None:
    empty = await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", b"")
    assert (empty.status, empty.raw) == (200, b"")
    body = b'{"external_id":"big","content":"' + b"x" * (17 << 20) + b'"}\n' + json.dumps(site.draft()).encode()
    results = lines(await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", body))
    assert [line["status"] for line in results] == ["rejected", "accepted"]
    assert "16 MiB" in results[0]["detail"]
    assert site.context.metrics.value("intake_rejected_total", feed="hotline", reason="too_large") == 1


async def test_a_forged_batch_leaves_nothing_behind(site: Site) -> None:
    ticket = site.draft()
    answer = await site.signed("stranger", "POST", "/v1/feeds/hotline/batch", json.dumps(ticket).encode())
    assert answer.status == 401
    token = await site.token("auditor")
    found = await site.ask("GET", f"/v1/cases?external_id={ticket['external_id']}", headers=token)
    assert found.body["cases"] == []
