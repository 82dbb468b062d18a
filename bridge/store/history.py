"""Reading a case's history and verifying its hash chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from bridge.crypto import Vault
from bridge.errors import StoreError
from bridge.store.cases import chain_hash
from bridge.store.codec import CASES, table_of
from bridge.store.tables import EventRow
from bridge.store.writer import Tx

_T = table_of(EventRow)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One line of a history, opened."""

    seq: int
    type: str
    actor: str
    cause: str
    occurred_at: datetime
    recorded_at: datetime
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class HistoryStore:
    """Histories of one region."""

    region: str
    vault: Vault

    def read(self, tx: Tx, case_id: str) -> list[RecordedEvent]:
        """Return a case's events in order."""
        return [self._event(row) for row in self._rows(tx, case_id)]

    def _rows(self, tx: Tx, case_id: str) -> list[dict[str, Any]]:
        query = select(_T).where(_T.c.region_code == self.region, _T.c.case_id == case_id).order_by(_T.c.seq)
        return [dict(row._mapping) for row in tx.read(query)]  # noqa: SLF001 - SQLAlchemy's public name

    def _event(self, row: dict[str, Any]) -> RecordedEvent:
        aad = f"events.detail:{row['case_id']}:{row['seq']}".encode()
        detail = orjson.loads(self.vault.open(row["detail"], aad))
        names = ("seq", "type", "actor", "cause", "occurred_at", "recorded_at", "hash")
        return RecordedEvent(**{name: row[name] for name in names}, detail=detail)

    def pushed(self, tx: Tx, case_ids: Iterable[str]) -> set[tuple[str, int]]:
        """Return the tickets and revisions upstreams pushed again, as these cases and those they were merged into tell."""
        found, seen, waiting = set[tuple[str, int]](), set[str](), list(case_ids)
        while waiting:
            case_id = waiting.pop()
            if case_id in seen:
                continue
            seen.add(case_id)
            for event in self._readable(tx, case_id):
                if event.type == "case.merged":
                    waiting.append(event.detail["into"])
                elif event.type == "ticket.revised":
                    found.add((event.detail["ticket"], event.detail["revision"]))
        return found

    def _readable(self, tx: Tx, case_id: str) -> Iterator[RecordedEvent]:
        for row in self._rows(tx, case_id):
            with suppress(StoreError):
                yield self._event(row)

    def first_break(self, tx: Tx, case_id: str) -> int | None:
        """Return the number of the first event that does not fit the chain (or is missing); None if all do."""
        head, seq = "", 0
        for row in self._rows(tx, case_id):
            seq += 1
            head = chain_hash(head, row)
            if row["seq"] != seq or row["hash"] != head:
                return seq
        case = select(CASES.table.c.event_seq, CASES.table.c.event_hash).where(
            CASES.table.c.region_code == self.region, CASES.table.c.id == case_id
        )
        known = tx.read(case).first()
        fits = known is not None and known.event_seq == seq and known.event_hash == head
        return None if fits else seq + 1
