"""Sizes, encodings, slowness: refused early, with a clear answer, without holding anything."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.settings import Web
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from tests.web.conftest import Site

TICKETS = "/v1/feeds/hotline/tickets"
EVENTS = "/v1/feeds/hotline/events"
BATCH = "/v1/feeds/hotline/batch"
RECEIPTS = "/v1/units/tax/assignments/a1/receipts"


@asynccontextmanager
async def connection(site: Site) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def head(method: str, path: str, **headers: object) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\n{lines}\r\n".encode()


async def status_of(reader: asyncio.StreamReader) -> int:
    line = await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    return int(line.split(b" ")[1])


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Read until the connection is closed, be it while we were still speaking."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    ("path", "limit"), [(TICKETS, 16 << 20), (EVENTS, 1 << 20), (BATCH, 256 << 20), (RECEIPTS, 16 << 20)]
)
async def test_an_announced_excess_is_413_without_the_body(site: Site, path: str, limit: int) -> None:
    async with connection(site) as (reader, writer):
        writer.write(head("POST", path, content_length=limit + 1))
        assert await status_of(reader) == 413


async def test_an_unannounced_excess_is_413_before_it_is_read_whole(site: Site) -> None:
    async with connection(site) as (reader, writer):
        writer.write(head("POST", EVENTS, transfer_encoding="chunked"))
        for _ in range(2):
            writer.write(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        assert await status_of(reader) == 413


async def test_exactly_the_limit_is_read(site: Site) -> None:
    answer = await site.signed("hotline", "POST", EVENTS, b" " * (1 << 20))
    assert answer.status == 400


async def test_a_packed_body_is_415(site: Site) -> None:
    body = gzip.compress(json.dumps(site.draft()).encode())
    answer = await site.ask("POST", TICKETS, body, {"Content-Encoding": "gzip"})
    assert answer.status == 415
    assert answer.is_problem


async def test_a_body_that_does_not_come_is_408(serve: Callable[..., Any]) -> None:
    site = await serve(Web(body_seconds=0.1))
    async with connection(site) as (reader, writer):
        writer.write(head("POST", TICKETS, content_length=1000) + b"{")
        assert await status_of(reader) == 408


async def test_a_batch_that_stalls_is_408_and_frees_its_place(serve: Callable[..., Any]) -> None:
    site = await serve(Web(body_seconds=0.1))
    for _ in range(6):
        async with connection(site) as (reader, writer):
            writer.write(head("POST", BATCH, transfer_encoding="chunked") + b"5\r\nhello\r\n")
            assert await status_of(reader) == 408
    assert (await site.signed("hotline", "POST", BATCH, b"")).status == 200


@pytest.mark.parametrize("words", [b"", b"POST /v1/feeds/hotline/tickets HTTP/1.1\r\nhost: x\r\nx-slow: "])
async def test_a_connection_without_a_whole_head_is_closed(serve: Callable[..., Any], words: bytes) -> None:
    site = await serve(Web(head_seconds=0.1))
    async with connection(site) as (reader, writer):
        writer.write(words)
        assert await rest_of(reader) == b""


async def test_two_hundred_half_open_connections_are_all_closed(serve: Callable[..., Any]) -> None:
    site = await serve(Web(head_seconds=0.2))
    pairs = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", site.port) for _ in range(200)))
    for _, writer in pairs:
        writer.write(b"GET / HTTP/1.1\r\nx: ")
    assert await asyncio.gather(*(rest_of(reader) for reader, _ in pairs)) == [b""] * 200
    for _, writer in pairs:
        writer.close()


async def test_a_connection_that_spoke_stays_open(serve: Callable[..., Any]) -> None:
    site = await serve(Web(head_seconds=0.6))
    async with connection(site) as (reader, writer):
        writer.write(head("GET", "/healthz"))
        assert await status_of(reader) == 200
        await reader.readuntil(b'"ok"}')
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.7)
        writer.write(head("GET", "/healthz"))
        assert await status_of(reader) == 200


async def test_connections_are_counted(serve: Callable[..., Any]) -> None:
    site = await serve(Web(max_connections=1))
    async with connection(site) as (reader, writer):
        writer.write(head("GET", "/healthz"))
        assert await status_of(reader) == 200
        async with connection(site) as (other, _):
            assert await rest_of(other) == b""


async def test_what_is_not_http_gets_no_further(site: Site) -> None:
    async with connection(site) as (reader, writer):
        writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")
        assert await status_of(reader) == 400
