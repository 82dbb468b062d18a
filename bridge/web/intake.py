"""Upstreams: tickets and events come in, updates are fetched.

Owns: ``/v1/feeds/{feed}/tickets|events|updates``. Must not: know a vendor; the feed's adapter verifies and parses.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from aiohttp import web

from bridge.web.answers import json_answer
from bridge.web.bodies import EVENT_BYTES, TICKET_BYTES
from bridge.web.context import context_of
from bridge.web.parameters import limit_of, only, text_of
from bridge.web.signed import execute, feed_of, reason_of, verify

Response = TypeVar("Response", bound=web.StreamResponse)


async def post_ticket(request: web.Request) -> web.Response:
    """Register a ticket: 202 only after it is durable."""
    feed, adapter = feed_of(request)
    context = context_of(request)
    started = context.ports.clock.monotonic()
    response = await counted(
        request,
        feed,
        execute(
            request,
            f"feed:{feed}",
            adapter,
            TICKET_BYTES,
            adapter.parse_ticket,
            lambda draft, inbound: context.service.accept_ticket(feed, draft, inbound),
        ),
    )
    context.metrics.observe("intake_duration_seconds", context.ports.clock.monotonic() - started, feed=feed)
    return response


async def post_event(request: web.Request) -> web.Response:
    """Apply an upstream's event to one of its tickets."""
    feed, adapter = feed_of(request)
    service = context_of(request).service
    return await counted(
        request,
        feed,
        execute(
            request,
            f"feed:{feed}",
            adapter,
            EVENT_BYTES,
            adapter.parse_event,
            lambda event, inbound: service.accept_event(feed, event, inbound),
        ),
    )


async def get_updates(request: web.Request) -> web.Response:
    """Hand out what waits for an upstream that pulls; asking for more acknowledges what came before."""
    feed, adapter = feed_of(request)
    await verify(request, adapter, b"")
    only(request, ("after", "limit"))
    return json_answer(await context_of(request).service.updates(feed, text_of(request, "after"), limit_of(request)))


async def counted(request: web.Request, feed: str, work: Awaitable[Response]) -> Response:
    """Count a refused request under its reason, and pass the error on."""
    try:
        return await work
    except Exception as error:
        if reason := reason_of(error):
            context_of(request).metrics.count("intake_rejected_total", feed=feed, reason=reason)
        raise
