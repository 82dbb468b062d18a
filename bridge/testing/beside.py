"""A small server beside a test, on an event loop in a thread of its own.

Owns: the loop, the thread, ending both with every task. Must not: know what is served.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Self


class Beside(ABC):
    """A context manager: inside it the loop runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)

    @abstractmethod
    async def open(self) -> None:
        """Begin to serve."""

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        self._await(self.open())
        return self

    def __exit__(self, *_: object) -> None:
        """End every task, then the loop and its thread."""
        self._await(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _cancel(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self.close()

    async def close(self) -> None:  # noqa: B027 - not everybody has anything to close
        """Close what was opened."""
