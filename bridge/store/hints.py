"""A word from one replica to the others that there may be something to send (PostgreSQL's LISTEN/NOTIFY).

Owns: one connection beside the pool, and opening it again. Must not: carry work, or be relied on: a lost word costs
time until the next look at the outbox, nothing else. Whoever begins to hear looks at once, for what was said before.
Behind a pooler in transaction mode nobody can listen, so nobody speaks either.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.engine import URL

from bridge.ports import Clock
from bridge.store import engine as engines

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 5.0
"""After so long a lost connection is tried again."""
PROOF_SECONDS = 30.0
"""A connection nothing was heard on for so long has to answer, or it counts as lost."""
PAUSE_SECONDS = 0.05
"""What is said within this span is said once: a crowd of tickets must not wake every replica for each."""


@dataclass
class Hints:
    """One process's line. ``heard`` is called for every word and after every new connection; without it, it only speaks."""

    url: URL
    region: str
    clock: Clock
    heard: Callable[[], None] | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _due: asyncio.Event = field(default_factory=asyncio.Event)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def channel(self) -> str:
        """Where a county's replicas meet; other counties may share the database."""
        return f"ticket_bridge_{self.region}"

    def tell(self) -> None:
        """Say soon that there is something to send; never waits, never fails."""
        self._due.set()
        self._stirred.set()

    async def run(self) -> None:
        """Listen and speak until cancelled; without a connection, try again and again."""
        if not engines.keeps_sessions(self.url):
            return
        while True:
            try:
                async with self._line() as driver:
                    await self._serve(driver)
            except Exception as error:  # noqa: BLE001 - a hint that fails is no failure; polling goes on
                log.info("hints.lost", error=type(error).__name__)
            self.connected.clear()
            await self.clock.sleep(AGAIN_SECONDS)

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Any]:
        """Open the driver's connection, which stays outside every transaction."""
        pool = engines.postgres_engine(self.url, connections=1)
        try:
            async with pool.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.add_termination_listener(lambda _: self._stirred.set())
                yield driver
        finally:
            await pool.dispose()

    async def _serve(self, driver: Any) -> None:
        """Be on the line until it breaks."""
        if self.heard is not None:
            await driver.add_listener(self.channel, self._on_word)
            self.heard()
        self.connected.set()
        while not driver.is_closed():
            self._stirred.clear()
            if self._due.is_set():
                self._due.clear()
                await driver.execute("SELECT pg_notify($1, '')", self.channel)
                await self.clock.sleep(PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), PROOF_SECONDS)
                continue
            await driver.execute("SELECT 1")
        raise ConnectionResetError

    def _on_word(self, *_: object) -> None:
        if self.heard is not None:
            self.heard()
