"""Reading the whole ledger again and comparing it with what was sealed, page by page.

Owns: which rows of a case are read for it, and what is wrong with them. Must not: change a row, or word a report.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Table, select, update

from bridge.crypto import Vault
from bridge.errors import StoreError
from bridge.store import seals
from bridge.store.cases import chain_hash
from bridge.store.codec import ASSIGNMENTS, CASES, DEADLINES, OPINIONS, TICKETS, table_of
from bridge.store.history import HistoryStore
from bridge.store.tables import DocumentRow, EventRow, OutboxRow, TicketRevisionRow
from bridge.store.writer import Tx

PAGE = 200
_DOCUMENTS = table_of(DocumentRow)
_EVENTS, _OUTBOX, _REVISIONS = table_of(EventRow), table_of(OutboxRow), table_of(TicketRevisionRow)
_PARTS = (TICKETS.table, ASSIGNMENTS.table, OPINIONS.table, DEADLINES.table)
_BY_CASE = (*_PARTS, _EVENTS, _OUTBOX)

Row = dict[str, Any]


class Finding(NamedTuple):
    """Something that is not as it was sealed; ``problem`` is one of those the report words."""

    case_id: str
    table: str
    row: str
    problem: str


@dataclass(slots=True)
class Bundle:
    """Every stored row of one case."""

    case_id: str
    case: Row | None = None
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table.name: [] for table in _BY_CASE})
    revisions: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def tags(self, vault: Vault) -> seals.Tags:
        """Return the tags of the rows as they are now."""
        id_, found = self.case_id, {}
        if self.case is not None:
            found[seals.name_of("cases", id_, id_)] = _tag(vault, "cases", self.case)
        for table in _PARTS:
            for row in self.rows[table.name]:
                found[seals.name_of(table.name, row["id"], id_)] = _tag(vault, table.name, row)
        for row in self.rows[seals.MESSAGE]:
            fields = [row[name] for name in seals.MESSAGE_FIELDS]
            found[seals.name_of(seals.MESSAGE, row["key"], id_)] = seals.message_tag(vault, fields)
        return found


@dataclass(slots=True)
class Page:
    """What a page of the ledger showed; ``last`` is None after the last page."""

    last: str | None
    cases: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    histories: dict[str, list[str]] = field(default_factory=dict)
    """The hashes of the history of each case that has its own row."""


@dataclass(frozen=True, slots=True)
class AuditStore:
    """The audit of one region."""

    region: str
    vault: Vault

    def page(self, tx: Tx, after: str = "", *, only: str | None = None, size: int = PAGE) -> Page:
        """Check the next cases in the order of their ids (or ``only`` one), rows without a case included."""
        if only is not None:
            return self._checked(tx, Page(None), [self.bundle(tx, only)])
        ids = [row.id for row in tx.read(self._cases(after).limit(size))]
        last = ids[-1] if len(ids) == size else None
        return self._checked(tx, Page(last), self._bundles(tx, after, last))

    def _checked(self, tx: Tx, page: Page, bundles: Iterable[Bundle]) -> Page:
        for bundle in bundles:
            page.cases += bundle.case is not None
            page.rows += sum(len(rows) for rows in bundle.rows.values()) + len(bundle.revisions)
            page.findings += self.findings(tx, bundle)
            page.findings += self._of_documents(tx, bundle)
            if bundle.case is not None:
                page.histories[bundle.case_id] = [str(row["hash"]) for row in bundle.rows["events"]]
        return page

    def bundle(self, tx: Tx, case_id: str) -> Bundle:
        """Return every stored row of one case."""
        bundle = Bundle(case_id)
        self._fill({case_id: bundle}, tx, lambda column: [column == case_id])
        return bundle

    def _cases(self, after: str) -> Any:
        table = CASES.table
        return select(table.c.id).where(table.c.region_code == self.region, table.c.id > after).order_by(table.c.id)

    def _bundles(self, tx: Tx, after: str, last: str | None) -> list[Bundle]:
        found: dict[str, Bundle] = {}
        self._fill(found, tx, lambda column: [column > after, *([] if last is None else [column <= last])])
        return [found[case_id] for case_id in sorted(found)]

    def _fill(self, found: dict[str, Bundle], tx: Tx, within: Any) -> None:
        for row in self._read(tx, CASES.table, within(CASES.table.c.id)):
            _of(found, row["id"]).case = row
        for table in _BY_CASE:
            for row in self._read(tx, table, within(table.c.case_id)):
                _of(found, row["case_id"]).rows[table.name].append(row)
        for row in self._raw(tx, within(TICKETS.table.c.case_id)):
            _of(found, row["case_id"]).revisions.setdefault(row["ticket_id"], {})[row["revision"]] = row["raw"]

    def _read(self, tx: Tx, table: Table, where: Sequence[ColumnElement[bool]]) -> Iterator[Row]:
        order = table.c.seq if table is _EVENTS else table.c.key if table is _OUTBOX else table.c.id
        for row in tx.read(select(table).where(table.c.region_code == self.region, *where).order_by(order)):
            yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name

    def _raw(self, tx: Tx, where: Sequence[ColumnElement[bool]]) -> Iterator[Row]:
        t, r = TICKETS.table, _REVISIONS
        joined = r.join(t, (t.c.region_code == r.c.region_code) & (t.c.id == r.c.ticket_id))
        query = select(t.c.case_id, r.c.ticket_id, r.c.revision, r.c.raw).select_from(joined)
        for row in tx.read(query.where(t.c.region_code == self.region, *where)):
            yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name

    def findings(self, tx: Tx, bundle: Bundle) -> list[Finding]:
        """Return everything about a case that is not as it was sealed."""
        here = [*self._of_rows(bundle), *self._of_history(bundle), *self._of_messages(bundle)]
        return [*here, *self._of_raw(tx, bundle)]

    def _of_rows(self, bundle: Bundle) -> Iterator[Finding]:
        case_id = bundle.case_id
        if bundle.case is None:
            yield Finding(case_id, "cases", case_id, "missing")
            return
        if bundle.case["seal"] is None:
            yield Finding(case_id, "cases", case_id, "unsealed")
            return
        verdict = seals.compared(self.vault, self.region, case_id, bundle.case["seal"], bundle.tags(self.vault))
        if not verdict.whole:
            yield Finding(case_id, "cases", case_id, "seal")
        differences = {"changed": verdict.changed, "added": verdict.added, "missing": verdict.missing}
        for problem, names in differences.items():
            for name in names:
                table, _, row = name.partition(":")
                yield Finding(case_id, table, row, problem)

    def _of_history(self, bundle: Bundle) -> Iterator[Finding]:
        head, expected = "", 0
        for row in bundle.rows["events"]:
            expected += 1
            head = chain_hash(head, row)
            if row["seq"] != expected or row["hash"] != head:
                yield Finding(bundle.case_id, "events", str(expected), "chain")
                return
        case = bundle.case
        if case is not None and (expected, head) != _head(case):
            yield Finding(bundle.case_id, "events", str(expected + 1), "chain")

    def _of_messages(self, bundle: Bundle) -> Iterator[Finding]:
        for row in bundle.rows[seals.MESSAGE]:
            if not self._opens(row["payload"], f"outbox.payload:{row['key']}"):
                yield Finding(bundle.case_id, seals.MESSAGE, row["key"], "unreadable")

    def _of_raw(self, tx: Tx, bundle: Bundle) -> Iterator[Finding]:
        for ticket in bundle.rows["tickets"]:
            kept = bundle.revisions.get(ticket["id"], {})
            for number in self._lost(tx, bundle.case_id, ticket, kept):
                yield Finding(bundle.case_id, "ticket_revisions", f"{ticket['id']}:{number}", "missing")
            for number, raw in sorted(kept.items()):
                name = f"{ticket['id']}:{number}"
                if not self._opens(raw, f"ticket_revisions.raw:{name}"):
                    yield Finding(bundle.case_id, "ticket_revisions", name, "unreadable")

    def _lost(self, tx: Tx, case_id: str, ticket: Row, kept: Mapping[int, bytes]) -> list[int]:
        """Return the pushes that are gone; a supplement and a correction by a person count as revisions without one."""
        details = _details(ticket)
        absent = set(range(1, int(details.get("revision", 1)) + 1)) - kept.keys()
        if absent - {1}:
            pushed = HistoryStore(self.region, self.vault).pushed(tx, (case_id, *details.get("came_from", ())))
            absent &= {1} | {number for ticket_id, number in pushed if ticket_id == ticket["id"]}
        return sorted(absent)

    def _of_documents(self, tx: Tx, bundle: Bundle) -> Iterator[Finding]:
        """Compare the papers that are there with what the history says was issued: the chain vouches for their hashes."""
        issued = dict(self._issued(bundle))
        here = _DOCUMENTS.c.region_code == self.region, _DOCUMENTS.c.case_id == bundle.case_id
        found = set()
        for row in tx.read(select(_DOCUMENTS.c.id, _DOCUMENTS.c.content).where(*here).order_by(_DOCUMENTS.c.id)):
            found.add(row.id)
            if row.id not in issued:
                yield Finding(bundle.case_id, "documents", row.id, "added")
                continue
            content = self._content(row.content, row.id)
            if content is None:
                yield Finding(bundle.case_id, "documents", row.id, "unreadable")
            elif hashlib.sha256(content).hexdigest() != issued[row.id]:
                yield Finding(bundle.case_id, "documents", row.id, "changed")
        for name in sorted(issued.keys() - found):
            yield Finding(bundle.case_id, "documents", name, "missing")

    def _issued(self, bundle: Bundle) -> Iterator[tuple[str, str]]:
        for row in bundle.rows["events"]:
            if row["type"] == "document.issued":
                with suppress(StoreError):
                    aad = f"events.detail:{row['case_id']}:{row['seq']}"
                    detail = orjson.loads(self.vault.open(row["detail"], aad.encode()))
                    yield str(detail["document"]), str(detail["sha256"])

    def _content(self, sealed: bytes, document_id: str) -> bytes | None:
        try:
            return self.vault.open(sealed, f"documents.content:{document_id}".encode())
        except StoreError:
            return None

    def _opens(self, sealed: bytes, aad: str) -> bool:
        try:
            self.vault.open(sealed, aad.encode())
        except StoreError:
            return False
        return True

    def unsealed(self, tx: Tx, size: int = PAGE) -> list[str]:
        """Return some cases that never were sealed."""
        table = CASES.table
        query = select(table.c.id).where(table.c.region_code == self.region, table.c.seal.is_(None))
        return [row.id for row in tx.read(query.order_by(table.c.id).limit(size))]

    def seal(self, tx: Tx, case_id: str) -> None:
        """Seal a case from before there were seals, as it is now.

        It is a new version of the case: a change that was decided on the unsealed one is decided again, not written over.
        """
        table = CASES.table
        mine = (table.c.region_code == self.region, table.c.id == case_id, table.c.seal.is_(None))
        if tx.write(update(table).where(*mine).values(version=table.c.version + 1)).rowcount:
            tags = self.bundle(tx, case_id).tags(self.vault)
            text = seals.closed(self.vault, self.region, case_id, seals.Sealed(tags, {}))
            tx.write(update(table).where(*mine).values(seal=text))


def _of(found: dict[str, Bundle], case_id: str) -> Bundle:
    return found.setdefault(case_id, Bundle(case_id))


def _tag(vault: Vault, table: str, row: Mapping[str, Any]) -> str:
    return seals.stored_tag(vault, table, row)


def _head(case: Row) -> tuple[int, str]:
    return int(case["event_seq"]), str(case["event_hash"])


def _details(ticket: Row) -> dict[str, Any]:
    """Return what a ticket's row says besides its columns; details that were spoilt are found by their tag."""
    try:
        return dict(orjson.loads(ticket["details"]))
    except (ValueError, TypeError):
        return {"revision": 0}
