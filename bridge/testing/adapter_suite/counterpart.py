"""A counterpart over HTTP that fails in every way counterparts do.

Owns: one loopback server whose next answer a test decides. Must not: check what it hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENDLESS_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, read whole."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Counterpart:
    """What it heard, and how it answers next (200 unless told otherwise)."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answer: Answer | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    sent_bytes: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Read a request whole, then answer as told."""
        self.heard.append(Heard(request.path, dict(request.headers), await request.read()))
        self.arrived.set()
        return await self.answer(request) if self.answer else web.json_response({})

    def answers(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """Answer with a status from now on; ``_`` in a header's name stands for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers=named)

        self.answer = answer

    def falls_silent(self) -> None:
        """Take the message and never answer."""

        async def answer(_: web.Request) -> web.StreamResponse:
            await self.over.wait()
            return web.Response()

        self.answer = answer

    def hangs_up(self) -> None:
        """Take the message and cut the connection."""

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.transport is not None:
                request.transport.close()
            return web.Response()

        self.answer = answer

    def promises_more(self) -> None:
        """Answer 200 with a body that breaks off."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"code":')
            if request.transport is not None:
                request.transport.close()
            return response

        self.answer = answer

    def never_ends(self) -> None:
        """Answer 200 with a body without end."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while not self.over.is_set():
                await response.write(b" " * ENDLESS_CHUNK)
                self.sent_bytes += ENDLESS_CHUNK
            return response

        self.answer = answer


@asynccontextmanager
async def counterpart() -> AsyncIterator[Counterpart]:
    """Serve a counterpart on loopback."""
    served = Counterpart()
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", served.take)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    served.url = str(server.make_url("/in"))
    try:
        yield served
    finally:
        served.over.set()
        await server.close()
