"""A batch of tickets as NDJSON: spooled, verified as a whole, then taken line by line.

Owns: ``/v1/feeds/{feed}/batch``. A bad line is rejected alone; results come in the order of the lines, and a batch
sent again is harmless (its lines are duplicates). Must not: keep the batch in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from aiohttp import web

from bridge.core.model.ticket import TicketDraft
from bridge.errors import (
    BridgeError,
    IntakeError,
    InvalidPayload,
    OutcomeUnknown,
    PayloadTooLarge,
    StoreError,
    Unavailable,
)
from bridge.logs import separate_lines
from bridge.pipeline.inbound import Answer, Inbound
from bridge.registry import AnyFeed
from bridge.web.answers import problems_view
from bridge.web.bodies import BATCH_BYTES, MEBIBYTE, TICKET_BYTES, mapped, spooled
from bridge.web.context import WebContext, context_of
from bridge.web.intake import counted
from bridge.web.middleware import tell
from bridge.web.signed import beside, digest_of, feed_of, reason_of, verify

LINES_AT_ONCE = 200
"""Lines handed to the service together; they share a commit."""
CHUNKS_AT_ONCE = 2
"""So many times as many lines are on their way before the first of them is answered."""
REPLAY_BYTES = 2 * MEBIBYTE
"""Results up to this size are kept for a replay of the webhook-id (about 10,000 lines)."""

_NOT_TAKEN = "数据库暂不可用，请重发这一行"
_UNKNOWN = "提交时数据库失去联系，这一行是否已登记尚不能确定，请重发这一行，不会重复登记"

NDJSON = {"Content-Type": "application/x-ndjson; charset=utf-8"}

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
    response, count = web.StreamResponse(headers=NDJSON), 0
    async for results in _taken(context_of(request), feed, adapter, lines):
        if not response.prepared:
            _refuse_what_was_not_taken(results)
            await response.prepare(request)
        count += len(results)
        await response.write(kept.add(_ndjson(results)))
    if not response.prepared:
        await response.prepare(request)
    tell(request, lines=str(count))
    return response


def _refuse_what_was_not_taken(first: list[Result]) -> None:
    if all(result.get("retry") for result in first):
        unknown = any(result["detail"] == _UNKNOWN for result in first)
        raise (OutcomeUnknown if unknown else Unavailable)("nothing of the batch was acknowledged")


async def _taken(
    context: WebContext, feed: str, adapter: AnyFeed, lines: Iterator[bytes]
) -> AsyncIterator[list[Result]]:
    """Yield results as their lines are durable. Once the first are, more are classified while the disk is waited for."""
    underway: deque[_Begun] = deque()
    at_once = 1
    while chunk := list(islice(lines, LINES_AT_ONCE)):
        underway.append(await _begin(context, feed, adapter, chunk))
        if len(underway) == at_once:
            yield await _ended(context, feed, underway.popleft())
            at_once = CHUNKS_AT_ONCE
    while underway:
        yield await _ended(context, feed, underway.popleft())


@dataclass(frozen=True, slots=True)
class _Begun:
    """Lines, what each was read as, and the answers that those which could be read will get."""

    lines: list[bytes]
    read: list[TicketDraft | BridgeError]
    answers: Awaitable[list[Answer | BridgeError]]


async def _begin(context: WebContext, feed: str, adapter: AnyFeed, lines: list[bytes]) -> _Begun:
    read = [await _read(adapter, line) for line in lines]
    drafts = [each for each in read if isinstance(each, TicketDraft)]
    with separate_lines():
        return _Begun(lines, read, await context.service.begin_lines(feed, drafts))


async def _read(adapter: AnyFeed, line: bytes) -> TicketDraft | BridgeError:
    if len(line) > TICKET_BYTES:
        return PayloadTooLarge(f"一行超过 {TICKET_BYTES // MEBIBYTE} MiB")
    try:
        return await beside(line, adapter.parse_ticket, line)
    except IntakeError as error:
        return error


async def _ended(context: WebContext, feed: str, begun: _Begun) -> list[Result]:
    answers, results = iter(await begun.answers), []
    external_id: str | None
    for line, read in zip(begun.lines, begun.read, strict=True):
        if isinstance(read, TicketDraft):
            external_id, outcome = read.external_id, next(answers)
        else:
            external_id, outcome = _external_id(line), read
        if isinstance(outcome, BridgeError):
            context.metrics.count("intake_rejected_total", feed=feed, reason=reason_of(outcome) or "invalid")
        results.append({"external_id": external_id, **_outcome(outcome)})
    return results


def _outcome(outcome: Answer | BridgeError) -> Result:
    if isinstance(outcome, Answer):
        return {"status": "duplicate" if outcome.body.get("duplicate") else "accepted", **outcome.body}
    if isinstance(outcome, StoreError):
        unknown = isinstance(outcome, OutcomeUnknown)
        return {"status": "rejected", "detail": _UNKNOWN if unknown else _NOT_TAKEN, "retry": True}
    if isinstance(outcome, InvalidPayload):
        return {"status": "rejected", "detail": "字段有误，详见 errors", "errors": problems_view(outcome)}
    return {"status": "rejected", "detail": str(outcome)}


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
