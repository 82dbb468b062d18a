"""The network between the bridge and its counterparts, and the adapters that send through it.

Owns: what may go wrong with one message on its way, and the fakes' side of the adapter contract. Must not:
know what a message means. Every counterpart honours the key: a message it knows changes nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from bridge.adapter import (
    AdapterConfig,
    AdapterContext,
    Capabilities,
    DeliveryError,
    FailureReason,
    FeedAdapter,
    NotYet,
    OutboundMessage,
    UnitAdapter,
)
from bridge.ports import Clock
from bridge.registry import Registry
from bridge.testing.simulation.faults import Faults
from bridge.testing.simulation.trace import Trace

Json = dict[str, Any]

PATIENCE_SECONDS = (1.0, 16.0)
"""How long a caller waits for an answer; some wait longer than their lease runs."""


@dataclass
class Party:
    """A counterpart's own book: what it took, by key, in the order taken."""

    name: str
    trace: Trace
    hear: Callable[[Json], None] = lambda _body: None
    effects: dict[str, Json] = field(default_factory=dict)
    sends: int = 0

    def take(self, key: str, payload: bytes | Json) -> None:
        """Take a message; the second of one key changes nothing."""
        self.sends += 1
        body: Json = payload if isinstance(payload, dict) else orjson.loads(payload)
        self.trace.note("taken", by=self.name, key=key, again=key in self.effects)
        if key not in self.effects:
            self.effects[key] = body
            self.hear(body)


@dataclass
class Wire:
    """One message at a time; every decision is drawn from the seed."""

    dice: random.Random
    faults: Callable[[], Faults]

    async def carry(self, party: Party, message: OutboundMessage) -> None:
        """Bring a message to a party, or not. Raises DeliveryError, NotYet."""
        await asyncio.sleep(self.dice.uniform(0.0, 0.3))
        faults, fate = self.faults(), self.dice.random()
        if (fate := fate - faults.refused) < 0:
            raise DeliveryError(FailureReason.UNAVAILABLE, "HTTP 500")
        if (fate := fate - faults.rate_limited) < 0:
            raise NotYet(self.dice.uniform(0.5, 3.0), "HTTP 429")
        if (fate := fate - faults.answer_lost) < 0:
            party.take(message.key, message.payload)
            raise DeliveryError(FailureReason.UNCERTAIN, "connection reset")
        if fate - faults.stalled < 0:
            await self._stall(party, message)
        party.take(message.key, message.payload)
        self._maybe_later(party, message, faults.pushed_again / 2)
        await asyncio.sleep(self.dice.uniform(0.0, 0.2))

    async def _stall(self, party: Party, message: OutboundMessage) -> None:
        """Let the caller wait in vain; what was sent may arrive meanwhile, afterwards, or never."""
        self._maybe_later(party, message, 0.7)
        await asyncio.sleep(self.dice.uniform(*PATIENCE_SECONDS))
        raise DeliveryError(FailureReason.UNCERTAIN, "timeout")

    def _maybe_later(self, party: Party, message: OutboundMessage, likely: float) -> None:
        if self.dice.random() < likely:
            delay = self.dice.uniform(0.0, 15.0)
            asyncio.get_running_loop().call_later(delay, party.take, message.key, message.payload)


class SimFeed(FeedAdapter[AdapterConfig]):
    """An upstream that is pushed to."""

    Config = AdapterConfig
    capabilities = Capabilities(idempotent=True)
    wire: Wire
    party: Party

    async def push(self, message: OutboundMessage) -> None:
        """Send once."""
        await self.wire.carry(self.party, message)


class SimUnit(UnitAdapter[AdapterConfig]):
    """A unit's channel; ``pulls`` makes it one that fetches for itself."""

    Config = AdapterConfig
    capabilities = Capabilities(idempotent=True)
    wire: Wire
    party: Party
    pulls = False

    @property
    def delivers(self) -> bool:
        """Whether messages are sent."""
        return not self.pulls

    async def dispatch(self, message: OutboundMessage) -> None:
        """Send once."""
        await self.wire.carry(self.party, message)


def make_registry(
    feeds: Mapping[str, Party], units: Mapping[str, Party], pulling: frozenset[str], wire: Wire, clock: Clock
) -> Registry:
    """Return a replica's adapters, one for every counterpart."""
    made_feeds, made_units = {}, {}
    for name, party in feeds.items():
        made_feeds[name] = feed = SimFeed(AdapterConfig(), _context(name, clock))
        feed.wire, feed.party = wire, party
    for name, party in units.items():
        made_units[name] = unit = SimUnit(AdapterConfig(), _context(name, clock))
        unit.wire, unit.party, unit.pulls = wire, party, name in pulling
    return Registry(made_feeds, made_units)


def _context(name: str, clock: Clock) -> AdapterContext:
    return AdapterContext(name, cast("Any", None), clock)
