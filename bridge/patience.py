"""Asking something that may hang, such as a database whose disk or network has stopped.

Owns: how long whoever asks waits, and that a hanging call is never begun a second time beside itself, which would use
up one connection a scrape. Must not: know what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bridge.errors import Unavailable

T = TypeVar("T")

PATIENCE_SECONDS = 4.0
"""Well under what Prometheus (10 s) and a load balancer's probe wait for an answer."""


@dataclass
class Patience(Generic[T]):
    """Waits for one call at a time, each no longer than ``seconds``."""

    seconds: float = PATIENCE_SECONDS
    _running: asyncio.Task[T] | None = field(init=False, default=None)
    _one_at_a_time: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def wait_for(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what the call returns; where an earlier one still hangs, that one is waited for instead.

        Raises Unavailable when it takes too long; the call goes on. Raises what the call raises.
        """
        try:
            async with asyncio.timeout(self.seconds), self._one_at_a_time:
                return await asyncio.shield(self._begun(call))
        except TimeoutError:
            raise Unavailable(f"数据库 {self.seconds:g} 秒没有应答") from None

    def _begun(self, call: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(call())
            self._running.add_done_callback(_hear)
        return self._running


def _hear(task: asyncio.Task[Any]) -> None:
    """Take note of an error that nobody waits for any more; the next call will meet its own."""
    if not task.cancelled():
        task.exception()
