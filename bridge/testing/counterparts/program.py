"""Runs a counterpart as a program: opens a port, says so on stdout, stops with its parent.

Owns: the process and the control routes common to all counterparts. Must not: know hotlines or units.

The first line on stdout is ``{"url": "http://127.0.0.1:PORT"}``. The program ends on SIGTERM, SIGINT or
when its standard input closes, so that it never outlives the test that started it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from typing import Protocol

from aiohttp import web

from bridge.testing.counterparts.ledger import Json, Ledger
from bridge.testing.counterparts.temper import Mood, Temper

LARGEST_BYTES = 64 * 1024 * 1024


class Counterpart(Protocol):
    """What the program needs of a hotline or of units."""

    ledger: Ledger
    mood: Mood

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""

    def state(self) -> Json:
        """Return what a test waits for."""

    async def start(self) -> None:
        """Start background work."""

    async def stop(self) -> None:
        """Stop background work."""


class Control:
    """The control routes that every counterpart has."""

    def __init__(self, counterpart: Counterpart) -> None:
        self._counterpart = counterpart

    def routes(self) -> list[web.RouteDef]:
        """Return the common control routes."""
        return [
            web.get("/control/state", self.state),
            web.get("/control/received", self.received),
            web.post("/control/temper", self.set_temper),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Answer with the counterpart's state and the counts at its door."""
        return web.json_response({**self._counterpart.state(), "received": self._counterpart.ledger.as_json()})

    async def received(self, request: web.Request) -> web.Response:
        """Answer with the messages after ``after``, waiting up to ``wait`` seconds for the first."""
        after, wait = int(request.query.get("after", "0")), float(request.query.get("wait", "0"))
        entries = await self._counterpart.ledger.after(after, wait)
        return web.json_response({"entries": [asdict(entry) for entry in entries]})

    async def set_temper(self, request: web.Request) -> web.Response:
        """Change the counterpart's behaviour from now on."""
        temper = Temper.model_validate_json(await request.text())
        self._counterpart.mood.set(temper)
        return web.json_response(temper.model_dump(mode="json"))


def run(counterpart: Counterpart, port: int) -> None:
    """Run until told to stop."""
    asyncio.run(_run(counterpart, port))


async def _run(counterpart: Counterpart, port: int) -> None:
    """Serve, announce the address, wait for the end."""
    app = web.Application(client_max_size=LARGEST_BYTES)
    app.add_routes([*counterpart.routes(), *Control(counterpart).routes()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=3600)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    await counterpart.start()
    print(json.dumps({"url": _url(runner)}), flush=True)  # noqa: T201 - the announcement is the interface
    await _end()
    await counterpart.stop()
    await runner.cleanup()


def _url(runner: web.AppRunner) -> str:
    """Return the address the system gave us."""
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def _end() -> None:
    """Wait for a signal or for the end of standard input."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    closed, told = asyncio.create_task(reader.read()), asyncio.create_task(stopped.wait())
    await asyncio.wait({closed, told}, return_when=asyncio.FIRST_COMPLETED)
    for task in (closed, told):
        task.cancel()
