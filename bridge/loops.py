"""The loops of a process: each says when it last did its work, none dies silently.

Owns: running a step again and again, holding the lease of a singleton, backing off after a failure.
Must not: know what a step does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bridge.errors import FolderTrouble, StoreError, Unavailable
from bridge.metrics import Metrics
from bridge.ports import Clock
from bridge.store.store import Store

log = structlog.get_logger(__name__)

LEASE_SECONDS = 6.0
"""A dead leader's lease ends after this, so another replica takes over within ten seconds."""
LONGEST_REST_SECONDS = 30.0
DATABASE_REST_SECONDS = 5.0
"""A lost database is looked for so often: a process is ready again only when every loop has found it."""


@dataclass
class Heartbeats:
    """When each loop last did its work, as a metric and for readiness."""

    clock: Clock
    metrics: Metrics
    patience: timedelta = timedelta(seconds=30)
    last: dict[str, datetime] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    """Why a loop cannot use the database, until it can: reading may go on where nothing can be written."""

    def beat(self, loop: str) -> None:
        """Note that a loop did its work now."""
        self.last[loop] = self.clock.wall()
        self.lost.pop(loop, None)
        self.metrics.put("loop_last_success_timestamp_seconds", self.last[loop].timestamp(), loop=loop)

    def alive(self, loop: str) -> None:
        """Note that a loop runs although a counterpart keeps it from its work: the process is well, the series stands."""
        self.last[loop] = self.clock.wall()

    def failed(self, loop: str, reason: str) -> None:
        """Count a step that was not done; ``reason`` is one of ``series.LOOP_FAILURES``."""
        self.metrics.count("loop_failures_total", loop=loop, reason=reason)

    def lacking(self) -> list[str]:
        """Say what keeps loops from their work, in Chinese: a lost database, or a silence longer than they may keep."""
        wall = self.clock.wall()
        silent = [f"循环 {loop} 已停顿" for loop, at in self.last.items() if wall - at > self.patience]
        return [*dict.fromkeys(self.lost.values()), *silent]


@dataclass
class Leader:
    """Whether this process leads a singleton loop; renewed with every step."""

    store: Store
    clock: Clock
    name: str
    owner: str

    async def holds(self) -> bool:
        """Take or renew the lease; False while another process leads."""
        wall = self.clock.wall()
        until = wall + timedelta(seconds=LEASE_SECONDS)
        return await self.store.write(lambda tx: self.store.leases.hold(tx, self.name, self.owner, wall, until))

    async def release(self) -> None:
        """Let another process lead at once."""
        wall = self.clock.wall()
        with contextlib.suppress(StoreError):
            await self.store.write(lambda tx: self.store.leases.release(tx, self.name, self.owner, wall))


async def repeat(
    name: str, step: Callable[[], Awaitable[object]], clock: Clock, beats: Heartbeats, *, every_seconds: float
) -> None:
    """Run ``step`` for ever; a failing database is met with patience, a bug with a traceback, neither with silence."""
    failures, longest = 0, LONGEST_REST_SECONDS
    beats.metrics.initialise_loop(name)
    while True:
        try:
            await step()
            beats.beat(name)
            failures, longest = 0, LONGEST_REST_SECONDS
        except StoreError as error:
            failures, longest = failures + 1, DATABASE_REST_SECONDS
            beats.failed(name, "database")
            if isinstance(error, Unavailable):
                beats.lost[name] = str(error)
            log.warning("loop.failed", loop=name, error=type(error).__name__, why=str(error))
        except FolderTrouble as error:
            failures, longest = failures + 1, LONGEST_REST_SECONDS
            beats.alive(name)
            beats.failed(name, "folder")
            log.error("folder.trouble", loop=name, problem=str(error), failures=failures)  # noqa: TRY400 - no bug, no traceback
        except asyncio.CancelledError:
            raise
        except Exception:
            failures, longest = failures + 1, LONGEST_REST_SECONDS
            beats.failed(name, "bug")
            log.exception("loop.crashed", loop=name)
        await clock.sleep(min(every_seconds * 2 ** min(failures, 5), longest))
