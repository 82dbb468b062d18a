"""Several writers at once: the same ticket, the same case, locks in the wrong order, lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Self

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bridge.core.commands import UnitReceipt
from bridge.core.vocabulary import ReceiptType
from bridge.errors import Unavailable
from bridge.pipeline.inbound import Answer
from bridge.pipeline.service import Service
from bridge.store.engine import parse
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.testing.store_suite.database import JOINT, NOW, REGION, Database, draft, inbound
from bridge.testing.store_suite.outbox import PULLED, message, put

AT_ONCE = 50
ROUNDS = 20
LEASE = timedelta(seconds=6)
KILLS = 8
CONFLICT = "DO $$ BEGIN RAISE EXCEPTION 'simulated' USING ERRCODE = '40001'; END $$"


async def count(store: Store, rows: str) -> int:
    """Count the rows of ``table [WHERE …]``."""
    found = await store.read(lambda tx: tx.read(text(f"SELECT count(*) FROM {rows}")).scalar_one())
    return int(found)


async def until_answered(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again for as long as the database is unavailable, as every good client does."""
    while True:
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(0.02)


class ReplicaSuite:
    """What holds when everybody writes at once, in as many processes as the database takes."""

    async def test_fifty_posts_of_one_ticket_are_one_ticket_and_one_dispatch(self, database: Database) -> None:
        """Whoever comes first registers it; all get the same ids."""
        services = await database.services()
        answers = await asyncio.gather(
            *[
                services[number % len(services)].accept_ticket("hotline", draft("T1"), inbound(f"w{number}"))
                for number in range(AT_ONCE)
            ]
        )
        assert len({(answer.body["ticket_id"], answer.body["case_id"]) for answer in answers}) == 1
        assert [answer.body["duplicate"] for answer in answers].count(False) == 1
        store = services[0].runtime.store
        assert await count(store, "tickets") == await count(store, "cases") == 1
        assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == 1

    async def test_one_webhook_id_sent_fifty_times_at_once_gets_one_answer(self, database: Database) -> None:
        """Also when its copies reach two replicas at the same moment."""
        services = await database.services()
        answers = await asyncio.gather(
            *[
                services[number % len(services)].accept_ticket("hotline", draft("T1"), inbound("w"))
                for number in range(AT_ONCE)
            ]
        )
        assert all(answer == answers[0] for answer in answers)
        assert answers[0].body["duplicate"] is False

    async def test_receipts_of_two_replicas_on_one_case_all_count(self, database: Database) -> None:
        """No update is lost, the history has no gap and its chain holds."""
        services = await database.services()
        case_id, assignment = await joint_case(services[0])
        progress = UnitReceipt(ReceiptType.PROGRESS, text="正在核实")
        await asyncio.gather(
            *[
                services[number % len(services)].accept_receipt(
                    "tax", assignment, progress, inbound(f"p{number}", "unit:tax")
                )
                for number in range(AT_ONCE)
            ]
        )
        history = await services[0].history(case_id)
        assert [event["seq"] for event in history["events"]] == list(range(1, len(history["events"]) + 1))
        assert [event["type"] for event in history["events"]].count("progress.reported") == AT_ONCE
        assert history["chain_intact"]

    async def test_a_history_read_while_it_grows_is_never_found_broken(self, database: Database) -> None:
        """A reader sees one moment, not the rows of one and the head of another."""
        services = await database.services()
        case_id, assignment = await joint_case(services[0])
        progress = UnitReceipt(ReceiptType.PROGRESS, text="正在核实")

        async def write() -> None:
            for number in range(AT_ONCE):
                await services[0].accept_receipt("tax", assignment, progress, inbound(f"p{number}", "unit:tax"))

        async def read() -> list[bool]:
            return [(await services[-1].history(case_id))["chain_intact"] for _ in range(AT_ONCE)]

        seen = (await asyncio.gather(read(), read(), write()))[:2]
        assert all(seen[0])
        assert all(seen[1])

    async def test_a_counterpart_that_fetches_from_every_replica_at_once_misses_nothing(
        self, database: Database
    ) -> None:
        """Positions are given once and rise; whoever asks gets the oldest; nothing is acknowledged unseen."""
        stores = [await database.open() for _ in range(database.replicas)]
        seen: dict[int, int] = {}
        acknowledged: list[str] = []

        async def fetch(number: int) -> None:
            store, cursor = stores[number % len(stores)], None
            for _ in range(ROUNDS):
                after = cursor
                got = await store.write(
                    lambda tx, store=store, after=after: store.pulling.fetch(tx, "unit", "tax", after, 3, NOW)  # type: ignore[misc]
                )
                for position, body in zip(got.positions, got.bodies, strict=True):
                    assert seen.setdefault(position, body["number"]) == body["number"]
                acknowledged.extend(each.key for each in got.acknowledged)
                cursor = got.cursor

        async def fill(store: Store, first: int) -> None:
            for number in range(first, first + AT_ONCE):
                await put(store, message(number), placement=PULLED)

        await asyncio.gather(*[fetch(number) for number in range(8)], fill(stores[0], 0), fill(stores[-1], 1000))
        rest = await stores[0].write(lambda tx: stores[0].pulling.fetch(tx, "unit", "tax", None, 500, NOW))
        offered = {**seen, **dict(zip(rest.positions, (body["number"] for body in rest.bodies), strict=True))}
        assert sorted(offered.values()) == [*range(AT_ONCE), *range(1000, 1000 + AT_ONCE)]
        assert len(acknowledged) == len(set(acknowledged))
        assert len(acknowledged) + len(rest.bodies) == 2 * AT_ONCE

    async def test_a_lease_has_one_holder_and_passes_on_when_it_ends(self, database: Database) -> None:
        """However many processes reach for it in the same moment; who lost it is told at the next renewal."""
        stores = [await database.open() for _ in range(database.replicas)]

        async def holders(first: int, wall: datetime) -> list[str]:
            names = [f"p{number}" for number in range(first, first + 12)]
            got = await asyncio.gather(
                *[hold(stores[number % len(stores)], name, wall) for number, name in enumerate(names)]
            )
            return [name for name, held in zip(names, got, strict=True) if held]

        async def hold(store: Store, owner: str, wall: datetime) -> bool:
            return await store.write(lambda tx: store.leases.hold(tx, "feed:x", owner, wall, wall + LEASE))

        (first,) = await holders(0, NOW)
        assert await holders(20, NOW + LEASE / 2) == []
        assert await hold(stores[0], first, NOW + LEASE / 2)
        (second,) = await holders(20, NOW + LEASE * 2)
        assert second != first
        assert not await hold(stores[-1], first, NOW + LEASE * 2)
        fence = await count(stores[0], f"leases WHERE owner = '{second}' AND fence = 2")
        assert fence == 1


async def joint_case(service: Service) -> tuple[str, str]:
    """Bring a ticket to several units; returns the case and the lead's assignment."""
    answer = await service.accept_ticket("hotline", draft("T-joint", JOINT), None)
    view = await service.case(answer.body["case_id"])
    lead = next(a for a in view["assignments"] if a["role"] == "lead")
    assert lead["unit"] == "tax"
    return view["id"], lead["id"]


class PostgresSuite:
    """What only a server can do to us: conflicts between sessions, sessions that are killed, no more sessions."""

    async def test_a_deadlock_ends_with_both_units_done_once(self, database: Database) -> None:
        """The unit the server gives up is run again as a whole."""
        first, second = await database.open(), await database.open()
        await first.write(lambda tx: tx.write(text("INSERT INTO settings VALUES (:r, 'a', ''), (:r, 'b', '')"), _HERE))

        def mark(*names: str) -> Callable[[Tx], None]:
            def unit(tx: Tx) -> None:
                for name in names:
                    tx.write(
                        text("UPDATE settings SET value = value || 'x' WHERE region_code = :r AND name = :name"),
                        {**_HERE, "name": name},
                    )
                    tx.read(text("SELECT pg_sleep(0.3)"))

            return unit

        await asyncio.gather(first.write(mark("a", "b")), second.write(mark("b", "a")))
        assert await count(first, "settings WHERE value = 'xx'") == 2

    @pytest.mark.parametrize("times", [1, 3])
    async def test_a_serialization_conflict_runs_the_whole_unit_again(self, store: Store, times: int) -> None:
        """Nothing of a run that was given up remains."""
        runs: list[int] = []

        def unit(tx: Tx) -> int:
            tx.write(text("INSERT INTO settings VALUES (:r, :name, '')"), {**_HERE, "name": f"run{len(runs)}"})
            runs.append(1)
            if len(runs) <= times:
                tx.write(text(CONFLICT))
            return len(runs)

        assert await store.write(unit) == times + 1
        assert await count(store, "settings WHERE name LIKE 'run%'") == 1

    async def test_killed_connections_lose_nothing_and_double_nothing(self, database: Database) -> None:
        """A COMMIT without an answer is Unavailable; the same request again is the same effect."""
        services = await database.services()

        async def bring(number: int) -> Answer:
            service = services[number % len(services)]
            await asyncio.sleep(0.02 * number)
            return await until_answered(
                lambda: service.accept_ticket("hotline", draft(f"T{number}"), inbound(f"w{number}"))
            )

        async with Server(database.url) as server:
            killing = asyncio.create_task(server.kill_repeatedly())
            answers = await asyncio.gather(*[bring(number) for number in range(AT_ONCE)])
            await killing
        store = await database.open()
        assert server.killed > 0
        assert len({answer.body["case_id"] for answer in answers}) == AT_ONCE
        assert await count(store, "tickets") == await count(store, "cases") == AT_ONCE
        assert await count(store, "outbox WHERE type = 'assignment.dispatched'") == AT_ONCE

    async def test_a_server_that_takes_no_connection_is_unavailable_and_comes_back(self, database: Database) -> None:
        """Every caller is answered, writers and readers, and both work again afterwards."""
        service = (await database.services())[0]

        async def bring() -> Answer:
            return await asyncio.wait_for(
                service.accept_ticket("hotline", draft("T1"), inbound("w1")), PATIENCE_SECONDS
            )

        async with Server(database.url) as server:
            await server.refuse(refused=True)
            with pytest.raises(Unavailable):
                await bring()
            with pytest.raises(Unavailable):
                await asyncio.wait_for(service.case("c1"), PATIENCE_SECONDS)
            await server.refuse(refused=False)
        answer = await until_answered(bring)
        assert answer.body["duplicate"] is False

    async def test_more_readers_than_connections_wait_or_are_told(self, database: Database) -> None:
        """A crowd of readers never stops the writers."""
        service = (await database.services())[0]
        store = service.runtime.store
        slow = [store.read(lambda tx: tx.read(text("SELECT pg_sleep(0.1)")).one()) for _ in range(AT_ONCE)]
        ticket = service.accept_ticket("hotline", draft("T1"), inbound("w1"))
        answer, *_ = await asyncio.gather(ticket, *slow)
        assert answer.status == 202


class Server:
    """The server of a database, seen by its administrator from another database."""

    def __init__(self, url: str) -> None:
        self._url = parse(url)
        self.killed = 0

    async def __aenter__(self) -> Self:
        """Connect beside the database under test."""
        self._engine = create_async_engine(self._url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._engine.dispose()

    async def _run(self, statement: str) -> int:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(statement))).rowcount

    async def kill(self) -> None:
        """Kill every session of the database under test."""
        sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._url.database}'"
        self.killed += await self._run(sessions)

    async def kill_repeatedly(self) -> None:
        """Kill a few times, with just enough time between for some work to be done."""
        for _ in range(KILLS):
            await asyncio.sleep(0.15)
            await self.kill()

    async def refuse(self, *, refused: bool) -> None:
        """Let the server take connections or not; those that exist are killed."""
        await self._run(f"ALTER DATABASE {self._url.database} ALLOW_CONNECTIONS {'false' if refused else 'true'}")
        if refused:
            await self.kill()


_HERE: dict[str, Any] = {"r": REGION}
