"""The simulated upstream: brings tickets, pushes some twice, says more about some.

Owns: what was acknowledged to it. Must not: look into the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

import orjson

from bridge.errors import IllegalTransition
from bridge.pipeline.inbound import Answer
from bridge.pipeline.service import Service
from bridge.testing.simulation.line import Line, inbound
from bridge.testing.simulation.replica import FEED
from bridge.testing.simulation.wire import Json, Party
from bridge.wire.event import parse_event
from bridge.wire.ticket import parse_ticket

_WORDS = {"supplement": {"content": "补充材料"}, "urge": {"level": "urge"}}


@dataclass
class Hotline:
    """The upstream: brings tickets, adds to them, asks for one rework now and then."""

    line: Line
    party: Party
    acked: dict[str, Json] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    busy: int = 0

    async def bring(self, body: Json, after_seconds: float) -> None:
        """Bring one ticket to its acknowledgement, perhaps twice, and perhaps say more about it."""
        self.busy += 1
        await asyncio.sleep(after_seconds)
        dice, external_id = self.line.dice, body["external_id"]
        raw = self.bodies[external_id] = orjson.dumps(body)
        self._ack(external_id, await self._push(f"push-{external_id}", raw))
        if dice.random() < self.line.faults().pushed_again:
            self._ack(external_id, await self._push(f"again-{external_id}", raw))
        if dice.random() < 0.4:  # noqa: PLR2004 - two tickets in five hear more from their upstream
            await asyncio.sleep(dice.uniform(0.0, 20.0))
            await self.say(external_id, dice.choice(("urge", "supplement", "rework", "rework")))
        self.busy -= 1

    async def _push(self, webhook_id: str, raw: bytes) -> Answer:
        def send(service: Service) -> Awaitable[Answer]:
            draft = parse_ticket(raw, service.runtime.now())
            return service.accept_ticket(FEED, draft, inbound(f"feed:{FEED}", webhook_id, raw))

        return await self.line.post(webhook_id, send)

    def _ack(self, external_id: str, answer: Answer) -> None:
        first = self.acked.setdefault(external_id, answer.body)
        same = ("ticket_id", "case_id")
        if [first[name] for name in same] != [answer.body[name] for name in same]:
            self.line.wrong.append(f"{external_id} acknowledged as {first}, then as {answer.body}")

    async def say(self, external_id: str, type_: str) -> None:
        """Send an event; one that is not possible now is dropped."""
        raw = orjson.dumps({"external_id": external_id, "type": type_, **_WORDS.get(type_, {})})
        webhook_id = f"{type_}-{external_id}"

        def send(service: Service) -> Awaitable[Answer]:
            event = parse_event(raw, service.runtime.now())
            return service.accept_event(FEED, event, inbound(f"feed:{FEED}", webhook_id, raw))

        try:
            await self.line.post(webhook_id, send)
        except IllegalTransition:
            self.line.trace.note("refused", id=webhook_id)
