"""An event loop whose time is a number: nobody waits, and what is ready runs in an order drawn from the seed.

Owns: virtual time and the shuffle. Must not: touch a socket, a thread or the real clock.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextvars import Context
from typing import Any


class Stuck(RuntimeError):
    """Nothing is ready and nothing is scheduled: whoever waits would wait for ever."""


class SimLoop(asyncio.BaseEventLoop):
    """Virtual time starts at 0 (a large start would lose the small steps of a float)."""

    def __init__(self, dice: random.Random) -> None:
        """Draw the order of callbacks from ``dice``."""
        super().__init__()
        self._dice = dice
        self._virtual_seconds = 0.0
        self._selector = self

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._virtual_seconds

    def select(self, timeout: float | None) -> Sequence[Any]:
        """Let the time until the next timer pass at once."""
        if timeout is None:
            raise Stuck("every task waits for something that nobody will do")
        self._virtual_seconds += timeout
        return ()

    def _run_once(self) -> None:
        self._dice.shuffle(self._ready)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]

    def _process_events(self, event_list: Sequence[Any]) -> None:
        """There are no events: nothing here reads from a socket."""

    def _write_to_self(self) -> None:
        """Nothing sleeps, so nothing needs to be woken."""


class Groups:
    """Tasks by the group they were started in, so that all of one replica can be ended at once.

    A task belongs to the group of the task that started it; :meth:`start` opens one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Become the task factory of ``loop``."""
        self._tasks: dict[asyncio.Task[Any], str] = {}
        self._group = ""
        loop.set_task_factory(self._make)

    def _make(self, loop: asyncio.AbstractEventLoop, coro: Any, context: Context | None = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=context)
        parent = _running(loop)
        group = self._group or (self._tasks.get(parent, "") if parent else "")
        if group:
            self._tasks[task] = group
            task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def start(self, group: str, coro: Any) -> asyncio.Task[Any]:
        """Start a task in a group."""
        self._group = group
        try:
            return asyncio.get_running_loop().create_task(coro)
        finally:
            self._group = ""

    def cancel(self, group: str) -> int:
        """Cancel every task of a group; returns how many there were."""
        tasks = [task for task, owner in self._tasks.items() if owner == group]
        for task in tasks:
            task.cancel()
        return len(tasks)


def _running(loop: asyncio.AbstractEventLoop) -> asyncio.Task[Any] | None:
    return asyncio.current_task(loop) if loop.is_running() else None
