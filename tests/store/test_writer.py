"""The writers live on whatever happens to one batch, and say when they leave the loop to others."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from sqlalchemy import text

from bridge.errors import Unavailable
from bridge.store.store import LANES, READERS, Store
from bridge.store.writer import Phases, Tx


def nothing(_tx: Tx) -> None:
    pass


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_lane_that_found_no_free_connection_works_again_later(store: Store) -> None:
    setattr(store._readers.pool, "_timeout", 0.2)  # noqa: B010 - the pool's patience is set at its making only
    crowd = 3 * (LANES + READERS)
    reads = [store.read(lambda tx: tx.read(text("SELECT pg_sleep(1.5)")).one()) for _ in range(crowd)]
    reading = asyncio.gather(*reads, return_exceptions=True)
    await asyncio.sleep(0)
    writes = await asyncio.gather(*[store.write(nothing) for _ in range(LANES)], return_exceptions=True)
    refused = [outcome for outcome in (*writes, *await reading) if isinstance(outcome, BaseException)]
    assert refused
    assert all(isinstance(outcome, Unavailable) for outcome in refused)
    await asyncio.wait_for(asyncio.gather(*[store.write(nothing) for _ in range(LANES)]), 10)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_lull_begins_when_every_unit_of_the_batch_has_run(store: Store) -> None:
    ran: list[int] = []

    def unit(_tx: Tx, number: int) -> Phases[None]:
        ran.append(number)
        yield

    writes = [store.submit(partial(unit, number=number), str(number)) for number in range(20)]
    await store.lull()
    assert ran == list(range(20))
    await asyncio.gather(*writes)
    await store.lull()
