"""When the certificates between us and the counterparts end, or ended, for the metrics.

Owns: asking each counterpart a few times a day. Must not: judge (alert rules and ``bridge doctor`` do), or let a
counterpart that is away count as a failure of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import CertificateRefused, DeliveryError, FolderTrouble
from bridge.metrics import Metrics
from bridge.ports import Clock
from bridge.reaching import Reached, reach
from bridge.registry import Registry

LOOK_SECONDS = 15.0
ASK_SECONDS = 6 * 3600.0
PATIENCE_SECONDS = 15.0
_Asking = tuple[str, Callable[[], Awaitable[Reached]]]


@dataclass
class Certificates:
    """Watches the certificates of one process's counterparts and of our own public address."""

    registry: Registry
    public_url: str
    clock: Clock
    metrics: Metrics
    _asked_at: float = float("-inf")

    async def step(self) -> None:
        """Ask everybody if it is time again."""
        if self.clock.monotonic() - self._asked_at < ASK_SECONDS:
            return
        self._asked_at = self.clock.monotonic()
        await asyncio.gather(*(self._ask(name, ask) for name, ask in self._counterparts()))

    def _counterparts(self) -> Iterator[_Asking]:
        for name, feed in self.registry.feeds.items():
            yield f"feeds.{name}", feed.probe
        for name, channel in self.registry.channels.items():
            yield f"channels.{name}", channel.probe
        if self.public_url.startswith("https://"):
            yield "public_url", lambda: reach(self.public_url)

    async def _ask(self, name: str, ask: Callable[[], Awaitable[Reached]]) -> None:
        until = None
        with suppress(DeliveryError, FolderTrouble, TimeoutError):
            until = await _ends(ask)
        if until is not None:
            self.metrics.put("certificate_expiry_timestamp_seconds", until.timestamp(), target=name)


async def _ends(ask: Callable[[], Awaitable[Reached]]) -> datetime | None:
    """Return when the certificate ends; one that is refused for it has ended already."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await ask()).certificate_until
    except CertificateRefused as refused:
        return refused.until
