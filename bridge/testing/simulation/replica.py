"""One process of the bridge in the simulation: what ``app.py`` builds, without HTTP, and its end.

Owns: starting the real service, worker and clock loop on a store, being asked from outside, crashing.
Must not: decide when.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from bridge.core.lifecycle.work import FeedTerms
from bridge.core.policy import Rules
from bridge.delivery.targets import Targets
from bridge.delivery.worker import Worker
from bridge.errors import StoreError
from bridge.loops import Heartbeats, Leader, repeat
from bridge.metrics import Metrics
from bridge.pipeline.observe import Observer
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.service import Service
from bridge.registry import Registry
from bridge.testing.simulation.ledger import SimStore
from bridge.testing.simulation.loop import Groups
from bridge.testing.simulation.ports import SimClock, sim_ports

T = TypeVar("T")

FEED = "hotline"
LEASE = timedelta(seconds=6)
SWEEP_SECONDS = 1.0
REQUEST_SECONDS = 10.0
DRAIN_SECONDS = 5.0


class Lost(ConnectionError):
    """The request got no answer: the replica is down, died meanwhile, or took too long."""


@dataclass
class Replica:
    """A process by name; every life of it is a new object."""

    name: str
    store: SimStore
    clock: SimClock
    rules: Rules
    registry: Registry
    groups: Groups
    dice: random.Random
    metrics: Metrics = field(default_factory=Metrics)
    dead: bool = False

    def __post_init__(self) -> None:
        """Build the parts as the composition root does."""
        targets = Targets(self.registry, lambda: self.rules, {})
        terms = {FEED: FeedTerms("hotline_12345")}
        ports = sim_ports(self.clock, self.dice)
        base = "https://bridge.example"
        runtime = Runtime(self.store, ports, lambda: self.rules, terms, base, targets.placement)
        self.service = Service(runtime, Observer(self.metrics))
        self.worker = Worker(
            runtime, targets, self.metrics, self.name, self.service.after,
            concurrency=16, per_target=4, lease=LEASE,
        )  # fmt: skip
        self.service.wake = self.worker.wake
        self._leader = Leader(self.store, self.clock, "clock", self.name)

    def start(self, *, alone: bool) -> None:
        """Begin to work; ``alone`` on the database, what an earlier life had leased is free at once."""
        self.groups.start(self.name, self._live(alone=alone))

    async def _live(self, *, alone: bool) -> None:
        while alone and not await self._rescued():
            await self.clock.sleep(1.0)
        beats = Heartbeats(self.clock, self.metrics)
        loops = (self.worker.run(), repeat("clock", self._tick, self.clock, beats, every_seconds=SWEEP_SECONDS))
        await asyncio.gather(*loops)

    async def _rescued(self) -> bool:
        """Free every lease of an earlier life; a start that fails is tried again, as a supervisor would."""
        try:
            await self.worker.rescue(everything=True)
        except StoreError:
            return False
        return True

    async def _tick(self) -> None:
        if await self._leader.holds():
            await self.service.sweep()

    async def ask(self, make: Callable[[Service], Awaitable[T]]) -> T:
        """Run a request in this process. Raises Lost, or what the pipeline raises."""
        if self.dead:
            raise Lost(self.name)
        task: asyncio.Task[T] = self.groups.start(self.name, _as_coroutine(make(self.service)))
        task.add_done_callback(_fetch)
        done, _ = await asyncio.wait({task}, timeout=REQUEST_SECONDS)
        if not done or task.cancelled():
            raise Lost(self.name)
        return task.result()

    def crash(self) -> None:
        """End at once: nothing queued is committed, nothing committed is answered."""
        self.dead = True
        self.store.close()
        self.groups.cancel(self.name)

    async def terminate(self) -> None:
        """End as after SIGTERM: take no more, let what is under way finish, then go."""
        self.dead = True
        await self.worker.stop(DRAIN_SECONDS)
        await self._leader.release()
        self.crash()


async def _as_coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _fetch(task: asyncio.Task[Any]) -> None:
    """Look at a request's error, even if whoever asked has gone away."""
    if not task.cancelled():
        task.exception()
