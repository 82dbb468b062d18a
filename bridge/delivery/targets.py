"""Which counterpart a message goes to, and how: sent, fetched, held, or shown on the console.

Owns: the way from (kind, target) to an adapter. Must not: know an adapter's name or an address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.adapter import FeedAdapter, OutboundMessage, UnitAdapter
from bridge.core.model.message import Message
from bridge.core.policy import Rules
from bridge.core.vocabulary import OutboxState
from bridge.registry import Registry
from bridge.store.outbox import Claimed, Placement
from bridge.store.stopped import SHADOW

CONSOLE = Placement(OutboxState.DELIVERED, sent=False, reason="console")
PULLED = Placement(OutboxState.READY, sent=False)
HELD = Placement(OutboxState.PARKED, sent=False, reason=SHADOW)
ORPHANED = Placement(OutboxState.PARKED, sent=False, reason="no_such_feed")
"""A push to a feed that is no longer configured: a person decides, nobody takes it for delivered."""
SENT = Placement()
COUNTER = "counter."
"""Feeds of the units' own counters; what they are told is on the console."""


class NoSuchTarget(LookupError):
    """The counterpart of a message is not configured (any more)."""


@dataclass(frozen=True)
class Targets:
    """The counterparts of this process. ``names`` maps (kind, configured name) to the adapter's type name."""

    registry: Registry
    rules: Callable[[], Rules]
    names: Mapping[tuple[str, str], str]
    shadow: bool = False

    def adapter(self, kind: str, target: str) -> FeedAdapter | UnitAdapter | None:  # type: ignore[type-arg]
        """Return the adapter that reaches a target; None if nothing does."""
        if kind == "upstream":
            return self.registry.feeds.get(target)
        unit = self.rules().policy.units.get(target)
        return self.registry.channel(unit.channel if unit else target)

    def adapter_name(self, kind: str, target: str) -> str:
        """Return the adapter's type name, the metric label."""
        if kind == "upstream":
            return self.names.get(("upstream", target), "none")
        unit = self.rules().policy.units.get(target)
        return self.names.get(("unit", unit.channel if unit else target), "none")

    def placement(self, message: Message) -> Placement:
        """Decide where a new message goes. A unit without a channel is served by its clerk."""
        adapter = self.adapter(message.kind, message.target)
        if adapter is None:
            return CONSOLE if message.kind == "unit" or message.target.startswith(COUNTER) else ORPHANED
        if self.shadow:
            return HELD
        return SENT if adapter.delivers else PULLED

    async def send(self, claimed: Claimed) -> None:
        """Make one attempt. Raises DeliveryError, NotYet, NoSuchTarget."""
        adapter = self.adapter(claimed.kind, claimed.target)
        message = OutboundMessage(claimed.key, claimed.type, claimed.payload, claimed.attempts)
        if isinstance(adapter, FeedAdapter):
            await adapter.push(message)
        elif isinstance(adapter, UnitAdapter):
            await adapter.dispatch(message)
        else:
            raise NoSuchTarget(f"{claimed.kind}:{claimed.target}")

    def is_idempotent(self, claimed: Claimed) -> bool:
        """Tell whether the channel drops a second message of one key."""
        adapter = self.adapter(claimed.kind, claimed.target)
        return adapter is not None and adapter.capabilities.idempotent

    def uncertain_targets(self) -> list[str]:
        """Return ``kind:target`` of every counterpart without duplicate protection."""
        unsafe = [f"upstream:{name}" for name, a in self.registry.feeds.items() if not a.capabilities.idempotent]
        for unit in self.rules().policy.units.values():
            channel = self.registry.channel(unit.channel)
            if channel is not None and not channel.capabilities.idempotent:
                unsafe.append(f"unit:{unit.id}")
        return unsafe
