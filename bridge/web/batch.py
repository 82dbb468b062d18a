"""A batch of tickets as NDJSON: spooled, verified as a whole, then taken line by line.

Owns: ``/v1/feeds/{feed}/batch``. A bad line is rejected alone; results come in the order of the lines, and a batch
sent again is harmless (its lines are duplicates). Must not: keep the batch in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from aiohttp import web

from bridge.errors import IllegalTransition, IntakeError, InvalidPayload, OutcomeUnknown, StoreError, Unavailable
from bridge.logs import separate_lines
from bridge.pipeline.inbound import Answer, Inbound
from bridge.registry import AnyFeed
from bridge.web.answers import problems_view
from bridge.web.bodies import BATCH_BYTES, MEBIBYTE, TICKET_BYTES, mapped, spooled
from bridge.web.context import WebContext, context_of
from bridge.web.intake import counted
from bridge.web.middleware import tell
from bridge.web.signed import digest_of, feed_of, reason_of, verify

LINES_AT_ONCE = 200
REPLAY_BYTES = 2 * MEBIBYTE
"""Results up to this size are kept for a replay of the webhook-id (about 10,000 lines)."""

_NOT_TAKEN = "数据库暂不可用，请重发这一行"
_UNKNOWN = "提交时数据库失去联系，这一行是否已登记尚不能确定，请重发这一行，不会重复登记"

NDJSON = {"Content-Type": "application/x-ndjson; charset=utf-8"}
"""Lines handed to the service together; they share commits."""

Result = dict[str, Any]


async def post_batch(request: web.Request) -> web.StreamResponse:
    """Take a batch: 200 and one result a line."""
    feed, adapter = feed_of(request)
    return await counted(request, feed, _take(request, feed, adapter))


async def _take(request: web.Request, feed: str, adapter: AnyFeed) -> web.StreamResponse:
    service = context_of(request).service
    async with spooled(request, BATCH_BYTES) as file:
        with mapped(file) as body:
            webhook_id = await verify(request, adapter, body)
            inbound = Inbound(f"feed:{feed}", webhook_id, digest_of(request, body))
        answered = await service.replay(inbound)
        if answered is not None and "results" in answered.body:
            tell(request, replayed="true")
            return web.Response(body=answered.body["results"].encode(), headers=NDJSON)
        kept = _Kept()
        response = await _answer(request, feed, adapter, _lines(file), kept)
        if answered is None:
            await service.remember(inbound, kept.answer())
        await response.write_eof()
        return response


class _Kept:
    """The results of a batch as they are sent, for a replay; a large batch is processed again (its lines are duplicates)."""

    def __init__(self) -> None:
        self.bytes = 0
        self.parts: list[bytes] = []

    def add(self, part: bytes) -> bytes:
        """Keep a part while there is room, and hand it on."""
        self.bytes += len(part)
        if self.bytes <= REPLAY_BYTES:
            self.parts.append(part)
        return part

    def answer(self) -> Answer:
        """Return what a replay gets."""
        whole = self.bytes <= REPLAY_BYTES
        return Answer(200, {"results": b"".join(self.parts).decode()} if whole else {})


async def _answer(
    request: web.Request, feed: str, adapter: AnyFeed, lines: Iterator[bytes], kept: _Kept
) -> web.StreamResponse:
    context = context_of(request)
    first = await _results(context, feed, adapter, list(islice(lines, LINES_AT_ONCE)))
    if first and all(result.get("retry") for result in first):
        unknown = any(result["detail"] == _UNKNOWN for result in first)
        raise (OutcomeUnknown if unknown else Unavailable)("nothing of the batch was acknowledged")
    response = web.StreamResponse(headers=NDJSON)
    await response.prepare(request)
    count = len(first)
    await response.write(kept.add(_ndjson(first)))
    while chunk := list(islice(lines, LINES_AT_ONCE)):
        count += len(chunk)
        await response.write(kept.add(_ndjson(await _results(context, feed, adapter, chunk))))
    tell(request, lines=str(count))
    return response


async def _results(context: WebContext, feed: str, adapter: AnyFeed, lines: list[bytes]) -> list[Result]:
    with separate_lines():
        return await asyncio.gather(*(_result(context, feed, adapter, line) for line in lines))


async def _result(context: WebContext, feed: str, adapter: AnyFeed, line: bytes) -> Result:
    try:
        if len(line) > TICKET_BYTES:
            return _rejected(line, f"一行超过 {TICKET_BYTES // MEBIBYTE} MiB")
        draft = adapter.parse_ticket(line)
        answer = await context.service.accept_batch_line(feed, draft)
    except (IntakeError, IllegalTransition, StoreError) as error:
        context.metrics.count("intake_rejected_total", feed=feed, reason=reason_of(error) or "invalid")
        return _refused(line, error)
    status = "duplicate" if answer.body.get("duplicate") else "accepted"
    return {"external_id": draft.external_id, "status": status, **answer.body}


def _refused(line: bytes, error: Exception) -> Result:
    if isinstance(error, StoreError):
        return {**_rejected(line, _UNKNOWN if isinstance(error, OutcomeUnknown) else _NOT_TAKEN), "retry": True}
    if isinstance(error, InvalidPayload):
        return {**_rejected(line, "字段有误，详见 errors"), "errors": problems_view(error)}
    return _rejected(line, str(error))


def _rejected(line: bytes, detail: str) -> Result:
    return {"external_id": _external_id(line), "status": "rejected", "detail": detail}


def _external_id(line: bytes) -> str | None:
    """Find out whose line it was, as far as it can be read."""
    try:
        ticket = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    found = ticket.get("external_id") if isinstance(ticket, dict) else None
    return found[:64] if isinstance(found, str) else None


def _lines(file: Any) -> Iterator[bytes]:
    """Read line after line from the start, without blank ones; a line over the limit is cut past it."""
    file.seek(0)
    while line := file.readline(TICKET_BYTES + 2):
        whole = line.endswith(b"\n")
        while not whole and (rest := file.readline(MEBIBYTE)):
            whole = rest.endswith(b"\n")
        if line.strip():
            yield line.strip() if len(line) <= TICKET_BYTES + 1 else line


def _ndjson(results: list[Result]) -> bytes:
    return b"".join(orjson.dumps(result) + b"\n" for result in results)
