"""Every hot query is served by an index on both databases, beside an archive that would make a scan dear.

The statements are those the store really sends, caught on their way to the driver; the planner has seen the tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bridge.core.similarity import Clue
from bridge.pipeline.queries import CaseQuery
from bridge.store.cases import CaseStore
from bridge.store.inbound import Inbound
from bridge.store.stopped import Choice
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.growth import analyse, grow
from bridge.testing.store_suite.database import draft, service_on
from tests.conftest import REGION

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CASES = 20_000
GROWN = "c00growth1000000500"
LARGE = ("cases", "tickets", "assignments", "deadlines", "events", "outbox", "inbound", "matter_keys", "opinions")
BOUNDED = (
    "ix_outbox_ready", "ix_outbox_leased", "ix_outbox_group", "ix_outbox_stuck", "ix_outbox_pull",
    "ix_assignments_open", "ix_deadlines_next_fire_at",
)  # fmt: skip
"""Partial indexes that hold only what is open or needs a person."""


def case_of(tx: Tx, store: Store) -> str:
    """The one real case."""
    known = store.tickets.known(tx, "hotline", "T1")
    assert known is not None
    return known.case_id


_later = NOW + timedelta(seconds=30)
HOT: dict[str, Callable[[Tx, Store], object]] = {
    "intake: replay": lambda tx, s: s.inbound.first_answer(tx, Inbound("feed:hotline", "G1", "0")),
    "intake: known ticket": lambda tx, s: s.tickets.known(tx, "hotline", "G1000000500"),
    "intake: same matter": lambda tx, s: s.similar.sharing(tx, [(Clue.PHONE, "13900000000")]),
    "receipt: the case": lambda tx, s: CaseStore(REGION, s.vault).load(tx, case_of(tx, s)),
    "claim": lambda tx, s: s.outbox.claim(tx, owner="w", count=50, wall=NOW, until=_later),
    "claim beside busy targets": lambda tx, s: s.outbox.claim(
        tx, owner="w", count=50, wall=NOW, until=_later, busy=["unit:tax"]
    ),
    "rescue": lambda tx, s: s.outbox.rescue(tx, NOW, uncertain_targets=["unit:tax"]),
    "sweep": lambda tx, s: s.queries.due_steps(tx, NOW, 200),
    "next rung": lambda tx, s: s.queries.next_fire_at(tx),
    "oldest due message": lambda tx, s: s.queries.oldest_due(tx),
    "pull": lambda tx, s: s.pulling.fetch(tx, "upstream", "hotline", None, 50, NOW),
    "forget": lambda tx, s: s.inbound.forget_before(tx, NOW - timedelta(days=5000)),
    "case page: history": lambda tx, s: s.history.read(tx, case_of(tx, s)),
    "case page: documents": lambda tx, s: s.documents.of_case(tx, GROWN),
    "list": lambda tx, s: s.queries.cases(tx, CaseQuery()),
    "list: next page": lambda tx, s: s.queries.cases(tx, CaseQuery(after=GROWN)),
    "list: state": lambda tx, s: s.queries.cases(tx, CaseQuery(state="triage")),
    "list: a unit with few cases": lambda tx, s: s.queries.cases(tx, CaseQuery(unit="justice")),
    "list: feed": lambda tx, s: s.queries.cases(tx, CaseQuery(feed="hotline")),
    "list: open cases of a unit": lambda tx, s: s.queries.cases(tx, CaseQuery(unit="tax", state="handling")),
    "search by external id": lambda tx, s: s.queries.cases(tx, CaseQuery(external_id="G1000000500")),
    "overdue": lambda tx, s: s.queries.cases(tx, CaseQuery(overdue=True)),
    "tickets of a page": lambda tx, s: s.queries.tickets_of(tx, [GROWN]),
    "outbox": lambda tx, s: s.outbox.listing(tx, limit=50),
    "outbox: parked": lambda tx, s: s.outbox.listing(tx, limit=50, state="parked"),
    "outbox: of a case": lambda tx, s: s.outbox.listing(tx, limit=50, case_id=GROWN),
    "messages held by shadow mode": lambda tx, s: s.stopped.held(tx),
    "messages a person chooses from": lambda tx, s: s.stopped.keys(tx, Choice()),
    "gauges: what is open": lambda tx, s: s.counts.open(tx),
}  # fmt: skip


@pytest.fixture
async def grown(store: Store) -> Store:
    """A ledger with one real case among many finished ones."""

    def make(tx: Tx) -> None:
        grow(tx.connection, REGION, CASES, NOW)
        analyse(tx.connection)

    await store.write(make)
    await service_on(store).accept_ticket("hotline", draft("T1"), None)
    return store


async def test_no_hot_query_walks_the_archive(grown: Store) -> None:
    def look(tx: Tx) -> dict[str, list[str]]:
        return {name: list(_scans(tx, partial(query, tx, grown))) for name, query in HOT.items()}

    found = await grown.write(look)
    assert {name: scans for name, scans in found.items() if scans} == {}


async def test_a_scan_would_be_noticed(grown: Store) -> None:
    def look(tx: Tx) -> list[str]:
        return list(_scans(tx, lambda: grown.counts.at_rest(tx)))

    assert await grown.write(look)


async def test_counting_the_archive_sorts_no_more_than_what_moves(grown: Store) -> None:
    """What SQLite sorts it holds in memory: a million cases would take hundreds of megabytes."""
    if not grown.single:
        return

    def look(tx: Tx) -> list[str]:
        driver: Any = tx.connection.connection.dbapi_connection
        with _caught(tx.connection) as sent:
            grown.counts.all(tx)
        plans = {sql: [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql, _ in sent}
        assert plans
        return [sql for sql, steps in plans.items() if any("TEMP B-TREE" in s for s in steps) and "'leased'" not in sql]

    assert await grown.write(look) == []


def _scans(tx: Tx, query: Callable[[], object]) -> Iterator[str]:
    """Run a query and yield every step of its plans that grows with the archive."""
    explain = _explain_sqlite if tx.connection.dialect.name == "sqlite" else _explain_postgres
    with _caught(tx.connection) as sent:
        query()
    assert sent
    for statement, parameters in sent:
        yield from explain(tx.connection, statement, parameters)


@contextmanager
def _caught(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Catch what is sent; SQLite's own trace has the values filled in."""
    sent: list[tuple[str, Any]] = []
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.set_trace_callback(lambda statement: sent.append((statement, ())))
        yield sent
        driver.set_trace_callback(None)
        return

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


def _explain_sqlite(connection: Connection, statement: str, _parameters: object) -> Iterator[str]:
    driver: Any = connection.connection.dbapi_connection
    steps = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]
    page = "LIMIT" in statement and not any("TEMP B-TREE FOR ORDER BY" in step for step in steps)
    for step in steps:
        match = re.match(r"(SCAN|SEARCH) (\w+)", step)
        table = match and next((t for t in LARGE if re.search(rf"\b{match[2]}\b", _aliases(statement, t))), None)
        narrow = "SEARCH" in step and not step.endswith("(region_code=?)")
        if table and not narrow and not page and not any(name in step for name in BOUNDED):
            yield f"{step} in {statement[:200]}"


def _aliases(statement: str, table: str) -> str:
    """A table's name and the names it goes by in a statement."""
    return " ".join([table, *re.findall(rf"\b{table} AS (\w+)", statement)])


def _explain_postgres(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    whole = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    yield from (f"{step} in {statement[:200]}" for step in _dear_steps(whole, paged=False))


def _dear_steps(node: dict[str, Any], *, paged: bool) -> Iterator[str]:
    """Yield the steps of a plan that read a large table without a narrowing condition, unless a page ends them early."""
    kind = node["Node Type"]
    paged = (paged or kind == "Limit") and kind not in {"Sort", "Hash", "Aggregate"}
    condition = re.sub(r"\(*region_code[^)]*\)+( AND)?", "", node.get("Index Cond", ""))
    narrow = bool(condition.strip("() ")) or node.get("Index Name") in BOUNDED or kind == "Bitmap Heap Scan"
    if node.get("Relation Name") in LARGE and "Scan" in kind and not narrow and not paged:
        yield f"{kind} {node['Relation Name']} {node.get('Index Name', '')} {node.get('Index Cond', '')}"
    for child in node.get("Plans", ()):
        yield from _dear_steps(child, paged=paged)
