"""One attempt over real HTTP: every outcome gets its reason, what is sent is signed, errors leak nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks.webhooks import Webhook

from adapters.hotline_12345 import Hotline, HotlineConfig
from adapters.http_json import HttpJson, HttpJsonConfig
from bridge.adapter import AdapterContext, AuthenticationFailed, InboundRequest, OutboundMessage
from bridge.clock import SystemClock
from bridge.errors import DeliveryError, FailureReason, NotFound, NotYet
from bridge.signed_http import client_session
from bridge.signing import parse_secret, signed_headers, verify

SECRETS = ("whsec_bmV3IHNlY3JldCBvZiB0aGUgdW5pdA==", "whsec_b2xkIHNlY3JldCBvZiB0aGUgdW5pdA==")
MESSAGE = OutboundMessage("c1a1-dispatched-1", "assignment.dispatched", '{"name":"张三"}'.encode(), 1)
CLOCK = SystemClock()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def unit_behind(handler: Handler, **options: object) -> AsyncIterator[HttpJson]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server, client_session() as http:
        config = HttpJsonConfig.model_validate({"secrets": SECRETS, "url": str(server.make_url("/in"))} | options)
        async with HttpJson(config, AdapterContext("tax", http, CLOCK)) as unit:
            yield unit


def answering(status: int, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={key.replace("_", "-"): value for key, value in headers.items()})

    return handler


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299, 409])
async def test_taken(status: int) -> None:
    async with unit_behind(answering(status)) as unit:
        await unit.dispatch(MESSAGE)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, FailureReason.REJECTED),
        (307, FailureReason.REJECTED),
        (400, FailureReason.REJECTED),
        (401, FailureReason.UNAUTHORIZED),
        (403, FailureReason.UNAUTHORIZED),
        (404, FailureReason.REJECTED),
        (408, FailureReason.UNAVAILABLE),
        (413, FailureReason.REJECTED),
        (422, FailureReason.REJECTED),
        (425, FailureReason.UNAVAILABLE),
        (429, FailureReason.RATE_LIMITED),
        (500, FailureReason.UNAVAILABLE),
        (503, FailureReason.UNAVAILABLE),
        (599, FailureReason.UNAVAILABLE),
    ],
)
async def test_not_taken(status: int, reason: FailureReason) -> None:
    async with unit_behind(answering(status, Location="/elsewhere")) as unit:
        with pytest.raises(DeliveryError) as caught:
            await unit.dispatch(MESSAGE)
    assert caught.value.reason is reason
    assert not isinstance(caught.value, NotYet)


@pytest.mark.parametrize(
    ("status", "value", "low", "high"),
    [
        (429, "7", 7, 7),
        (503, "0", 0, 0),
        (503, "999999", 3600, 3600),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        (503, "Fri, 21 Oct 2095 07:28:00 GMT", 3600, 3600),
    ],
)
async def test_asked_to_wait(status: int, value: str, low: float, high: float) -> None:
    async with unit_behind(answering(status, Retry_After=value)) as unit:
        with pytest.raises(NotYet) as caught:
            await unit.dispatch(MESSAGE)
    assert low <= caught.value.seconds <= high


@pytest.mark.parametrize("value", ["soon", "-5", "1.5"])
async def test_an_unreadable_wait_is_no_wait(value: str) -> None:
    async with unit_behind(answering(503, Retry_After=value)) as unit:
        with pytest.raises(DeliveryError) as caught:
            await unit.dispatch(MESSAGE)
    assert caught.value.reason is FailureReason.UNAVAILABLE


async def test_redirects_are_not_followed() -> None:
    visited = []

    async def handler(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with unit_behind(handler) as unit:
        with pytest.raises(DeliveryError):
            await unit.dispatch(MESSAGE)
    assert visited == ["/in"]


async def test_silence_is_unavailable_after_the_time_limit() -> None:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.Event().wait()
        return web.Response()

    async with unit_behind(handler, timeout_seconds=0.1) as unit:
        with pytest.raises(DeliveryError) as caught:
            await unit.dispatch(MESSAGE)
    assert caught.value.reason is FailureReason.UNAVAILABLE


async def test_a_closed_port_and_a_dropped_connection_are_unavailable() -> None:
    async def drop(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with unit_behind(drop) as unit:
        with pytest.raises(DeliveryError) as dropped:
            await unit.dispatch(MESSAGE)
    async with client_session() as http:
        config = HttpJsonConfig.model_validate({"secrets": SECRETS, "url": "http://127.0.0.1:9/geheim?key=abc"})
        with pytest.raises(DeliveryError) as refused:
            await HttpJson(config, AdapterContext("tax", http, CLOCK)).dispatch(MESSAGE)
    assert dropped.value.reason is refused.value.reason is FailureReason.UNAVAILABLE
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_an_answer_cut_short_or_endless_is_still_taken() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        await answer.prepare(request)
        try:
            for _ in range(2_000):
                await answer.write(b"x" * 65_536)
        except (ConnectionResetError, aiohttp.ClientConnectionError):
            pass
        return answer

    async with unit_behind(endless) as unit:
        await unit.dispatch(MESSAGE)


@pytest.mark.parametrize("scheme", ["v1", "v1sm3"])
async def test_what_is_sent_is_signed_with_every_secret(scheme: str) -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((dict(request.headers), await request.read()))
        return web.Response()

    async with unit_behind(handler, signature=scheme) as unit:
        await unit.dispatch(MESSAGE)
    headers, body = seen[0]
    assert body == MESSAGE.payload
    for secret in SECRETS:
        assert verify([parse_secret(secret)], headers, body, datetime.now(UTC)) == MESSAGE.key
        if scheme == "v1":
            assert Webhook(secret).verify(body, headers) == json.loads(body)


async def test_both_adapters_verify_what_comes_in_with_any_secret() -> None:
    async with client_session() as http:
        context = AdapterContext("hotline", http, CLOCK)
        hotline = Hotline(HotlineConfig.model_validate({"secrets": SECRETS}), context)
        unit = HttpJson(HttpJsonConfig.model_validate({"secrets": SECRETS}), context)
        now = CLOCK.wall()
        for adapter in (hotline, unit):
            assert not adapter.delivers
            for secret in SECRETS:
                headers = signed_headers(parse_secret(secret), "m1", now, b"{}")
                assert adapter.verify(InboundRequest("POST", "/", headers, b"{}", now)) == "m1"
                with pytest.raises(AuthenticationFailed):
                    adapter.verify(InboundRequest("POST", "/", headers, b"{ }", now))
            with pytest.raises(RuntimeError):
                await (adapter.push(MESSAGE) if isinstance(adapter, Hotline) else adapter.dispatch(MESSAGE))


async def test_a_feed_without_http_says_so() -> None:
    from bridge.adapter import AdapterConfig, Capabilities, FeedAdapter

    class Folder(FeedAdapter[AdapterConfig]):
        Config = AdapterConfig
        capabilities = Capabilities(idempotent=True)

        async def push(self, message: OutboundMessage) -> None:
            pass

    async with client_session() as http, Folder(AdapterConfig(), AdapterContext("petition", http, CLOCK)) as folder:
        with pytest.raises(NotFound, match="petition"):
            folder.verify(InboundRequest("POST", "/", {}, b"", CLOCK.wall()))
        with pytest.raises(NotImplementedError):
            await folder.has_taken(MESSAGE)


@pytest.mark.parametrize("url", ["ftp://a/b", "http://", "/relative", "http://user:pass@host/", "javascript:alert(1)"])
def test_only_plain_http_addresses_are_configured(url: str) -> None:
    with pytest.raises(ValueError, match="地址"):
        HttpJsonConfig.model_validate({"secrets": SECRETS, "url": url})


def test_secrets_do_not_show() -> None:
    config = HttpJsonConfig.model_validate({"secrets": SECRETS})
    assert "bmV3" not in repr(config)
    with pytest.raises(ValueError, match="whsec_") as caught:
        HttpJsonConfig.model_validate({"secrets": ["topsecretvalue"]})
    assert "topsecretvalue" not in str(caught.value)
