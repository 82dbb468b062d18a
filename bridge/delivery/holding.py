"""Shadow mode's guard in place of the worker: what would leave is held, whatever put it in the queue.

Owns: the hold, and what a person is told of held messages afterwards. Must not: send or release anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.ports import Clock
from bridge.store.store import Store

HOLD_SECONDS = 1.0
COUNT_SECONDS = 15.0
_REMEDY = "用 bridge replay --reason shadow 补发，或用 bridge outbox by-hand、drop 了结"


@dataclass
class Holding:
    """Holds everything while ``shadow``; counts what is still held in either mode."""

    store: Store
    clock: Clock
    shadow: bool
    unsafe: Sequence[str] = ()
    held: int = 0
    _counted_at: float = field(default=float("-inf"))

    async def step(self) -> None:
        """Hold what waits, also what a process that died was sending; count now and then."""
        if self.shadow:
            await self._hold()
        if self.clock.monotonic() - self._counted_at >= COUNT_SECONDS:
            self.held = await self.store.read(self.store.stopped.held)
            self._counted_at = self.clock.monotonic()

    async def _hold(self) -> None:
        store, wall = self.store, self.clock.wall()
        mine = "shadow" if store.single else None
        await store.write(lambda tx: store.outbox.rescue(tx, wall, uncertain_targets=self.unsafe, mine=mine))
        if await store.write(store.stopped.hold):
            self._counted_at = float("-inf")

    def warnings(self) -> list[str]:
        """Return what a person should know of held messages, in Chinese."""
        if self.shadow:
            return [f"shadow 模式：照常计算，一切外发都扣住（现有 {self.held} 件）"]
        if self.held:
            return [f"另有 {self.held} 件消息是 shadow 模式扣住的，不会自动发出；{_REMEDY}"]
        return []
