"""A private Unix socket that moves the business clock, for the demo and acceptance tests only.

Owns: the line protocol ``{"advance_to": INSTANT}`` → ``{"now": INSTANT}``, answered once everything due by
then has fired at its own hour. Must not: move wall time. Off unless ``BRIDGE_CLOCK_SOCKET`` names a path.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bridge.clock import SystemClock
from bridge.pipeline.service import Service


@dataclass
class ClockSocket:
    """Moves the business clock from one due rung to the next, so that each fires at its hour."""

    path: Path
    clock: SystemClock
    service: Service
    _server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        """Listen; only the owner of the process may connect."""
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        self.path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, str]:
        try:
            target = datetime.fromisoformat(json.loads(line)["advance_to"])
            await self.advance_to(target)
        except (ValueError, KeyError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}
        return {"now": self.clock.now().isoformat()}

    async def advance_to(self, target: datetime) -> None:
        """Move on to ``target``, stopping at every rung that falls due on the way."""
        store = self.service.runtime.store
        while True:
            await self.service.sweep()
            due = await store.read(store.queries.next_fire_at)
            if due is None or due > target:
                break
            self.clock.move_to(due)
        self.clock.move_to(target)
        await self.service.sweep()
