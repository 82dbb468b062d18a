"""What the units of one batch see of each other, and what a row that is gone does to the others; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.core.commands import UnitReceipt, UpstreamEvent, UpstreamEventType
from bridge.core.vocabulary import OutboxState, ReceiptType
from bridge.errors import LeaseLost, NotFound, ReplayConflict, Unavailable
from bridge.pipeline import settle
from bridge.store.driver import for_many
from bridge.store.engine import parse
from bridge.store.inbound import Answer
from bridge.store.outbox import Claimed
from bridge.store.store import Store
from bridge.store.writer import Phases, Tx
from bridge.testing.store_suite.database import NOW, draft, inbound, service_on
from tests.conftest import REGION, fresh_database, vault


async def test_what_was_asked_ahead_is_forgotten_when_the_batch_writes_it(store: Store) -> None:
    service = service_on(store)
    takes = [service.accept_ticket("hotline", draft("T1"), inbound(f"m{number}")) for number in range(3)]
    answers = await asyncio.gather(*takes, service.accept_ticket("hotline", draft("T1"), inbound("m0")))
    assert [answer.body["duplicate"] for answer in answers] == [False, True, True, False]
    assert len({answer.body["case_id"] for answer in answers}) == 1
    assert answers[-1].replayed


async def test_a_message_lost_to_another_worker_spoils_only_its_own_unit(store: Store) -> None:
    service = service_on(store)
    await service.accept_ticket("hotline", draft("T1"), None)
    claimed = await _claim(store)
    stale = replace(claimed[0], fence=claimed[0].fence - 1)
    lost = store.write(lambda tx: settle.delivered(tx, service.runtime, stale), key="one")
    kept = store.write(lambda tx: settle.delivered(tx, service.runtime, claimed[1]), key="one")
    outcomes = await asyncio.gather(lost, kept, return_exceptions=True)
    assert isinstance(outcomes[0], LeaseLost)
    assert not isinstance(outcomes[1], BaseException)
    states = {row["key"]: row["state"] for row in await store.read(lambda tx: store.outbox.listing(tx, limit=50))}
    assert states[claimed[0].key] == OutboxState.LEASED.value
    assert states[claimed[1].key] == OutboxState.DELIVERED.value


async def test_units_in_phases_take_each_phase_together_unless_their_key_is_one(store: Store) -> None:
    done: list[str] = []

    def unit(tx: Tx, name: str) -> Phases[str]:
        for phase in ("asks", "decides", "writes"):
            done.append(f"{name} {phase}")
            if phase != "writes":
                yield
        store.inbound.remember(tx, inbound(name), Answer(202, {}), NOW)
        return name

    keys = {"a": "one", "b": "two", "c": "one"}
    units = [store.submit(partial(unit, name=name), key) for name, key in keys.items()]
    assert await asyncio.gather(*units) == ["a", "b", "c"]
    assert done == [
        "a asks", "b asks", "a decides", "b decides", "a writes", "b writes", "c asks", "c decides", "c writes",
    ]  # fmt: skip


async def test_a_unit_that_fails_in_a_later_phase_fails_alone_and_leaves_nothing(store: Store) -> None:
    def unit(tx: Tx, name: str) -> Phases[None]:
        store.inbound.remember(tx, inbound(name), Answer(202, {}), NOW)
        yield
        if name == "bad":
            raise NotFound("没有")

    units = [store.submit(partial(unit, name=name), name) for name in ("good", "bad", "fine")]
    outcomes = await asyncio.gather(*units, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), NotFound, type(None)]
    kept = [await store.read(partial(store.inbound.first_answer, inbound=inbound(n))) for n in ("good", "bad", "fine")]
    assert [answer is not None for answer in kept] == [True, False, True]


async def test_tickets_that_come_together_under_one_webhook_id_are_taken_once(store: Store) -> None:
    """Both asked before either wrote; the batch is run again one by one and the second is refused."""
    service = service_on(store)
    one, other = inbound("m1"), replace(inbound("m1"), body_digest="another body")
    outcomes = await asyncio.gather(
        service.accept_ticket("hotline", draft("T1"), one),
        service.accept_ticket("hotline", draft("T2"), other),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Answer, ReplayConflict]
    assert await store.read(lambda tx: store.tickets.known(tx, "hotline", "T2")) is None


async def test_receipts_of_one_case_and_a_change_beside_them_all_count(store: Store) -> None:
    """What changes a case between the phases of another unit makes that unit run again on the case as it is then."""
    service = service_on(store)
    case_id = str((await service.accept_ticket("hotline", draft("T1"), None)).body["case_id"])
    assignment = str((await service.case(case_id))["assignments"][0]["id"])
    signed = UnitReceipt(type=ReceiptType.SIGNED)
    urged = UpstreamEvent("T1", UpstreamEventType.URGE)
    await asyncio.gather(
        service.accept_receipt("tax", assignment, signed, None), service.accept_event("hotline", urged, None)
    )
    history = [event["type"] for event in (await service.history(case_id))["events"]]
    assert {"assignment.signed", "ticket.urged"} <= set(history)


async def test_a_driver_that_gave_up_waiting_takes_its_whole_batch_along(store: Store) -> None:
    """After asyncpg's own time limit the transaction is lost, although its COMMIT says nothing of it."""

    def takes(tx: Tx) -> None:
        store.inbound.remember(tx, inbound("m1"), Answer(202, {}), NOW)

    def gives_up(tx: Tx) -> None:
        tx.batch.flush(tx.connection)
        raise TimeoutError

    outcomes = await asyncio.gather(
        store.write(takes, key="one"), store.write(gives_up, key="one"), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]


async def test_a_batch_on_postgres_takes_one_trip_to_ask_and_one_to_write(postgres: str) -> None:
    async with fresh_database(postgres) as url:
        store = Store(parse(url), REGION, vault())
        await store.start()
        service, sent = service_on(store), list[str]()
        await service.accept_ticket("hotline", draft("T1"), inbound("m1"))
        with _heard(store, lambda statement, _: sent.append(statement)):
            await service.accept_ticket("hotline", draft("T2"), inbound("m2"))
        await store.stop()
    assert [statement.split()[0] for statement in sent] == ["SELECT", "WITH"]
    assert "INSERT INTO tickets" in sent[1]


async def test_a_crowd_on_postgres_is_committed_in_parts_of_at_most_half(postgres: str) -> None:
    """While the server works on one part, the next can come in; whatever waited together was one batch before."""

    def takes(number: int) -> Callable[[Tx], None]:
        return lambda tx: store.inbound.remember(tx, inbound(f"m{number}"), Answer(202, {}), NOW)

    async with fresh_database(postgres) as url:
        store = Store(parse(url), REGION, vault())
        await store.start()
        ids = list[list[str]]()
        with _heard(store, lambda _, parameters: ids.append(parameters[2])):
            await asyncio.gather(*(store.write(takes(number)) for number in range(32)))
        await store.stop()
    assert sorted(each for part in ids for each in part) == sorted(f"m{number}" for number in range(32))
    assert max(len(part) for part in ids) <= 32 / 2
    assert len(ids) < 32 / 8 + 1


async def test_a_claim_whose_connection_was_cut_is_not_run_again(postgres: str) -> None:
    """It commits by itself, so it may hold its messages already; run again it would take others beside them."""
    claims: list[list[Claimed]] = []
    async with fresh_database(postgres) as url:
        store = Store(parse(url), REGION, vault())
        await store.start()
        await service_on(store).accept_ticket("hotline", draft("T1"), None)

        def cut(tx: Tx) -> list[Claimed]:
            claims.append(store.outbox.claim(tx, owner="w", count=1, wall=NOW, until=NOW))
            raise DBAPIError("", {}, ConnectionError(), connection_invalidated=True)

        with pytest.raises(Unavailable):
            await store.write(cut, apart=True)
        rows = await store.read(lambda tx: store.outbox.listing(tx, limit=50))
        await store.stop()
    assert len(rows) > 1
    assert [len(claim) for claim in claims] == [1]
    assert [row["state"] for row in rows].count(OutboxState.LEASED.value) == 1


@contextmanager
def _heard(store: Store, told: Callable[[str, Any], None]) -> Iterator[None]:
    """Tell of every statement that is sent to the server, with its parameters."""
    engine = store._readers
    assert isinstance(engine, AsyncEngine)

    def note(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        told(statement, parameters)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def _claim(store: Store) -> list[Claimed]:
    def unit(tx: Tx) -> list[Claimed]:
        return store.outbox.claim(tx, owner="w", count=50, wall=NOW, until=NOW)

    claimed = await store.write(unit)
    assert len(claimed) > 1
    return claimed


def test_a_statement_for_many_rows_takes_an_array_a_parameter() -> None:
    select = "SELECT t.a FROM t WHERE t.b = $1::VARCHAR AND t.at < $2::TIMESTAMP WITH TIME ZONE"
    assert for_many("postgresql", select) == (
        "SELECT given.number, found.* FROM unnest($1::VARCHAR[], $2::TIMESTAMP WITH TIME ZONE[]) WITH ORDINALITY AS "
        "given(p1, p2, number) CROSS JOIN LATERAL (SELECT t.a FROM t WHERE t.b = given.p1 AND t.at < given.p2) AS found"
    )
    assert for_many("sqlite", "UPDATE t SET a=? WHERE b = ?") == "UPDATE t SET a=? WHERE b = ?"


def test_an_insert_that_computes_is_not_for_many_rows() -> None:
    with pytest.raises(ValueError, match="a parameter a column"):
        for_many("postgresql", "INSERT INTO t (a) VALUES (lower($1::VARCHAR))")
