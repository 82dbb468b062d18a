"""The way from a counterpart to whichever replica is up.

Owns: the persistence of an honest client: the same request under the same webhook-id until it is answered for
good. Must not: know what is asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import StoreError
from bridge.pipeline.inbound import Answer, Inbound
from bridge.pipeline.service import Service
from bridge.testing.simulation.faults import Faults
from bridge.testing.simulation.replica import Lost, Replica
from bridge.testing.simulation.trace import Trace


@dataclass
class Line:
    """The way to whichever replica is up, with the persistence of a good client."""

    replicas: Callable[[], list[Replica]]
    dice: random.Random
    faults: Callable[[], Faults]
    trace: Trace
    wrong: list[str] = field(default_factory=list)

    async def ask(self, what: str, make: Callable[[Service], Awaitable[Any]]) -> Any:
        """Ask until there is an answer or a refusal (which is raised)."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.0, 0.2))
            replica = self.dice.choice(self.replicas())
            try:
                return await replica.ask(make)
            except (Lost, StoreError) as error:
                self.trace.note("unanswered", what=what, error=type(error).__name__)
                await asyncio.sleep(self.dice.uniform(0.2, 3.0))

    async def post(self, webhook_id: str, send: Callable[[Service], Awaitable[Answer]]) -> Answer:
        """Post under a webhook-id; what is posted again later must get the same answer."""
        answer: Answer = await self.ask(webhook_id, send)
        self.trace.note("answered", id=webhook_id, body=sorted(answer.body.items()))
        if self.dice.random() < self.faults().pushed_again:
            await asyncio.sleep(self.dice.uniform(0.0, 5.0))
            again = await self.ask(webhook_id, send)
            if again != answer:
                self.wrong.append(f"{webhook_id}: first answer {answer}, then {again}")
        return answer


def inbound(source: str, webhook_id: str, body: bytes) -> Inbound:
    """Return the identity of a signed request."""
    return Inbound(source, webhook_id, hashlib.sha256(body).hexdigest())
