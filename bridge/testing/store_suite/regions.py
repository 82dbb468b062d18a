"""Counties that share a database do not see, change or block each other, whatever the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, UniqueConstraint, event, insert, literal, select

from bridge.core.commands import UnitReceipt
from bridge.core.model.opinion import OpinionBody
from bridge.core.vocabulary import CaseState, Conclusion, OutboxState, ReceiptType
from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.service import Service
from bridge.store import tables
from bridge.store.codec import table_of
from bridge.store.documents import IssuedDocument
from bridge.store.replicas import Replica
from bridge.store.store import Store
from bridge.store.tokens import StoredToken
from bridge.store.writer import Tx
from bridge.testing.store_suite.database import JOINT, NOW, Database, draft, inbound, service_on

OTHER = "140526"
TABLES = tuple(table_of(tables.TicketRow).metadata.sorted_tables)
LATER = NOW + timedelta(days=1)


async def fill(service: Service) -> dict[str, Any]:
    """Put at least one row into every table; returns the case as operators see it."""
    store = service.runtime.store
    answer = await service.accept_ticket("hotline", draft("T1", JOINT), inbound("w1"))
    view = await service.case(answer.body["case_id"])
    lead = next(a for a in view["assignments"] if a["role"] == "lead")
    for type_ in (ReceiptType.SIGNED, ReceiptType.OPINION):
        opinion = (
            OpinionBody(text="属实", conclusion=Conclusion.SUBSTANTIATED) if type_ is ReceiptType.OPINION else None
        )
        await service.accept_receipt("tax", lead["id"], UnitReceipt(type_, opinion=opinion), None)
    token = StoredToken("k1", "李四", "operator", None, "0" * 64, NOW, LATER)
    await store.write(lambda tx: store.tokens.add(tx, token))
    await store.write(lambda tx: store.leases.hold(tx, "clock", "p1", NOW, LATER))
    await store.write(lambda tx: store.pulling.fetch(tx, "unit", "tax", None, 9, NOW))
    await store.write(lambda tx: store.replicas.report(tx, replica("p1")))
    await store.write(lambda tx: issue(tx, store, view["id"]))
    return await service.case(answer.body["case_id"])


def issue(tx: Tx, store: Store, case_id: str) -> None:
    """Keep a document under the next number."""
    number = store.documents.draw(tx, "reply", NOW.year)
    document = IssuedDocument(
        f"{case_id}d{number}", case_id, "reply", "", None, NOW.year, number, f"{number}号", NOW, "office", "0" * 64,
        "0" * 64, 4,
    )  # fmt: skip
    store.documents.add(tx, document, content=b"docx", blanked=None, fields={})


def replica(name: str) -> Replica:
    """Return a running process's line."""
    return Replica(name, "web", "0.1.0", "0003", "f" * 64, NOW, NOW)


async def rows_of(store: Store, table: Table, region: str) -> list[tuple[Any, ...]]:
    """Return a region's rows of a table, without the region, in order."""
    columns = [column for column in table.c if column.name != "region_code"]
    query = select(*columns).where(table.c.region_code == region).order_by(*table.primary_key.columns)
    return [tuple(row) for row in await store.read(lambda tx: tx.read(query).all())]


async def everything(store: Store, region: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return a region's rows of every table."""
    return {table.name: await rows_of(store, table, region) for table in TABLES}


def copied(table: Table, region: str) -> Any:
    """Return the statement that repeats every row of a table under the other region."""
    columns = [literal(OTHER) if column.name == "region_code" else column for column in table.c]
    return insert(table).from_select(table.c.keys(), select(*columns).where(table.c.region_code == region))


class RegionSuite:
    """``region_code`` parts counties in every key and every statement."""

    @pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
    def test_the_region_stands_first_in_every_key(self, table: Table) -> None:
        """A number, id or name of one county is free in every other."""
        uniques = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
        uniques += [index.columns for index in table.indexes]
        for columns in (table.primary_key.columns, *uniques):
            assert next(iter(columns)).name == "region_code"

    async def test_what_one_region_does_changes_no_row_of_another(self, database: Database) -> None:
        """The same ids, keys and names in both; every kind of change is made in one."""
        here, there = service_on(await database.open()), service_on(await database.open(OTHER))
        await fill(here)
        store = here.runtime.store
        for table in TABLES:
            if table.name != "settings":
                await store.write(lambda tx, table=table: tx.write(copied(table, store.region)))  # type: ignore[misc]
        before = await everything(store, store.region)
        assert all(before.values()), [name for name, rows in before.items() if not rows]
        await _upset(there)
        assert await everything(store, store.region) == before

    async def test_an_empty_region_sees_nothing(self, database: Database) -> None:
        """Not by list, id, number, key, webhook-id or hash."""
        here, there = service_on(await database.open()), await database.open(OTHER)
        view = await fill(here)
        assert await there.read(lambda tx: _seen(tx, there, view)) == []
        claimed = await there.write(
            lambda tx: there.outbox.claim(tx, owner="w", count=9, wall=LATER, until=LATER + timedelta(seconds=9))
        )
        assert claimed == []
        fetched = await there.write(lambda tx: there.pulling.fetch(tx, "unit", "tax", None, 9, LATER))
        assert fetched.bodies == []
        assert await there.write(lambda tx: there.leases.hold(tx, "clock", "p2", NOW, LATER))

    async def test_every_statement_names_the_region_once_for_each_table(self, database: Database) -> None:
        """Also those that are compiled once and handed to the driver (which on PostgreSQL is seen here)."""
        service = service_on(await database.open())
        store, said = service.runtime.store, set[str]()
        with listening(said):
            view = await fill(service)
            await service.assessment("2026-03-01", "2026-03-31", "unit")
            await service.hotspots("2026-03-01", "2026-03-31")
            await service.foresee(LATER, "")
            await service.examples(NOW, None)
            await store.read(lambda tx: [store.audit.page(tx), _seen(tx, store, view)])
            await _upset(service)
        about_rows = {statement for statement in said if tables_of(statement)}
        assert len(about_rows) > 40
        assert {each for each in about_rows if each.count("region_code") < len(tables_of(each))} == set()


NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO|,)\s+(\w+)\b(?!\.)", re.IGNORECASE)


def tables_of(statement: str) -> list[str]:
    """Return the ledger's tables a statement names, each as often as it does."""
    names = {table.name for table in TABLES}
    return [name for name in NAMED.findall(statement) if name in names]


@contextmanager
def listening(said: set[str]) -> Iterator[None]:
    """Note every statement that SQLAlchemy hands to a driver, whichever engine it is."""

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.add(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def _upset(service: Service) -> None:
    """Make every kind of change a process makes."""
    store = service.runtime.store

    def unit(tx: Tx) -> None:
        until = LATER + timedelta(minutes=1)
        for claimed in store.outbox.claim(tx, owner="w", count=3, wall=LATER, until=until)[:2]:
            store.outbox.settle(tx, claimed, OutboxState.DELIVERED, delivered_at=LATER)
        store.outbox.rescue(tx, LATER, uncertain_targets=["unit:tax"], mine="w")
        for row in store.outbox.listing(tx, state=None, target=None, limit=99):
            store.outbox.change(tx, row["key"], list(OutboxState), state="ready", due_at=None)
        cursor = store.pulling.fetch(tx, "unit", "tax", None, 9, LATER).cursor
        store.pulling.fetch(tx, "unit", "tax", cursor, 9, LATER)
        store.inbound.forget_before(tx, LATER + timedelta(days=90))
        store.tokens.revoke(tx, "k1", LATER)
        store.documents.draw(tx, "reply", NOW.year)
        store.leases.hold(tx, "clock", "p2", LATER + timedelta(days=9), LATER + timedelta(days=10))

    await store.write(unit)
    service.runtime.ports.clock.move_to(NOW + timedelta(days=90))  # type: ignore[attr-defined]
    assert await service.sweep() > 0


def _seen(tx: Tx, store: Store, view: dict[str, Any]) -> list[object]:
    """Return whatever a region finds of another's case."""
    queries = store.queries
    ticket = view["tickets"][0]
    found = [
        store.cases.load(tx, view["id"]),
        store.tickets.known(tx, "hotline", "T1"),
        store.tickets.raw(tx, ticket["id"], 1),
        store.inbound.first_answer(tx, inbound("w1")),
        store.history.read(tx, view["id"]),
        store.tokens.by_hash(tx, "0" * 64),
        store.tokens.all(tx),
        store.outbox.listing(tx, state=None, target=None, limit=9),
        store.replicas.alive(tx, NOW),
        store.documents.of_case(tx, view["id"]),
        queries.cases(tx, CaseQuery()),
        queries.cases(tx, CaseQuery(external_id="T1", unit="tax")),
        queries.tickets_of(tx, [view["id"]]),
        queries.due_steps(tx, LATER + timedelta(days=365), 9),
        queries.next_fire_at(tx),
        *astuple(store.counts.all(tx)),
        queries.oldest_due(tx),
        queries.oldest_opened(tx, CaseState.HANDLING),
    ]
    return [each for each in found if each]
