"""A SQLite file that cannot grow: nothing is half written, and work goes on when there is space again."""

from __future__ import annotations

import pytest

from bridge.errors import Unavailable
from bridge.pipeline.service import Service
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.store_suite.database import Database, draft, inbound, service_on
from bridge.testing.store_suite.replicas import count

PLENTY = 1_000_000
TRIES = 60


async def limit_growth(store: Store, pages: int) -> None:
    """Let the file grow by so many pages more; the limit belongs to the writer's connection."""

    def unit(tx: Tx) -> None:
        now = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {now + pages}")

    await store.write(unit)


async def bring_until_full(service: Service) -> int:
    """Bring tickets until one is refused; returns its number."""
    for number in range(TRIES):
        try:
            await service.accept_ticket("hotline", draft(f"T{number}"), inbound(f"w{number}"))
        except Unavailable:
            return number
    raise AssertionError("the disk never filled up")


class FullDiskSuite:
    """The ledger on a disk without space."""

    async def test_a_full_disk_refuses_whole_tickets_and_recovers(self, database: Database) -> None:
        """What was refused left no trace; the same request is taken once there is space."""
        service = service_on(await database.open())
        store = service.runtime.store
        await limit_growth(store, 0)
        refused = await bring_until_full(service)
        with pytest.raises(Unavailable, match="磁盘已满"):
            await service.accept_ticket("hotline", draft(f"T{refused}"), inbound(f"w{refused}"))
        for rows in ("tickets", "cases", "ticket_revisions", "inbound"):
            assert await count(store, rows) == refused
        assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == refused
        await limit_growth(store, PLENTY)
        answer = await service.accept_ticket("hotline", draft(f"T{refused}"), inbound(f"w{refused}"))
        assert answer.body["duplicate"] is False
        assert await count(store, "tickets") == refused + 1

    async def test_a_full_disk_still_answers_readers(self, database: Database) -> None:
        """Operators can read while nothing can be written."""
        service = service_on(await database.open())
        first = await service.accept_ticket("hotline", draft("first"), inbound("first"))
        await limit_growth(service.runtime.store, 0)
        await bring_until_full(service)
        assert (await service.case(first.body["case_id"]))["state"] == "handling"

    @pytest.mark.parametrize("spare", range(1, 12))
    async def test_whichever_page_is_missing_no_ticket_is_half_written(self, database: Database, spare: int) -> None:
        """The disk ends at another statement of the unit of work each time."""
        service = service_on(await database.open())
        store = service.runtime.store
        await limit_growth(store, spare)
        refused = await bring_until_full(service)
        assert await count(store, "tickets") == await count(store, "cases") == await count(store, "inbound") == refused
        assert await count(store, "events WHERE type = 'ticket.registered'") == refused
