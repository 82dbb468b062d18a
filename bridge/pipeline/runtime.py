"""What every use case is given: the rules of the moment, the ports, the feeds, where messages go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.core.lifecycle.work import Context, FeedTerms
from bridge.core.model.event import SYSTEM, Actor
from bridge.core.model.message import Message
from bridge.core.policy import Rules
from bridge.core.vocabulary import OutboxState
from bridge.ports import Ports
from bridge.store.outbox import Placement
from bridge.store.store import Store


@dataclass
class Runtime:
    """The pipeline's surroundings. ``rules`` returns the snapshot of the moment; a use case reads it once.

    ``shadow``: everything is computed and nothing leaves, not even by being fetched.
    """

    store: Store
    ports: Ports
    rules: Callable[[], Rules]
    feeds: Mapping[str, FeedTerms]
    respond_base: str
    placement: Callable[[Message], Placement] = field(default=lambda _message: Placement())
    shadow: bool = False

    def context(self, actor: Actor = SYSTEM, cause: str = "") -> Context:
        """Return the context of one decision, at this moment of the business clock."""
        return Context(
            now=self.now(),
            rules=self.rules(),
            feeds=self.feeds,
            respond_base=self.respond_base,
            actor=actor,
            cause=cause,
            reaches=self._reaches,
        )

    def _reaches(self, message: Message) -> bool:
        """Tell whether somebody is sent a message, or may fetch it; else it counts as delivered at once."""
        return self.placement(message).state is not OutboxState.DELIVERED

    def now(self) -> datetime:
        """Business time."""
        return self.ports.clock.now()

    def wall(self) -> datetime:
        """Wall time."""
        return self.ports.clock.wall()
