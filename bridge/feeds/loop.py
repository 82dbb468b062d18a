"""The loop of one folder: hold the lease, look, take file after file, meet a broken folder with patience.

Owns: pace and fairness, when a folder counts as troubled. Must not: know what an entry is.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bridge.adapter import FolderSource
from bridge.errors import FolderTrouble
from bridge.feeds.reading import Reading
from bridge.feeds.taking import Outcome, Taker
from bridge.folder import FileChanged, FileUnreadable, Waiting
from bridge.loops import Leader
from bridge.ports import Clock

log = structlog.get_logger(__name__)

FILES_AT_ONCE = 1000
"""Names kept in memory at a time, however many files wait."""

ENTRIES_AT_ONCE = 32
RENEW_SECONDS = 2.0
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")


class LeaseGone(Exception):
    """Another process owns the folder now; it will read the file again."""


@dataclass
class FolderLoop:
    """Polls one folder. ``alive`` is told of progress, ``refused`` how many entries were not taken."""

    name: str
    source: FolderSource
    taker: Taker
    leader: Leader
    clock: Clock
    alive: Callable[[], None] = lambda: None
    refused: Callable[[int], None] = lambda _count: None
    _prepared: bool = False
    _renewed_at: float = float("-inf")

    async def step(self) -> int:
        """Look once and take what waits; returns how many files were moved aside.

        Raises:
            StoreError: the ledger cannot be used; every file not finished stays.
            FolderTrouble: the folder cannot be used, or a file in it not be read; likewise.
        """
        if not await self._holds():
            return 0
        try:
            return await self._poll()
        except FolderTrouble:
            self._prepared = False
            raise
        except LeaseGone:
            return 0

    async def _holds(self) -> bool:
        self._renewed_at = self.clock.monotonic()
        return await self.leader.holds()

    async def _keep_lease(self) -> None:
        """Renew the lease in time. Raises LeaseGone."""
        self.alive()
        if self.clock.monotonic() - self._renewed_at >= RENEW_SECONDS and not await self._holds():
            raise LeaseGone

    async def _poll(self) -> int:
        folder = self.source.folder
        if not self._prepared:
            await asyncio.to_thread(folder.prepare)
            self._prepared = True
        moved, unreadable = 0, None
        for each in await asyncio.to_thread(folder.waiting, self.source.suffix, FILES_AT_ONCE):
            try:
                moved += await self._take(each)
            except FileUnreadable as error:
                unreadable = unreadable or error
        if unreadable is not None:
            raise unreadable
        return moved

    async def _take(self, waiting: Waiting) -> bool:
        reading = Reading(self.source, waiting)
        try:
            await asyncio.to_thread(reading.open)
            outcomes = await self._read(reading)
            await self._finish(reading, outcomes)
        except FileChanged:
            return False
        finally:
            reading.close()
        return True

    async def _read(self, reading: Reading) -> _Tally:
        tally = _Tally()
        while entries := await asyncio.to_thread(reading.next, ENTRIES_AT_ONCE):
            for outcome in await self.taker.take(entries, reading.key):
                tally.add(outcome)
            await self._keep_lease()
        return tally

    async def _finish(self, reading: Reading, tally: _Tally) -> None:
        answer = None if tally.first is None else self.source.answer(reading.name, tally.first)
        await asyncio.to_thread(reading.finish, tally.problems, answer, taken=tally.taken > 0)
        fields = {"folder": self.name, "file": shown(reading.name), "taken": tally.taken}
        if tally.problems:
            self.refused(len(tally.problems))
            log.warning("folder.entries_refused", refused=len(tally.problems), **fields)
        else:
            log.info("folder.file_taken", **fields)


@dataclass
class _Tally:
    """What became of a file's entries; ``first`` is the answer to the first one taken."""

    taken: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    first: dict[str, Any] | None = None

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        if outcome.answer is None:
            self.problems[outcome.line] = outcome.problem
            return
        self.taken += 1
        self.first = self.first or outcome.answer


def shown(name: str) -> str:
    """Return a file's name for a log: a plain one as it is, any other (it may hold a person's name) by its digest."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return f"sha256:{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"
