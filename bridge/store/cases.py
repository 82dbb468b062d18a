"""Loading and saving a case file.

Owns: the one place where a decision becomes rows: case, tickets, assignments, opinions, deadlines,
and history together, and where they are sealed. Must not: decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

import orjson
from sqlalchemy import Text, bindparam, cast, literal_column, null, select, union_all, update

from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Case
from bridge.core.model.deadline import Deadline
from bridge.core.model.event import Event
from bridge.core.model.file import CaseFile, Decision
from bridge.core.values import changed
from bridge.crypto import Vault
from bridge.errors import StaleRow
from bridge.store import seals
from bridge.store.ahead import Question
from bridge.store.codec import ASSIGNMENTS, CASES, DEADLINES, OPINIONS, TICKETS, Mapper, table_of
from bridge.store.prepared import Prepared, insertion, upsertion
from bridge.store.recent import Recent
from bridge.store.tables import EventRow
from bridge.store.writer import Tx

T = TypeVar("T")
Rows = dict[str, list[dict[str, Any]]]

_EVENTS = table_of(EventRow)
_KEYS = ("region_code", "id")

_HEAD = Prepared(
    select(CASES.table.c.version, CASES.table.c.event_hash).where(
        CASES.table.c.region_code == bindparam("region"), CASES.table.c.id == bindparam("case_id")
    )
)
_INSERT_CASE = insertion(CASES.table)
_UPDATE_CASE = Prepared(
    update(CASES.table)
    .where(
        CASES.table.c.region_code == bindparam("b_region"),
        CASES.table.c.id == bindparam("b_id"),
        CASES.table.c.version == bindparam("b_version"),
    )
    .values({column.name: bindparam(column.name) for column in CASES.table.c if column.name not in _KEYS})
)
_APPEND = insertion(_EVENTS)


_MAPPERS: tuple[Mapper[Any], ...] = (TICKETS, ASSIGNMENTS, OPINIONS, DEADLINES)
"""The parts of a case; their tables are named as the fields of a :class:`CaseFile`."""
_SEALED = tuple(mapper for mapper in _MAPPERS if mapper.sealed)
_EMPTY = dict.fromkeys(column.name for column in CASES.table.c if column.nullable)


def _whole_case() -> Prepared:
    """Return the query of every row of a case at once, in no order: one trip to the server instead of one a table.

    ``part`` names the table; a column that a table does not have is NULL in its rows.
    """
    columns = {column.name: column for mapper in (CASES, *_MAPPERS) for column in mapper.table.c}
    selects = []
    for mapper in (CASES, *_MAPPERS):
        table = mapper.table
        ours = [table.c[n] if n in table.c else cast(null(), c.type).label(n) for n, c in columns.items()]
        of_case = table.c.id if mapper is CASES else table.c.case_id
        where = (table.c.region_code == bindparam("region"), of_case == bindparam("case_id"))
        selects.append(select(literal_column(f"'{table.name}'", Text).label("part"), *ours).where(*where))
    return Prepared(union_all(*selects))


_WHOLE_CASE = _whole_case()
_UPSERTS = {mapper.table.name: upsertion(mapper.table, _KEYS) for mapper in _MAPPERS}


@dataclass(frozen=True, slots=True)
class CaseStore:
    """Case files of one region."""

    region: str
    vault: Vault
    recent: Recent = field(default_factory=Recent)

    def load(self, tx: Tx, case_id: str) -> CaseFile | None:
        """Load a case with everything that belongs to it; None if there is no such case."""
        values = {"region": self.region, "case_id": case_id}
        if self.recent.knows(case_id):
            heads = tx.fetch(_HEAD, values, of=("case", case_id))
            kept = self.recent.find(case_id, *heads[0]) if heads else None
            if kept is not None:
                return kept.file
        rows = tx.fetch(_WHOLE_CASE, values, of=("case", case_id))
        return self._opened(rows) if rows else None

    def question(self, case_id: str) -> Question:
        """Return what :meth:`load` asks first."""
        values = {"region": self.region, "case_id": case_id}
        return Question(_HEAD if self.recent.knows(case_id) else _WHOLE_CASE, values)

    def _opened(self, rows: Iterable[Any]) -> CaseFile:
        """Return the case file of the rows of a case."""
        parts: dict[str, list[Any]] = {mapper.table.name: [] for mapper in (CASES, *_MAPPERS)}
        for row in rows:
            parts[row.part].append(row)
        return _in_order(CaseFile(
            case=self._values(CASES, parts)[0],
            tickets=self._values(TICKETS, parts),
            assignments=self._values(ASSIGNMENTS, parts),
            opinions=self._values(OPINIONS, parts),
            deadlines=self._values(DEADLINES, parts),
        ))  # fmt: skip

    def _values(self, mapper: Mapper[T], parts: Mapping[str, Iterable[Any]]) -> tuple[T, ...]:
        return tuple(mapper.from_row(row, self.vault) for row in parts[mapper.table.name])

    def lock(self, tx: Tx, *case_ids: str) -> None:
        """Let nobody else change these cases until the unit of work ends; SQLite has one writer anyway.

        Always in the order of their ids, so that two units that want the same two do not wait for each other.
        """
        table = CASES.table
        query = select(table.c.id).where(table.c.region_code == self.region, table.c.id.in_(case_ids))
        tx.read(query.order_by(table.c.id).with_for_update()).all()

    def save(self, tx: Tx, before: CaseFile | None, decision: Decision) -> CaseFile:
        """Write what a decision changed and append its history. Returns the file as saved.

        Raises StaleRow if somebody else changed the case since it was loaded.
        """
        file, events = decision.file, self._chained(decision)
        head, parts = _head_after(file.case, events), self._changed_parts(before, file)
        row = CASES.to_row(file.case, self.region, self.vault) | head
        row.pop("seal", None)
        sealed = self._sealed(before, file, {CASES.table.name: [row], **parts}, decision)
        row["seal"] = None if sealed is None else seals.closed(self.vault, self.region, file.case.id, sealed)
        after = changed(file, case=changed(file.case, **head, seal=row["seal"]))
        if before is None:
            tx.put(_INSERT_CASE, [row])
        else:
            self._update_case(tx, row, before.case.version)
        for table, rows in parts.items():
            tx.put(_UPSERTS[table], rows)
        tickets = [("ticket", ticket.feed, ticket.external_id) for ticket in after.tickets]
        tx.put(_APPEND, events, ("case", file.case.id), *tickets)
        size = self.recent.size_of(before) + _content(parts)
        tx.after_commit(lambda: self.recent.keep(after if before is None else _in_order(after), size, sealed))
        return after

    def _sealed(
        self, before: CaseFile | None, after: CaseFile, written: Rows, decision: Decision
    ) -> seals.Sealed | None:
        """Return what the new seal is over; None for a case from before there were seals, until a person has it sealed."""
        if before is None:
            known = None
        elif before.case.seal is None:
            return None
        else:
            kept = self.recent.sealed_of(before)
            known = kept or seals.opened(self.vault, self.region, before.case.id, before.case.seal)
        return seals.resealed(self.vault, known, after, written, decision.messages)

    def _chained(self, decision: Decision) -> list[dict[str, Any]]:
        """Return the rows of the new events."""
        case = decision.file.case
        head, rows = case.event_hash, []
        for seq, event in enumerate(decision.events, case.event_seq + 1):
            row = self._event_row(case.id, seq, event, case.updated_at)
            head = row["hash"] = chain_hash(head, row)
            rows.append(row)
        return rows

    def _event_row(self, case_id: str, seq: int, event: Event, recorded_at: datetime) -> dict[str, Any]:
        detail = orjson.dumps({"actor_role": event.actor.role, **event.detail})
        return {
            "region_code": self.region,
            "case_id": case_id,
            "seq": seq,
            "type": event.type,
            "actor": str(event.actor),
            "cause": event.cause[:200],
            "occurred_at": event.occurred_at,
            "recorded_at": recorded_at,
            "detail": self.vault.seal(detail, f"events.detail:{case_id}:{seq}".encode()),
        }

    def _update_case(self, tx: Tx, row: dict[str, Any], expected_version: int) -> None:
        keys = {"b_region": self.region, "b_id": row["id"], "b_version": expected_version}
        stale = StaleRow(f"case {row['id']} was changed by somebody else")
        tx.amend(_UPDATE_CASE, {**_EMPTY, **row, **keys}, ("case", row["id"]), stale)

    def _changed_parts(self, before: CaseFile | None, after: CaseFile) -> Rows:
        """Return the rows of every part that is not as it was read, by table."""
        found: Rows = {}
        for mapper in _MAPPERS:
            table = mapper.table.name
            parts = getattr(after, table)
            if before is not None:
                known = set(map(id, getattr(before, table)))
                parts = [part for part in parts if id(part) not in known]
            if parts:
                found[table] = [mapper.to_row(part, self.region, self.vault) for part in parts]
        return found


def _head_after(case: Case, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the columns of a case that its new events, and being written, change."""
    head = events[-1]["hash"] if events else case.event_hash
    return {"event_seq": case.event_seq + len(events), "event_hash": head, "version": case.version + 1}


def _content(parts: Rows) -> int:
    """Return how many bytes of sealed content rows hold."""
    return sum([len(row[mapper.sealed[0]]) for mapper in _SEALED for row in parts.get(mapper.table.name, ())])


def _in_order(file: CaseFile) -> CaseFile:
    """Return a file with its parts in their one order: a case's own tickets stand before those that a merge brought.

    Sorted here, or SQLite would walk a primary key instead.
    """
    return CaseFile(
        case=file.case,
        tickets=tuple(sorted(file.tickets, key=lambda ticket: (bool(ticket.came_from), ticket.id))),
        assignments=tuple(sorted(file.assignments, key=_by_serial)),
        opinions=tuple(sorted(file.opinions, key=lambda o: (o.recorded_at, *_serial(o.assignment_id), o.version))),
        deadlines=tuple(sorted(file.deadlines, key=_by_serial)),
    )


def _by_serial(part: Assignment | Deadline) -> tuple[int, str]:
    return _serial(part.id)


def _serial(id_: str) -> tuple[int, str]:
    """Order ids by the number at their end, such as ``c…a12``; a merge brings equal numbers together."""
    return int(id_[len(id_.rstrip("0123456789")) :] or 0), id_


_HASHED = itemgetter("region_code", "case_id", "seq", "type", "actor", "cause", "occurred_at", "recorded_at", "detail")


def chain_hash(previous: str, row: dict[str, Any]) -> str:
    """Return the hash of an event row after ``previous``: SHA-256 over the canonical row, in hex."""
    region, case_id, seq, type_, actor, cause, occurred_at, recorded_at, detail = _HASHED(row)
    occurred, recorded = seals.instant_text(occurred_at), seals.instant_text(recorded_at)
    canonical = "\x1f".join((previous, region, case_id, str(seq), type_, actor, cause, occurred, recorded))
    return hashlib.sha256(canonical.encode() + detail).hexdigest()
