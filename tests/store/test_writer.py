"""The PostgreSQL writer lives on whatever happens to one batch."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bridge.errors import Unavailable
from bridge.store.store import LANES, READERS, Store
from bridge.store.writer import Tx


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
