"""A unit's side of a shared folder: reads ``out/``, writes receipts to ``in/`` and finds their fate beside them.

Owns: the files of one unit. Must not: import the daemon, or know what a message means. Source: contract section 7.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from http import HTTPStatus
from pathlib import Path

from bridge.testing.counterparts.inbox import Listener
from bridge.testing.counterparts.ledger import Json, Ledger
from bridge.testing.counterparts.sender import Answer

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60.0
LONG_AGO = 1_700_000_000.0
"""What our files are dated: a file written just now is left alone for two seconds."""


class DropBox:
    """The folder of one unit."""

    def __init__(self, unit: str, directory: Path, ledger: Ledger, listener: Listener) -> None:
        self.unit = unit
        self.directory = directory
        self._ledger = ledger
        self._listener = listener
        self._seen: set[str] = set()
        self._looking = asyncio.Lock()

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> None:
        """Take every message that was not seen yet, oldest first."""
        async with self._looking:
            out = self.directory / "out"
            fresh = [p for p in out.glob("*.json") if p.name not in self._seen] if out.is_dir() else []
            for path in sorted(fresh, key=lambda path: path.stat().st_mtime_ns):
                self._seen.add(path.name)
                raw = path.read_bytes()
                body = json.loads(raw)
                if await self._ledger.record(f"{self.unit}/{path.name}", self.unit, raw, body):
                    await self._listener(self.unit, body)

    async def deliver(self, name: str, body: Json) -> Answer:
        """Hand in a receipt and wait for its fate: 202 with the answer, or 409 with the reason."""
        inbox = self.directory / "in"
        inbox.mkdir(parents=True, exist_ok=True)
        temporary = inbox / f"{name}.tmp"
        temporary.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
        os.utime(temporary, (LONG_AGO, LONG_AGO))
        temporary.rename(inbox / f"{name}.json")
        deadline = time.monotonic() + PATIENCE_SECONDS
        fates = {
            self.directory / "done" / f"{name}.answer.json": HTTPStatus.ACCEPTED,
            self.directory / "bad" / f"{name}.error.json": HTTPStatus.CONFLICT,
        }
        while time.monotonic() < deadline:
            for path, status in fates.items():
                if path.exists():
                    return Answer(status, json.loads(path.read_bytes()), 1)
            await asyncio.sleep(POLL_SECONDS)
        return Answer(HTTPStatus.GATEWAY_TIMEOUT, {"detail": f"{name} 没有被取走"}, 1)
