"""Mistakes planted into the real code, one at a time, to see whether the simulation finds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from bridge.delivery.targets import Targets
from bridge.delivery.worker import Worker
from bridge.pipeline import settle
from bridge.pipeline.commit import Committed
from bridge.pipeline.service import Service
from bridge.store.codec import table_of
from bridge.store.outbox import Claimed, OutboxStore
from bridge.store.tables import OutboxRow

Plant = Callable[[pytest.MonkeyPatch], None]
_T = table_of(OutboxRow)


def marks_before_sending(patch: pytest.MonkeyPatch) -> None:
    """The worker settles a message as delivered, then sends it."""

    async def deliver(self: Worker, claimed: Claimed) -> None:
        runtime = self.runtime
        self.after(await runtime.store.write(lambda tx: settle.delivered(tx, runtime, claimed)))
        await self._send(claimed)

    patch.setattr(Worker, "_deliver", deliver)


def draws_a_new_key_for_every_attempt(patch: pytest.MonkeyPatch) -> None:
    """The first attempt goes under the message's key, every further one under another."""
    send = Targets.send

    async def renamed(self: Targets, claimed: Claimed) -> None:
        again = f"-{claimed.attempts}" if claimed.attempts > 1 else ""
        await send(self, replace(claimed, key=claimed.key + again))

    patch.setattr(Targets, "send", renamed)


def writes_decision_and_outbox_in_two_transactions(patch: pytest.MonkeyPatch) -> None:
    """The case is committed first, its messages are queued by a second unit of work."""
    put, after = OutboxStore.put, Service.after

    def forget(self: OutboxStore, tx: Any, messages: Any, wall: Any) -> None:
        """Leave it to the second transaction."""

    async def queue(service: Service, committed: Committed) -> None:
        runtime = service.runtime
        placed = [(message, runtime.placement(message)) for message in committed.decision.messages]
        await runtime.store.write(lambda tx: put(runtime.store.outbox, tx, placed, runtime.wall()))
        service.wake()

    def then_queue(self: Service, committed: Committed | None) -> None:
        after(self, committed)
        if committed is not None and committed.decision.messages:
            task = asyncio.get_running_loop().create_task(queue(self, committed))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    patch.setattr(OutboxStore, "put", forget)
    patch.setattr(Service, "after", then_queue)


def settles_without_fence(patch: pytest.MonkeyPatch) -> None:
    """A worker settles a row whoever holds it now."""

    def settle_anyway(self: OutboxStore, tx: Any, claimed: Claimed, state: Any, **changes: Any) -> None:
        values = {"due_at": None, "reason": None, "delivered_at": None, **changes}
        values["last_error"] = values.pop("error", None)
        row = update(_T).where(_T.c.region_code == self.region, _T.c.key == claimed.key)
        tx.write(row.values(state=state.value, lease_owner=None, lease_until=None, **values))

    patch.setattr(OutboxStore, "settle", settle_anyway)


def forgets_the_webhook_id(patch: pytest.MonkeyPatch) -> None:
    """A request that is repeated is executed again."""
    from bridge.store.inbound import InboundStore

    patch.setattr(InboundStore, "first_answer", lambda self, tx, inbound: None)
    patch.setattr(InboundStore, "remember", lambda self, tx, inbound, answer, wall: None)


def drops_what_was_refused(patch: pytest.MonkeyPatch) -> None:
    """A message whose fate is unknown is taken for delivered."""

    def give_up(tx: Any, runtime: Any, claimed: Claimed, at: Any, reason: str, error: str) -> None:
        settle.delivered(tx, runtime, claimed)

    patch.setattr(settle, "postponed", give_up)


PLANTS: list[Plant] = [
    marks_before_sending,
    draws_a_new_key_for_every_attempt,
    writes_decision_and_outbox_in_two_transactions,
    settles_without_fence,
    forgets_the_webhook_id,
    drops_what_was_refused,
]
