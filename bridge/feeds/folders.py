"""Which folders this process polls, by its configuration.

Owns: one loop for each adapter that is a :class:`~bridge.adapter.FolderSource`. Must not: start or stop anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bridge.adapter import FolderSource
from bridge.feeds.loop import FolderLoop
from bridge.feeds.taking import ReceiptTaker, Taker, TicketTaker
from bridge.loops import Heartbeats, Leader
from bridge.metrics import Metrics
from bridge.pipeline.service import Service
from bridge.registry import Registry

POLL_SECONDS = 1.0


def folder_loops(
    registry: Registry, service: Service, beats: Heartbeats, metrics: Metrics, owner: str
) -> Iterator[FolderLoop]:
    """Build the loops; ``owner`` is the name under which this process holds leases."""
    runtime = service.runtime

    def loop(name: str, source: FolderSource, taker: Taker) -> FolderLoop:
        leader = Leader(runtime.store, runtime.ports.clock, name, owner)
        return FolderLoop(name, source, taker, leader, runtime.ports.clock, alive=partial(beats.beat, name))

    for name, feed in registry.feeds.items():
        if isinstance(feed, FolderSource):
            found = loop(f"feed:{name}", feed, TicketTaker(service, name))
            found.refused = partial(metrics.count, "intake_rejected_total", feed=name, reason="invalid")
            yield found
    for name, channel in registry.channels.items():
        if isinstance(channel, FolderSource):
            yield loop(f"channel:{name}", channel, ReceiptTaker(service, partial(_units, service, name)))


def _units(service: Service, channel: str) -> list[str]:
    return [unit.id for unit in service.runtime.rules().policy.units.values() if unit.channel == channel]
