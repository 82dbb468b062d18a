"""What a counterpart has received, by webhook-id, in order of first arrival.

Owns: the record on which tests and the demo judge the daemon: effects, repeats, conflicts, forgeries.
Must not: answer HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Entry:
    """One message by its webhook-id; ``times`` counts its applied deliveries, ``body`` is the first one's."""

    number: int
    webhook_id: str
    to: str
    body: Json
    digest: str
    times: int = 1


@dataclass(slots=True)
class Counts:
    """What happened at the door."""

    deliveries: int = 0
    repeated: int = 0
    conflicting: int = 0
    forged: int = 0
    unreadable: int = 0
    faults: int = 0


class Ledger:
    """Every message that was applied, once per webhook-id."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.counts = Counts()
        self.refresh: Callable[[], Awaitable[None]] | None = None
        self._by_id: dict[str, Entry] = {}
        self._news = asyncio.Condition()

    async def record(self, webhook_id: str, to: str, raw: bytes, body: Json) -> bool:
        """Take one delivery; return True if it is the first under its webhook-id."""
        self.counts.deliveries += 1
        digest = hashlib.sha256(raw).hexdigest()
        known = self._by_id.get(webhook_id)
        if known is not None:
            self._repeat(known, to, digest)
            return False
        entry = Entry(len(self.entries) + 1, webhook_id, to, body, digest)
        self.entries.append(entry)
        self._by_id[webhook_id] = entry
        async with self._news:
            self._news.notify_all()
        return True

    def _repeat(self, known: Entry, to: str, digest: str) -> None:
        """Count a delivery under a known webhook-id; another body or address is a conflict."""
        known.times += 1
        self.counts.repeated += 1
        if (known.to, known.digest) != (to, digest):
            self.counts.conflicting += 1

    async def after(self, number: int, wait_seconds: float) -> list[Entry]:
        """Return the entries after ``number``; wait up to ``wait_seconds`` for the first of them."""
        if self.refresh is not None:
            await self.refresh()
        if len(self.entries) <= number and wait_seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds), self._news:
                    await self._news.wait_for(lambda: len(self.entries) > number)
        return self.entries[number:]

    def as_json(self) -> Json:
        """Return the counts for the control interface."""
        return {"distinct": len(self.entries), **asdict(self.counts)}
