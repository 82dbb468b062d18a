"""The simulated counterparts do what the contract says counterparts do, and fail as they are told to."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from bridge.testing.counterparts.hotline import Hotline, HotlineSettings
from bridge.testing.counterparts.program import Control
from bridge.testing.counterparts.temper import AFTER, Fault, Mood, Temper
from bridge.testing.counterparts.unit import Units, UnitsSettings
from bridge.testing.counterparts.webhooks import SignatureRefused, check, new_secret, signed_headers

SECRET = new_secret()


@dataclass
class Daemon:
    """Stands in for the daemon: records what it is sent and answers from a script, then with 202."""

    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, dict(request.headers), await request.read()))
        self.heard.set()
        status, body = self.answers.pop(0) if self.answers else (202, {"owed": [], "allowed": []})
        return web.json_response(body, status=status)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for _, _, raw in self.requests]


Start = Callable[[Any], Awaitable[TestServer]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Serves counterparts in this process; stops them afterwards."""
    servers: list[TestServer] = []
    counterparts: list[Any] = []

    async def serve(counterpart: Any) -> TestServer:
        app = web.Application()
        app.add_routes([*counterpart.routes(), *Control(counterpart).routes()])
        server = TestServer(app)
        await server.start_server()
        await counterpart.start()
        servers.append(server)
        counterparts.append(counterpart)
        return server

    yield serve
    for counterpart in counterparts:
        await counterpart.stop()
    for server in servers:
        await server.close()


@pytest.fixture
async def daemon() -> AsyncIterator[tuple[Daemon, str]]:
    stand_in = Daemon()
    app = web.Application()
    app.router.add_post("/{tail:.*}", stand_in.take)
    server = TestServer(app)
    await server.start_server()
    yield stand_in, str(server.make_url("")).rstrip("/")
    await server.close()


def message(respond_url: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "assignment.dispatched",
        "assignment_id": "c1a1",
        "case_id": "c1",
        "unit": "tax",
        "role": "lead",
        "round": 1,
        "owed": ["signed", "opinion"],
        "allowed": ["returned"],
        "respond_url": respond_url,
        **changes,
    }


async def post(server: TestServer, path: str, body: dict[str, Any], webhook_id: str, secret: str = SECRET) -> int:
    raw = json.dumps(body).encode()
    async with (
        ClientSession() as session,
        session.post(
            server.make_url(path), data=raw, headers=signed_headers(secret, webhook_id, raw, now=time.time())
        ) as response,
    ):
        return response.status


def test_signatures_agree_with_the_published_library() -> None:
    body = '{"内容":"社保"}'.encode()
    headers = signed_headers(SECRET, "m1", body, now=time.time())
    assert Webhook(SECRET).verify(body.decode(), headers) == {"内容": "社保"}
    assert check(SECRET, headers, body, now=time.time()) == "m1"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: headers | {"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()},
        lambda headers: headers | {"webhook-id": "other"},
        lambda headers: headers | {"webhook-timestamp": "1"},
        lambda headers: headers | {"webhook-timestamp": "soon"},
        lambda headers: {},
    ],
)
def test_what_is_not_signed_now_is_refused(spoil: Callable[[dict[str, str]], dict[str, str]]) -> None:
    headers = spoil(signed_headers(SECRET, "m1", b"{}", now=time.time()))
    with pytest.raises(SignatureRefused):
        check(SECRET, headers, b"{}", now=time.time())


async def test_hotline_retries_under_one_key_until_answered(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    stand_in.answers = [(503, {}), (429, {}), (500, {}), (202, {"ticket_id": "t1", "case_id": "c1"})]
    hotline = Hotline(HotlineSettings(bridge_url=url, secret=SECRET))
    server = await start(hotline)
    async with (
        ClientSession() as session,
        session.post(
            server.make_url("/control/send"), json={"to": "tickets", "body": {"external_id": "E1"}}
        ) as response,
    ):
        answer = await response.json()
    assert answer == {"status": 202, "body": {"ticket_id": "t1", "case_id": "c1"}, "attempts": 4}
    assert {headers["webhook-id"] for _, headers, _ in stand_in.requests} == {"hotline-tickets-1"}
    assert hotline.accepted == {"E1": {"ticket_id": "t1", "case_id": "c1"}}
    assert stand_in.requests[0][0] == "/v1/feeds/hotline/tickets"


async def test_hotline_repeats_an_answered_request_and_compares(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    stand_in.answers = [(202, {"ticket_id": "t1"}), (202, {"ticket_id": "t2"})]
    hotline = Hotline(HotlineSettings(bridge_url=url, secret=SECRET, temper=Temper(duplicate_rate=1)))
    server = await start(hotline)
    order = {"to": "tickets", "body": {"external_id": "E1"}}
    async with ClientSession() as session, session.post(server.make_url("/control/send"), json=order):
        pass
    assert hotline.sender.sent.repeats == 1
    assert hotline.sender.sent.changed_answers == [
        'hotline-tickets-1: 202 {"ticket_id": "t1"} -> 202 {"ticket_id": "t2"}'
    ]


async def test_what_was_refused_may_be_taken_when_it_comes_again(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    stand_in.answers = [(409, {"allowed": []}), (202, {"ticket_id": "t2"})]
    hotline = Hotline(HotlineSettings(bridge_url=url, secret=SECRET, temper=Temper(duplicate_rate=1)))
    server = await start(hotline)
    order = {"to": "tickets", "body": {"external_id": "E1"}}
    async with ClientSession() as session, session.post(server.make_url("/control/send"), json=order):
        pass
    assert (hotline.sender.sent.repeats, hotline.sender.sent.changed_answers) == (1, [])


async def test_pushes_are_recorded_once_per_key(start: Start) -> None:
    hotline = Hotline(HotlineSettings(bridge_url="http://127.0.0.1:9", secret=SECRET))
    server = await start(hotline)
    assert await post(server, "/pushes", {"type": "ticket.replied"}, "k1") == 200
    assert await post(server, "/pushes", {"type": "ticket.replied"}, "k1") == 200
    assert await post(server, "/pushes", {"type": "ticket.assigned"}, "k1") == 200
    assert await post(server, "/pushes", {"type": "ticket.replied"}, "k2", secret=new_secret()) == 401
    counts = hotline.ledger.counts
    assert [entry.times for entry in hotline.ledger.entries] == [3]
    assert (counts.repeated, counts.conflicting, counts.forged) == (2, 1, 1)


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_fault_spoils_the_answer_and_only_some_the_effect(fault: Fault, start: Start) -> None:
    temper = Temper(error_rate=1, faults=(fault,), silence_seconds=0)
    hotline = Hotline(HotlineSettings(bridge_url="http://127.0.0.1:9", secret=SECRET, temper=temper))
    server = await start(hotline)
    try:
        status = await post(server, "/pushes", {"type": "ticket.replied"}, "k1")
    except (ClientError, OSError):
        status = None
    assert status == {Fault.ERROR_500: 500, Fault.ERROR_AFTER: 500, Fault.GARBAGE_502: 502}.get(fault)
    assert len(hotline.ledger.entries) == (fault in AFTER)


def test_equal_seeds_misbehave_equally() -> None:
    temper = Temper(error_rate=0.5, seed=7)
    first, second = Mood(temper), Mood(temper)
    assert [first.fault() for _ in range(50)] == [second.fault() for _ in range(50)]


async def test_a_unit_gives_what_it_owes_in_order(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    stand_in.answers = [(202, {"owed": ["opinion"], "allowed": []})]
    units = Units(UnitsSettings(secrets={"tax": SECRET}))
    server = await start(units)
    assert await post(server, "/tax/assignments", message(f"{url}/r"), "k1") == 200
    await settled(units)
    assert [body["type"] for body in stand_in.bodies()] == ["signed", "opinion"]
    assert len({headers["webhook-id"] for _, headers, _ in stand_in.requests}) == 2
    assert units.state()["owing"] == 0


async def test_a_unit_learns_from_a_refusal(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    stand_in.answers = [(409, {"owed": ["consolidated"], "allowed": ["opinion"]})]
    units = Units(UnitsSettings(secrets={"tax": SECRET}))
    server = await start(units)
    await post(server, "/tax/assignments", message(f"{url}/r"), "k1")
    await settled(units)
    assert [body["type"] for body in stand_in.bodies()] == ["signed", "consolidated"]


async def test_a_unit_leaves_a_matter_that_is_always_refused(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    stand_in.answers = [(409, {"owed": ["opinion"], "allowed": []})] * 50
    units = Units(UnitsSettings(secrets={"tax": SECRET}))
    server = await start(units)
    await post(server, "/tax/assignments", message(f"{url}/r"), "k1")
    await settled(units)
    assert len(stand_in.requests) == 6
    assert units.state()["owing"] == 1


async def test_a_scripted_unit_does_only_what_it_is_told(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    units = Units(UnitsSettings(secrets={"tax": SECRET}, automatic=False))
    server = await start(units)
    await post(server, "/tax/assignments", message(f"{url}/r"), "k1")
    assert stand_in.requests == []
    order = {"unit": "tax", "assignment_id": "c1a1", "receipt": {"type": "signed"}}
    async with ClientSession() as session, session.post(server.make_url("/control/send"), json=order) as response:
        assert (await response.json())["status"] == 202
    assert stand_in.bodies() == [{"type": "signed"}]


async def test_an_escalation_names_another_unit_s_assignment(daemon: tuple[Daemon, str], start: Start) -> None:
    _, url = daemon
    units = Units(UnitsSettings(secrets={"tax": SECRET, "leading_office": SECRET}, automatic=False))
    server = await start(units)
    await post(server, "/tax/assignments", message(f"{url}/r"), "k1")
    escalated = message(f"{url}/r", type="assignment.escalated", unit="leading_office", owed=[], allowed=[])
    await post(server, "/leading_office/assignments", escalated, "k2")
    await post(server, "/leading_office/assignments", escalated | {"assignment_id": None, "role": None}, "k3")
    assert [(part.unit, part.owed) for part in units._parts.values()] == [
        ("tax", {"signed", "opinion"}),
        ("leading_office", set()),
        ("leading_office", set()),
    ]


async def test_a_withdrawn_matter_is_left(daemon: tuple[Daemon, str], start: Start) -> None:
    stand_in, url = daemon
    units = Units(UnitsSettings(secrets={"tax": SECRET}))
    server = await start(units)
    await post(server, "/tax/assignments", message(f"{url}/r", type="assignment.withdrawn", owed=[]), "k1")
    await settled(units)
    assert stand_in.requests == []


async def settled(units: Units) -> None:
    """Wait until no unit is at work."""
    while units._tasks:
        await asyncio.gather(*units._tasks)
