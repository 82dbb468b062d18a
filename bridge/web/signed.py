"""Requests signed by a machine: verified over the raw bytes first, then parsed, then executed.

Owns: that order, for every signed POST and GET. Must not: know a body.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from bridge.adapter import InboundRequest
from bridge.errors import IllegalTransition, IntakeError, InvalidPayload, NotFound, NotJson, StoreError
from bridge.pipeline.inbound import Answer, Inbound
from bridge.registry import AnyFeed, AnyUnit
from bridge.signing import Body
from bridge.web.answers import rendered
from bridge.web.bodies import read_body
from bridge.web.context import context_of
from bridge.web.middleware import tell

Value = TypeVar("Value")

THREAD_BYTES = 256 * 1024
"""Bodies from this size on are hashed and parsed beside the event loop."""

REASONS: dict[type[Exception], str] = {
    NotJson: "not_json",
    InvalidPayload: "invalid",
    NotFound: "not_found",
    IllegalTransition: "conflict",
    StoreError: "unavailable",
}
_REPLAYED = {"replayed": "true"}
_BY_STATUS = {401: "unauthorized", 409: "conflict", 413: "too_large", 408: "not_json", 415: "not_json"}


def feed_of(request: web.Request) -> tuple[str, AnyFeed]:
    """Return the feed's name and adapter.

    Raises:
        NotFound: no such feed.
    """
    name = request.match_info["feed"]
    adapter = context_of(request).registry.feed(name)
    tell(request, feed=name)
    return name, adapter


def unit_of(request: web.Request) -> tuple[str, AnyUnit]:
    """Return the unit's id and its channel's adapter.

    Raises:
        NotFound: the rules do not know the unit, or nobody configured a channel for it.
    """
    context = context_of(request)
    unit = context.rules().policy.units.get(request.match_info["unit"])
    if unit is None:
        raise NotFound("没有这个单位")
    adapter = context.registry.channel(unit.channel)
    if adapter is None:
        raise NotFound("该单位没有配置渠道，请由其经办员登记")
    tell(request, unit=unit.id)
    return unit.id, adapter


async def verify(request: web.Request, adapter: AnyFeed | AnyUnit, body: Body) -> str:
    """Authenticate a request over its raw bytes and return its webhook id.

    Raises:
        AuthenticationFailed: missing, forged or stale.
    """
    wall = context_of(request).ports.clock.wall()
    signed = InboundRequest(request.method, request.path, request.headers, body, wall)
    webhook_id = await beside(body, adapter.verify, signed)
    tell(request, webhook_id=webhook_id)
    return webhook_id


async def execute(
    request: web.Request,
    source: str,
    adapter: AnyFeed | AnyUnit,
    limit: int,
    parse: Callable[[bytes], Value],
    accept: Callable[[Value, Inbound], Awaitable[Answer]],
) -> web.Response:
    """Take one signed body all the way: read, verify, parse, execute, answer.

    What is executed recognises a replay by itself; one that would be refused now still gets its first answer.
    """
    body = await read_body(request, limit)
    webhook_id = await verify(request, adapter, body)
    inbound = Inbound(source, webhook_id, digest_of(request, body))
    try:
        answer = await accept(await beside(body, parse, body), inbound)
    except (IntakeError, IllegalTransition):
        first = await context_of(request).service.replay(inbound)
        if first is None:
            raise
        answer = first
    tell(request, **_ids(answer), **_REPLAYED if answer.replayed else {})
    return rendered(answer)


def digest_of(request: web.Request, body: Body) -> str:
    """Return what makes two requests under one webhook id the same: method, path and bytes."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    digest.update(body)
    return digest.hexdigest()


def reason_of(error: Exception) -> str | None:
    """Name a refusal by the closed set of ``intake_rejected_total``; None for a bug."""
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    return _BY_STATUS.get(error.status, "invalid") if isinstance(error, IntakeError) else None


async def beside(body: Body, work: Callable[..., Value], *arguments: object) -> Value:
    """Run a pure function of a body, in a thread when it is large."""
    if len(body) < THREAD_BYTES:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)


def _ids(answer: Answer) -> dict[str, str]:
    return {key: str(answer.body[key]) for key in ("case_id", "ticket_id", "assignment_id") if key in answer.body}
