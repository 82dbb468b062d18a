"""The outbox on both databases and both claim forms: leases, fences, order, rescue, nothing blindly resent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.model import Message, MessageType, OutboxState
from bridge.errors import LeaseLost
from bridge.store.outbox import Claimed, OutboxStore, Placement
from bridge.store.store import Store

WALL = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LEASE = timedelta(seconds=25)


@pytest.fixture(params=["native", "portable"])
def outbox(request: pytest.FixtureRequest, store: Store) -> OutboxStore:
    return OutboxStore(store.region, store.vault, portable=request.param == "portable")


def message(number: int, *, target: str = "tax", group: str | None = None) -> Message:
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


async def put(store: Store, outbox: OutboxStore, *messages: Message, placement: Placement | None = None) -> None:
    placed = [(each, placement or Placement()) for each in messages]
    await store.write(lambda tx: outbox.put(tx, placed, WALL))


async def claim(store: Store, outbox: OutboxStore, *, at: datetime = WALL, count: int = 10, **more) -> list[Claimed]:
    return await store.write(lambda tx: outbox.claim(tx, owner="w", count=count, wall=at, until=at + LEASE, **more))


async def states(store: Store, outbox: OutboxStore) -> dict[str, str]:
    rows = await store.read(lambda tx: outbox.listing(tx, state=None, target=None, limit=100))
    return {row["key"]: row["state"] for row in rows}


async def test_a_claimed_message_is_not_claimed_again(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1), message(2))
    claimed = await claim(store, outbox)
    assert sorted(each.key for each in claimed) == ["m1", "m2"]
    assert b'"number":1' in next(each.payload for each in claimed if each.key == "m1")
    assert await claim(store, outbox) == []


async def test_many_claimers_at_once_never_share_a_message_nor_exceed_their_count(
    store: Store, outbox: OutboxStore
) -> None:
    await put(store, outbox, *[message(number) for number in range(60)])
    batches = await asyncio.gather(*[claim(store, outbox, count=7) for _ in range(8)])
    keys = [each.key for batch in batches for each in batch]
    assert len(keys) == len(set(keys))
    assert all(len(batch) <= 7 for batch in batches)


async def test_a_group_leaves_in_order_and_others_do_not_wait_for_it(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1, group="a"), message(2, group="a"), message(3, group="b"))
    first = await claim(store, outbox)
    assert sorted(each.key for each in first) == ["m1", "m3"]
    done = next(each for each in first if each.key == "m1")
    await store.write(lambda tx: outbox.settle(tx, done, OutboxState.DELIVERED, delivered_at=WALL))
    assert [each.key for each in await claim(store, outbox)] == ["m2"]


async def test_a_parked_message_does_not_hold_up_its_group(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1, group="a"), message(2, group="a"))
    (first,) = await claim(store, outbox)
    await store.write(lambda tx: outbox.settle(tx, first, OutboxState.PARKED, reason="rejected"))
    assert [each.key for each in await claim(store, outbox)] == ["m2"]


async def test_a_busy_counterpart_is_passed_over(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1, target="tax"), message(2, target="hrss"))
    assert [each.key for each in await claim(store, outbox, busy=["tax"])] == ["m2"]


async def test_a_worker_whose_lease_was_taken_over_cannot_settle(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1))
    (late,) = await claim(store, outbox)
    after = WALL + LEASE + timedelta(seconds=1)
    assert await store.write(lambda tx: outbox.rescue(tx, after, uncertain_targets=[])) == 1
    (again,) = await claim(store, outbox, at=after)
    assert (again.key, again.fence, again.attempts) == (late.key, late.fence + 1, 2)
    with pytest.raises(LeaseLost):
        await store.write(lambda tx: outbox.settle(tx, late, OutboxState.DELIVERED, delivered_at=after))
    await store.write(lambda tx: outbox.settle(tx, again, OutboxState.DELIVERED, delivered_at=after))
    assert await states(store, outbox) == {"m1": "delivered"}


async def test_a_lease_that_runs_is_not_rescued(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1))
    await claim(store, outbox)
    assert await store.write(lambda tx: outbox.rescue(tx, WALL, uncertain_targets=[])) == 0


async def test_a_channel_without_duplicate_protection_becomes_uncertain_not_ready(
    store: Store, outbox: OutboxStore
) -> None:
    await put(store, outbox, message(1, target="mail"), message(2, target="tax"))
    await claim(store, outbox)
    after = WALL + LEASE + timedelta(seconds=1)
    await store.write(lambda tx: outbox.rescue(tx, after, uncertain_targets=["unit:mail"]))
    assert await states(store, outbox) == {"m1": "uncertain", "m2": "ready"}


async def test_a_postponed_message_waits_for_its_time(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1))
    (first,) = await claim(store, outbox)
    later = WALL + timedelta(minutes=1)
    await store.write(lambda tx: outbox.settle(tx, first, OutboxState.READY, due_at=later, reason="unavailable"))
    assert await claim(store, outbox) == []
    assert [each.key for each in await claim(store, outbox, at=later)] == ["m1"]


async def test_a_payload_lies_sealed_in_its_row(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1))
    raw = await store.read(lambda tx: tx.connection.exec_driver_sql("SELECT payload FROM outbox").scalar_one())
    assert "张三".encode() not in bytes(raw)


async def test_another_region_sees_nothing(store: Store, outbox: OutboxStore) -> None:
    await put(store, outbox, message(1))
    other = replace(outbox, region="140526")
    assert await claim(store, other) == []


async def test_fetched_messages_are_acknowledged_by_the_next_cursor_only(store: Store, outbox: OutboxStore) -> None:
    pulled = Placement(OutboxState.READY, sent=False)
    await put(store, outbox, message(1), message(2), placement=pulled)
    assert await claim(store, outbox) == []
    first = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", None, 1, WALL))
    assert [body["number"] for body in first.bodies] == [1]
    again = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", None, 10, WALL))
    assert [body["number"] for body in again.bodies] == [1, 2]
    await put(store, outbox, message(3), placement=pulled)
    rest = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", first.cursor, 10, WALL))
    assert [each.key for each in rest.acknowledged] == ["m1"]
    assert [body["number"] for body in rest.bodies] == [2, 3]
    end = await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", rest.cursor, 10, WALL))
    assert end.bodies == []
    assert end.cursor == rest.cursor
