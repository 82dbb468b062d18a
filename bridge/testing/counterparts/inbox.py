"""The door of a counterpart: checks a signed message, records it, and answers in its mood.

Owns: the HTTP answer to one inbound message. Must not: know what the message means.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from bridge.testing.counterparts.ledger import Json, Ledger
from bridge.testing.counterparts.temper import AFTER, Fault, Mood
from bridge.testing.counterparts.webhooks import SignatureRefused, check

Listener = Callable[[str, Json], Awaitable[None]]


class Inbox:
    """Takes messages to one or several addressees and tells ``listener`` of each first delivery."""

    def __init__(self, ledger: Ledger, mood: Mood, listener: Listener | None = None) -> None:
        self.ledger = ledger
        self.mood = mood
        self._listener = listener

    async def take(self, request: web.Request, to: str, secret: str) -> web.StreamResponse:
        """Answer one request to ``to``: 401 if forged, a fault if the dice say so, else 200."""
        raw = await request.read()
        try:
            webhook_id = check(secret, request.headers, raw, now=time.time())
        except SignatureRefused:
            self.ledger.counts.forged += 1
            return web.json_response({"detail": "签名无效"}, status=401)
        fault = self.mood.fault()
        if fault is not None and fault not in AFTER:
            return self._fail(request, fault)
        await asyncio.sleep(self.mood.delay())
        if not await self._apply(webhook_id, to, raw):
            return web.json_response({"detail": "正文不是 JSON 对象"}, status=400)
        return web.json_response({"taken": webhook_id}) if fault is None else await self._spoil(request, fault)

    async def _apply(self, webhook_id: str, to: str, raw: bytes) -> bool:
        """Record the message; False if its body is not a JSON object."""
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self.ledger.counts.unreadable += 1
            return False
        if await self.ledger.record(webhook_id, to, raw, body) and self._listener is not None:
            await self._listener(to, body)
        return True

    def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        """Fail before anything was applied."""
        self.ledger.counts.faults += 1
        if fault is Fault.GARBAGE_502:
            page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
            return web.Response(status=502, text=page, content_type="text/html")
        if fault is Fault.RESET_BEFORE:
            reset(request)
        return web.json_response({"detail": "内部错误"}, status=500)

    async def _spoil(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        """Lose the answer to a message that was applied."""
        self.ledger.counts.faults += 1
        if fault is Fault.TIMEOUT_AFTER:
            await asyncio.sleep(self.mood.temper.silence_seconds)
        if fault is not Fault.ERROR_AFTER:
            reset(request)
        return web.json_response({"detail": "内部错误"}, status=500)


def reset(request: web.Request) -> None:
    """Cut the connection with RST, as a dying peer or a middlebox does."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
