"""Units of the county: take assignments, answer them with signed receipts.

Owns: the units' side of the contract, for one unit or several in one process. A unit either answers by
itself everything it owes, or does only what it is told through the control interface. Must not: decide
what is owed; that stands in every message and answer of the daemon.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bridge.testing.counterparts.answers import IN_ORDER, receipt
from bridge.testing.counterparts.drop import DropBox
from bridge.testing.counterparts.inbox import Inbox
from bridge.testing.counterparts.ledger import Json, Ledger
from bridge.testing.counterparts.sender import Answer, Sender
from bridge.testing.counterparts.temper import Mood, Temper

GIVE_UP_AFTER = 6
"""Refusals in a row after which an automatic unit leaves an assignment alone."""


class UnitsSettings(BaseModel):
    """How units are started: each one's shared secret, the folders of those without a system, who answers by itself."""

    model_config = ConfigDict(extra="forbid")

    secrets: dict[str, str]
    folders: dict[str, Path] = {}
    port: int = 0
    automatic: bool = True
    concurrency: int = 32
    temper: Temper = Temper()


@dataclass(slots=True)
class Part:
    """One assignment as its unit knows it from the daemon's messages and answers."""

    id: str
    unit: str
    case_id: str = ""
    role: str = "co"
    round: int = 1
    respond_url: str = ""
    owed: set[str] = field(default_factory=set)
    allowed: list[str] = field(default_factory=list)
    asked_meanwhile: set[str] = field(default_factory=set)
    receipts: int = 0
    refusals: int = 0
    busy: bool = False

    def hear(self, message: Json) -> None:
        """Learn from a message; it can only add to what is owed, since an answer may be newer."""
        self.case_id, self.role = message["case_id"], message["role"] or ""
        self.round, self.respond_url = message["round"], message["respond_url"] or ""
        self.allowed = message["allowed"]
        self.owed |= set(message["owed"])
        self.asked_meanwhile |= set(message["owed"])
        if message["type"] == "assignment.withdrawn":
            self.owed = set()

    def learn(self, answer: Json) -> None:
        """Learn from the answer to a receipt: it states what is owed, besides what was asked meanwhile."""
        self.owed = set(answer["owed"]) | self.asked_meanwhile
        self.allowed = answer["allowed"]

    def next_owed(self) -> str | None:
        """Return the receipt to give next."""
        return next((kind for kind in IN_ORDER if kind in self.owed), None)

    def as_json(self) -> Json:
        """Return the part for the control interface."""
        return {
            "assignment_id": self.id,
            "unit": self.unit,
            "case_id": self.case_id,
            "role": self.role,
            "round": self.round,
            "owed": sorted(self.owed),
            "allowed": self.allowed,
        }


class Units:
    """The state of the units of one process."""

    def __init__(self, settings: UnitsSettings) -> None:
        self.settings = settings
        self.mood = Mood(settings.temper)
        self.ledger = Ledger()
        self.sender = Sender(self.mood)
        self.refusals: list[Json] = []
        self.automatic = settings.automatic
        self._parts: dict[tuple[str, str], Part] = {}
        self._inbox = Inbox(self.ledger, self.mood, self._hear)
        self._drops = {
            unit: DropBox(unit, directory, self.ledger, self._hear) for unit, directory in settings.folders.items()
        }
        self.ledger.refresh = self._look
        self._tasks: set[asyncio.Task[None]] = set()
        self._desk = asyncio.Semaphore(settings.concurrency)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the units' own interface and of their control interface."""
        return [
            web.post("/{unit}/assignments", self.take_message),
            web.post("/control/send", self.send),
            web.post("/control/automatic", self.set_automatic),
            web.get("/control/parts", self.list_parts),
        ]

    async def start(self) -> None:
        """Watch the folders; nothing else runs before the first message."""
        self._tasks |= {asyncio.create_task(drop.watch()) for drop in self._drops.values()}

    async def _look(self) -> None:
        """Read what lies in the folders now."""
        for drop in self._drops.values():
            await drop.look()

    async def stop(self) -> None:
        """Leave everything as it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sender.close()

    async def take_message(self, request: web.Request) -> web.StreamResponse:
        """Take one message of the daemon to one of the units."""
        unit = request.match_info["unit"]
        secret = self.settings.secrets.get(unit)
        if secret is None:
            return web.json_response({"detail": f"没有单位 {unit}"}, status=404)
        return await self._inbox.take(request, unit, secret)

    async def send(self, request: web.Request) -> web.Response:
        """Send one receipt now and answer with the daemon's final answer."""
        order = await request.json()
        part = self._part(order["unit"], order["assignment_id"])
        part.respond_url = order.get("respond_url") or part.respond_url
        if not part.respond_url:
            return web.json_response({"detail": f"{part.unit} 没有收到 {part.id}"}, status=HTTPStatus.NOT_FOUND)
        answer = await self._deliver(part, order["receipt"], order.get("webhook_id"))
        return web.json_response({"status": answer.status, "body": answer.body, "attempts": answer.attempts})

    async def set_automatic(self, request: web.Request) -> web.Response:
        """Let the units answer by themselves from now on, or stop them from it."""
        self.automatic = bool((await request.json())["on"])
        for part in list(self._parts.values()):
            self._serve(part)
        return web.json_response({"automatic": self.automatic})

    async def list_parts(self, _request: web.Request) -> web.Response:
        """Answer with every assignment as its unit knows it."""
        await self._look()
        return web.json_response({"parts": [part.as_json() for part in self._parts.values()]})

    def state(self) -> Json:
        """Return what a test waits for."""
        parts = self._parts.values()
        return {
            "parts": len(parts),
            "busy": sum(part.busy for part in parts),
            "owing": sum(bool(part.owed) for part in parts),
            "refusals": self.refusals[:20],
            "sent": self.sender.as_json(),
        }

    async def _hear(self, unit: str, message: Json) -> None:
        """Take a new message to heart and start answering."""
        part = self._part(unit, message["assignment_id"] or message["case_id"])
        part.hear(message)
        self._serve(part)

    def _part(self, unit: str, assignment_id: str) -> Part:
        """Return a unit's part; two units may hear of one assignment (an escalation carries its id)."""
        return self._parts.setdefault((unit, assignment_id), Part(assignment_id, unit))

    def _serve(self, part: Part) -> None:
        """Start answering an assignment unless somebody does already."""
        if not self.automatic or part.busy or not part.owed:
            return
        part.busy = True
        task = asyncio.create_task(self._answer(part))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, part: Part) -> None:
        """Give one owed receipt after the other until nothing is owed."""
        try:
            while self.automatic and (kind := part.next_owed()) and part.refusals < GIVE_UP_AFTER:
                async with self._desk:
                    await asyncio.sleep(self.mood.delay())
                    body = receipt(kind, unit=part.unit, role=part.role, serial=part.receipts + 1)
                    await self._deliver(part, body, None)
        finally:
            part.busy = False

    async def _deliver(self, part: Part, body: Json, webhook_id: str | None) -> Answer:
        """Deliver a receipt until it is answered for good, and learn from the answer."""
        part.receipts += 1
        part.asked_meanwhile = set()
        key = webhook_id or f"{part.id}-{part.receipts}"
        drop = self._drops.get(part.unit)
        if drop is not None:
            answer = await drop.deliver(key, body)
        else:
            answer = await self.sender.deliver(part.respond_url, self.settings.secrets[part.unit], key, body)
        if answer.status in {HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT} and "owed" in answer.body:
            part.learn(answer.body)
        self._note(part, body, answer)
        return answer

    def _note(self, part: Part, body: Json, answer: Answer) -> None:
        """Count refusals in a row and keep why."""
        part.refusals = 0 if answer.status == HTTPStatus.ACCEPTED else part.refusals + 1
        if answer.status != HTTPStatus.ACCEPTED:
            self.refusals.append(
                {"unit": part.unit, "type": body.get("type"), "status": answer.status, "body": answer.body}
            )
