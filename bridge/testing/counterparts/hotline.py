"""A 12345 hotline: pushes signed tickets and events, takes what the daemon pushes back.

Owns: the upstream's side of the contract. Must not: answer for a unit.
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bridge.testing.counterparts.inbox import Inbox
from bridge.testing.counterparts.ledger import Json, Ledger
from bridge.testing.counterparts.sender import Answer, Sender
from bridge.testing.counterparts.temper import Mood, Temper
from bridge.testing.counterparts.webhooks import SignatureRefused, check

PAGE = 2
"""Tickets to a page of the list: few, so that tests turn pages."""


class HotlineSettings(BaseModel):
    """How a hotline is started: where the daemon is, which of its feeds it serves, the shared secret."""

    model_config = ConfigDict(extra="forbid")

    bridge_url: str
    secret: str
    feed: str = "hotline"
    port: int = 0
    concurrency: int = 16
    temper: Temper = Temper()


class Hotline:
    """The state of one hotline: what it has sent, what was accepted, what came back."""

    def __init__(self, settings: HotlineSettings) -> None:
        self.settings = settings
        self.mood = Mood(settings.temper)
        self.ledger = Ledger()
        self.sender = Sender(self.mood)
        self.accepted: dict[str, Json] = {}
        self.given: dict[str, Json] = {}
        self.refusals: list[Json] = []
        self._inbox = Inbox(self.ledger, self.mood)
        self._waiting: asyncio.Queue[Json] = asyncio.Queue()
        self._unanswered = 0
        self._serial = 0
        self._workers: list[asyncio.Task[None]] = []

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the hotline's own interface and of its control interface."""
        return [
            web.post("/pushes", self.take_push),
            web.get("/tickets", self.list_tickets),
            web.post("/control/keep", self.keep),
            web.post("/control/send", self.send),
            web.post("/control/load", self.load),
            web.get("/control/accepted", self.list_accepted),
        ]

    async def start(self) -> None:
        """Start the workers that send what was loaded."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self.settings.concurrency)]

    async def stop(self) -> None:
        """Stop the workers; what was not answered yet stays unsent."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self.sender.close()

    async def take_push(self, request: web.Request) -> web.StreamResponse:
        """Take one push of the daemon."""
        return await self._inbox.take(request, self.settings.feed, self.settings.secret)

    async def list_tickets(self, request: web.Request) -> web.StreamResponse:
        """Answer the daemon's question what it was given, ``PAGE`` tickets at a time, and which replies arrived."""
        try:
            check(self.settings.secret, request.headers, b"", now=time.time())
        except SignatureRefused:
            return web.json_response({"detail": "签名无效"}, status=HTTPStatus.UNAUTHORIZED)
        start = int(request.query.get("after", "0"))
        tickets = list(self.given.values())
        more = start + PAGE < len(tickets)
        replied = [e.body for e in self.ledger.entries if e.body["type"] == "ticket.replied"]
        replies = [{"external_id": body["external_id"], "round": body["round"]} for body in replied]
        page = {
            "tickets": tickets[start : start + PAGE],
            "replies": replies,
            "next": str(start + PAGE) if more else None,
        }
        return web.json_response(page)

    async def keep(self, request: web.Request) -> web.Response:
        """Have tickets that are never sent: pushes that got lost."""
        for ticket in (await request.json())["tickets"]:
            self.given[str(ticket["external_id"])] = ticket
        return web.json_response({"given": len(self.given)})

    async def send(self, request: web.Request) -> web.Response:
        """Send one ticket or event now and answer with the daemon's final answer."""
        order = await request.json()
        answer = await self._deliver(order["to"], order["body"], order.get("webhook_id"))
        return web.json_response({"status": answer.status, "body": answer.body, "attempts": answer.attempts})

    async def load(self, request: web.Request) -> web.Response:
        """Queue tickets to be sent by the workers."""
        tickets: list[Json] = (await request.json())["tickets"]
        self._unanswered += len(tickets)
        for ticket in tickets:
            self._waiting.put_nowait(ticket)
        return web.json_response({"unanswered": self._unanswered}, status=HTTPStatus.ACCEPTED)

    async def list_accepted(self, _request: web.Request) -> web.Response:
        """Answer with every ticket that got its 202: external id to ids."""
        return web.json_response(self.accepted)

    def state(self) -> Json:
        """Return what a test waits for."""
        return {
            "unanswered": self._unanswered,
            "accepted": len(self.accepted),
            "refusals": self.refusals[:20],
            "sent": self.sender.as_json(),
        }

    async def _work(self) -> None:
        """Send one loaded ticket after the other."""
        while True:
            ticket = await self._waiting.get()
            await asyncio.sleep(self.mood.delay())
            await self._deliver("tickets", ticket, None)
            self._unanswered -= 1

    async def _deliver(self, to: str, body: Json, webhook_id: str | None) -> Answer:
        """Deliver a ticket or an event until it is answered for good, and note the outcome."""
        self._serial += 1
        if to == "tickets":
            self.given[str(body.get("external_id"))] = body
        key = webhook_id or f"{self.settings.feed}-{to}-{self._serial}"
        url = f"{self.settings.bridge_url}/v1/feeds/{self.settings.feed}/{to}"
        answer = await self.sender.deliver(url, self.settings.secret, key, body)
        self._note(to, body, answer)
        return answer

    def _note(self, to: str, body: Json, answer: Answer) -> None:
        """Remember an accepted ticket, or why something was refused."""
        external_id: Any = body.get("external_id")
        if answer.status != HTTPStatus.ACCEPTED:
            self.refusals.append({"external_id": external_id, "status": answer.status, "body": answer.body})
        elif to == "tickets":
            self.accepted[str(external_id)] = answer.body
