"""A hundred thousand messages through one outbox: what the table keeps, and what a claim costs at the end."""

from __future__ import annotations

import os
import statistics
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from bridge.core.vocabulary import OutboxState
from bridge.store.outbox import Claimed
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.store_suite.database import NOW
from bridge.testing.store_suite.outbox import claim, message, put
from bridge.testing.store_suite.replicas import count

pytestmark = [pytest.mark.soak, pytest.mark.postgres, pytest.mark.timeout(3600)]

MESSAGES = int(os.environ.get("BLOAT_MESSAGES", "100000"))
AT_ONCE = 250
ENDS = 20
"""Rounds at the beginning and at the end whose claims are compared."""
PAGE_BYTES = 8192


@pytest.mark.parametrize("database", ["postgres", "postgres-portable"], indirect=True)
async def test_a_long_lived_outbox_stays_quick_and_its_working_index_small(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = []
    for first in range(0, MESSAGES, AT_ONCE):
        await put(store, *[message(number) for number in range(first, first + AT_ONCE)])
        began = time.perf_counter()
        claimed = await claim(store, at=NOW + timedelta(seconds=1), count=AT_ONCE)
        seconds.append(time.perf_counter() - began)
        assert len(claimed) == AT_ONCE
        await settled(store, claimed)
    assert await count(store, "outbox WHERE state = 'delivered'") == MESSAGES
    table = await sizes(store)
    early, late = statistics.median(seconds[:ENDS]), statistics.median(seconds[-ENDS:])
    with capsys.disabled():
        print(
            f"\n{MESSAGES} messages: claim of {AT_ONCE} {early * 1000:.0f} -> {late * 1000:.0f} ms, "
            f"table {table['outbox'] / MESSAGES:.0f} bytes a message, ready index {table['ix_outbox_ready'] // PAGE_BYTES} pages"
        )
    assert table["ix_outbox_ready"] < table["outbox"] / 4


async def settled(store: Store, claimed: list[Claimed]) -> None:
    """Settle messages as delivered."""

    def unit(tx: Tx) -> None:
        for each in claimed:
            store.outbox.settle(tx, each, OutboxState.DELIVERED, delivered_at=NOW)

    await store.write(unit)


async def sizes(store: Store) -> dict[str, int]:
    """Return the bytes of the table with its indexes, and of the index that the claim reads."""
    query = text("SELECT pg_total_relation_size('outbox'), pg_relation_size('ix_outbox_ready')")
    whole, ready = await store.read(lambda tx: tx.read(query).one())
    return {"outbox": whole, "ix_outbox_ready": ready}
