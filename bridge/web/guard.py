"""Connections that say nothing: cut off before they cost anything.

Owns: the time a client has for its first request's head, the number of connections, the listening socket. aiohttp
limits neither by itself: it waits for a head for ever. Must not: know a route.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from bridge.settings import Web

KEEPALIVE_SECONDS = 30.0
LINGERING_SECONDS = 5.0
BACKLOG = 1024

SILENT: web.AppKey[dict[asyncio.Protocol, asyncio.TimerHandle]] = web.AppKey("silent", dict)
"""Connections that have not sent a whole head yet, with the timer that will close them."""


def note_request(request: web.Request) -> None:
    """Let a connection that has sent a whole head live; from then on the keep-alive limit applies."""
    timer = request.app.get(SILENT, {}).pop(request.protocol, None)
    if timer is not None:
        timer.cancel()


class Listener:
    """The HTTP server of the process: start, where it listens, an orderly stop."""

    def __init__(self, app: web.Application, limits: Web, *, drain_seconds: float = 10.0) -> None:
        """Prepare a server for an application; ``drain_seconds`` is what running requests get at the end."""
        self._limits = limits
        self._silent: dict[asyncio.Protocol, asyncio.TimerHandle] = {}
        app[SILENT] = self._silent
        self._runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            lingering_time=LINGERING_SECONDS,
            shutdown_timeout=drain_seconds,
        )
        self._sockets: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port (chosen by the system for 0).

        Raises:
            OSError: the address cannot be had.
        """
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._sockets = await loop.create_server(self._protocol, host, port, backlog=BACKLOG, reuse_address=True)
        bound: int = self._sockets.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening, let running requests finish, close every connection."""
        if self._sockets is not None:
            self._sockets.close()
        await self._runner.cleanup()
        for timer in self._silent.values():
            timer.cancel()

    def _protocol(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None or len(server.connections) >= self._limits.max_connections:
            return _Refused()
        protocol = server()
        timer = asyncio.get_running_loop().call_later(self._limits.head_seconds, self._hang_up, protocol)
        self._silent[protocol] = timer
        return protocol

    def _hang_up(self, protocol: web.RequestHandler) -> None:
        del self._silent[protocol]
        protocol.force_close()


class _Refused(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hang up."""
        transport.close()
