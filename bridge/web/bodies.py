"""Reading bodies: never more than the limit, never longer than a client may take.

Owns: the limits of the contract §3, bounded reading, spooling a batch to an unnamed file. Must not: parse.
"""

from __future__ import annotations

import asyncio
import mmap
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import BinaryIO

from aiohttp import web

from bridge.errors import IntakeError, NotJson, PayloadTooLarge
from bridge.web.context import context_of

MEBIBYTE = 1 << 20
TICKET_BYTES = 16 * MEBIBYTE
RECEIPT_BYTES = 16 * MEBIBYTE
ACTION_BYTES = 16 * MEBIBYTE
EVENT_BYTES = MEBIBYTE
BATCH_BYTES = 256 * MEBIBYTE
"""Source: the contract §3."""

SLOWEST_BYTES_PER_SECOND = 64 * 1024
"""A client slower than this, after the first ``body_seconds``, is cut off."""

LARGE_BYTES = MEBIBYTE
LARGE_AT_ONCE = 16
"""Bodies over 1 MiB are read at most so many at a time, which bounds memory at 256 MiB."""

BATCHES_AT_ONCE = 4

LARGE: web.AppKey[asyncio.Semaphore] = web.AppKey("large", asyncio.Semaphore)
BATCHES: web.AppKey[asyncio.Semaphore] = web.AppKey("batches", asyncio.Semaphore)


class TooSlow(IntakeError):
    """The body did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT


class UnknownEncoding(IntakeError):
    """A packed body: signatures cover plain bytes, and nothing unpacks to more than was counted."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


async def read_body(request: web.Request, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes.

    Raises:
        PayloadTooLarge: announced or found to be larger; nothing past the limit was kept.
        TooSlow: it did not arrive in time.
    """
    _refuse_by_head(request, limit)
    size = request.content_length
    if size is not None and size <= LARGE_BYTES:
        return await _collect(request, limit)
    async with request.app[LARGE]:
        return await _collect(request, limit)


@asynccontextmanager
async def spooled(request: web.Request, limit: int) -> AsyncIterator[BinaryIO]:
    """Copy a body into an unnamed private file, give it for reading, and let it vanish."""
    _refuse_by_head(request, limit)
    async with request.app[BATCHES]:
        with tempfile.TemporaryFile() as file:
            async for chunk in _chunks(request, limit):
                file.write(chunk)
            file.flush()
            yield file


@contextmanager
def mapped(file: BinaryIO) -> Iterator[memoryview]:
    """See a file as bytes without reading it into memory."""
    if not file.seek(0, 2):
        yield memoryview(b"")
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
        view = memoryview(mapping)
        try:
            yield view
        finally:
            view.release()


async def _collect(request: web.Request, limit: int) -> bytes:
    chunks = [chunk async for chunk in _chunks(request, limit)]
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _chunks(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    """Yield what arrives; the time allowed grows with what has arrived."""
    loop = asyncio.get_running_loop()
    seen, deadline = 0, loop.time() + context_of(request).limits.body_seconds
    content = request.content
    while not content.at_eof():
        try:
            chunk = content.read_nowait()
            if not chunk:
                async with asyncio.timeout_at(deadline + seen / SLOWEST_BYTES_PER_SECOND):
                    chunk = await content.readany()
        except TimeoutError:
            raise TooSlow("正文未在限定时间内到齐") from None
        except (web.PayloadAccessError, web.RequestPayloadError, OSError):
            raise NotJson("正文没有收全") from None
        seen += len(chunk)
        if seen > limit:
            raise _too_large(limit)
        if chunk:
            yield chunk


def _refuse_by_head(request: web.Request, limit: int) -> None:
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnknownEncoding("请勿压缩正文（Content-Encoding）：签名按原文计算")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"正文超过 {limit // MEBIBYTE} MiB")
