"""What an outbox promises on any database and with either claim: leases, fences, order, rescue, nothing blindly resent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bridge.core.model.message import Message
from bridge.core.vocabulary import MessageType, OutboxState
from bridge.errors import LeaseLost
from bridge.store import migrate
from bridge.store.outbox import Claimed, Placement
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.store_suite.database import NOW, Database

LEASE = timedelta(seconds=25)
PULLED = Placement(OutboxState.READY, sent=False)


def message(number: int, *, target: str = "tax", group: str | None = None) -> Message:
    """Return a message of its own group, or of ``group``."""
    return Message(
        key=f"m{number}",
        kind="unit",
        target=target,
        type=MessageType.ASSIGNMENT_DISPATCHED,
        case_id="c1",
        group=group or f"g{number}",
        serial=number,
        payload={"number": number, "text": "张三"},
    )


async def put(store: Store, *messages: Message, placement: Placement | None = None) -> None:
    """Queue messages."""
    placed = [(each, placement or Placement()) for each in messages]
    await store.write(lambda tx: store.outbox.put(tx, placed, NOW))


async def claim(store: Store, *, at: Any = NOW, count: int = 10, **more: Any) -> list[Claimed]:
    """Claim as a worker does."""
    until = at + LEASE
    return await store.write(lambda tx: store.outbox.claim(tx, owner="w", count=count, wall=at, until=until, **more))


async def states(store: Store) -> dict[str, str]:
    """Return the state of every message."""
    rows = await store.read(lambda tx: store.outbox.listing(tx, state=None, target=None, limit=100))
    return {row["key"]: row["state"] for row in rows}


class OutboxSuite:
    """Messages are sent by one worker at a time, in order within a group, and never lost."""

    async def test_messages_of_a_merged_case_are_cancelled_unless_somebody_may_have_them(self, store: Store) -> None:
        """Messages of a merged case are cancelled unless somebody may have them."""
        mine = [replace(message(n), assignment_id=f"c1a{n}") for n in range(1, 5)]
        await put(store, *mine[:2])
        (leased, tried) = await claim(store)
        await store.write(lambda tx: store.outbox.settle(tx, tried, OutboxState.READY, due_at=NOW))
        await put(store, mine[2], replace(message(5), case_id="c2", assignment_id="c2a5"))
        await put(store, mine[3], placement=PULLED)
        heard = await store.write(lambda tx: store.outbox.cancel_for_units(tx, "c1"))
        assert heard == {f"c1a{leased.key[1:]}", f"c1a{tried.key[1:]}"}
        cancelled = {key for key, state in (await states(store)).items() if state == "cancelled"}
        assert cancelled == {tried.key, "m3", "m4"}
        assert [each.key for each in await claim(store)] == ["m5"]

    async def test_a_claimed_message_is_not_claimed_again(self, store: Store) -> None:
        """A claimed message is not claimed again."""
        await put(store, message(1), message(2))
        claimed = await claim(store)
        assert sorted(each.key for each in claimed) == ["m1", "m2"]
        assert b'"number":1' in next(each.payload for each in claimed if each.key == "m1")
        assert await claim(store) == []

    async def test_many_claimers_at_once_never_share_a_message_nor_exceed_their_count(self, database: Database) -> None:
        """Many claimers at once never share a message nor exceed their count."""
        stores = [await database.open() for _ in range(database.replicas)]
        await put(stores[0], *[message(number) for number in range(60)])
        batches = await asyncio.gather(*[claim(stores[number % len(stores)], count=7) for number in range(8)])
        keys = [each.key for batch in batches for each in batch]
        assert len(keys) == len(set(keys))
        assert all(len(batch) <= 7 for batch in batches)
        rest = [each.key for each in await claim(stores[0], count=60)]
        assert sorted(keys + rest) == sorted(f"m{number}" for number in range(60))

    async def test_a_group_leaves_in_order_and_others_do_not_wait_for_it(self, store: Store) -> None:
        """A group leaves in order and others do not wait for it."""
        await put(store, message(1, group="a"), message(2, group="a"), message(3, group="b"))
        first = await claim(store)
        assert sorted(each.key for each in first) == ["m1", "m3"]
        done = next(each for each in first if each.key == "m1")
        await store.write(lambda tx: store.outbox.settle(tx, done, OutboxState.DELIVERED, delivered_at=NOW))
        assert [each.key for each in await claim(store)] == ["m2"]

    async def test_a_parked_message_does_not_hold_up_its_group(self, store: Store) -> None:
        """A parked message does not hold up its group."""
        await put(store, message(1, group="a"), message(2, group="a"))
        (first,) = await claim(store)
        await store.write(lambda tx: store.outbox.settle(tx, first, OutboxState.PARKED, reason="rejected"))
        assert [each.key for each in await claim(store)] == ["m2"]

    async def test_a_busy_counterpart_is_passed_over(self, store: Store) -> None:
        """A busy counterpart is passed over."""
        await put(store, message(1, target="tax"), message(2, target="hrss"))
        assert [each.key for each in await claim(store, busy=["unit:tax"])] == ["m2"]

    async def test_a_busy_unit_does_not_hold_up_a_feed_of_the_same_name(self, store: Store) -> None:
        """``petition`` is a unit and often a feed too: two counterparts, two shares."""
        await put(store, message(1, target="petition"), replace(message(2, target="petition"), kind="upstream"))
        assert [each.key for each in await claim(store, busy=["unit:petition"])] == ["m2"]

    async def test_a_worker_whose_lease_was_taken_over_cannot_settle(self, store: Store) -> None:
        """A worker whose lease was taken over cannot settle."""
        await put(store, message(1))
        (late,) = await claim(store)
        after = NOW + LEASE + timedelta(seconds=1)
        assert await store.write(lambda tx: store.outbox.rescue(tx, after, uncertain_targets=[])) == 1
        (again,) = await claim(store, at=after)
        assert (again.key, again.fence, again.attempts) == (late.key, late.fence + 1, 2)
        with pytest.raises(LeaseLost):
            await store.write(lambda tx: store.outbox.settle(tx, late, OutboxState.DELIVERED, delivered_at=after))
        await store.write(lambda tx: store.outbox.settle(tx, again, OutboxState.DELIVERED, delivered_at=after))
        assert await states(store) == {"m1": "delivered"}

    async def test_a_lease_that_runs_is_not_rescued(self, store: Store) -> None:
        """A lease that runs is not rescued."""
        await put(store, message(1))
        await claim(store)
        assert await store.write(lambda tx: store.outbox.rescue(tx, NOW, uncertain_targets=[])) == 0

    async def test_a_channel_without_duplicate_protection_becomes_uncertain_not_ready(self, store: Store) -> None:
        """A channel without duplicate protection becomes uncertain not ready."""
        await put(store, message(1, target="mail"), message(2, target="tax"))
        await claim(store)
        after = NOW + LEASE + timedelta(seconds=1)
        await store.write(lambda tx: store.outbox.rescue(tx, after, uncertain_targets=["unit:mail"]))
        assert await states(store) == {"m1": "uncertain", "m2": "ready"}

    async def test_a_postponed_message_waits_for_its_time(self, store: Store) -> None:
        """A postponed message waits for its time."""
        await put(store, message(1))
        (first,) = await claim(store)
        later = NOW + timedelta(minutes=1)
        await store.write(
            lambda tx: store.outbox.settle(tx, first, OutboxState.READY, due_at=later, reason="unavailable")
        )
        assert await claim(store) == []
        assert [each.key for each in await claim(store, at=later)] == ["m1"]

    async def test_a_payload_that_cannot_be_opened_is_parked_and_holds_up_nobody(self, store: Store) -> None:
        """A payload that cannot be opened is parked and holds up nobody."""
        await put(store, message(1), message(2))
        await store.write(
            lambda tx: tx.write(text("UPDATE outbox SET payload = :junk WHERE key = 'm1'"), {"junk": b"v1:"})
        )
        assert [each.key for each in await claim(store)] == ["m2"]
        assert await states(store) == {"m1": "parked", "m2": "leased"}

    async def test_a_payload_lies_sealed_in_its_row(self, store: Store) -> None:
        """A payload lies sealed in its row."""
        await put(store, message(1))
        raw = await store.read(lambda tx: tx.connection.exec_driver_sql("SELECT payload FROM outbox").scalar_one())
        assert "张三".encode() not in bytes(raw)

    async def test_fetched_messages_are_acknowledged_by_the_next_cursor_only(self, store: Store) -> None:
        """Fetched messages are acknowledged by the next cursor only."""
        await put(store, message(1), message(2), placement=PULLED)
        assert await claim(store) == []
        first = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", None, 1, NOW))
        assert [body["number"] for body in first.bodies] == [1]
        again = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", None, 10, NOW))
        assert [body["number"] for body in again.bodies] == [1, 2]
        await put(store, message(3), placement=PULLED)
        rest = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", first.cursor, 10, NOW))
        assert [each.key for each in rest.acknowledged] == ["m1"]
        assert [body["number"] for body in rest.bodies] == [2, 3]
        end = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", rest.cursor, 10, NOW))
        assert end.bodies == []
        assert end.cursor == rest.cursor

    async def test_a_schema_upgrade_keeps_every_cursor(self, store: Store) -> None:
        """A position once given is never given again."""
        await put(store, message(1), message(2), placement=PULLED)
        before = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", None, 2, NOW))

        def round_trip(tx: Tx) -> None:
            migrate.downgrade(tx.connection, "0002")
            migrate.upgrade(tx.connection)

        await store.write(round_trip)
        await put(store, message(3), placement=PULLED)
        after = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", before.cursor, 9, NOW))
        assert [body["number"] for body in after.bodies] == [3]
        assert int(after.cursor or 0) > int(before.cursor or 0)
