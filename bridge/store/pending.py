"""Rows of a batch that wait to be written together, one statement a table.

Owns: what waits, what it stands for, and that a row to be changed was still there. Must not: decide when to write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from bridge.errors import StoreError
from bridge.store.driver import RowMissing, run_many, run_together
from bridge.store.prepared import Form, Name, Values


@dataclass(slots=True)
class Pending:
    """Rows by statement, the names of what they stand for, and what it means if a changed row is missing."""

    rows: dict[Form, list[tuple[Any, ...]]] = field(default_factory=dict)
    names: set[Name] = field(default_factory=set)
    missing: dict[Form, StoreError] = field(default_factory=dict)

    def add(self, form: Form, rows: Iterable[Values], names: Iterable[Name], missing: StoreError | None = None) -> None:
        """Let rows wait; ``missing`` is raised if one of them is not there to be changed."""
        if parameters := list(map(form.parameters, rows)):
            self.rows.setdefault(form, []).extend(parameters)
        if missing is not None:
            self.missing[form] = missing
        self.names.update(names)

    def take(self, other: Pending) -> None:
        """Take over what waits elsewhere."""
        for form, rows in other.rows.items():
            self.rows.setdefault(form, []).extend(rows)
        self.names |= other.names
        self.missing |= other.missing
        other.clear()

    def flush(self, connection: Connection) -> None:
        """Write everything that waits. Raises what was said for a row that is missing."""
        for form, rows in self.rows.items():
            changed = run_many(connection, form.many, rows)
            if form in self.missing and changed != len(rows):
                raise self.missing[form]
        self.clear()

    def flush_last(self, connection: Connection) -> None:
        """Write everything that waits as the last of a batch: on PostgreSQL in one trip, whole or not at all.

        Raises what was said for a row that is missing, though perhaps not what was said for that very row.
        """
        if connection.dialect.name == "sqlite":
            self.flush(connection)
            return
        forms = sorted(self.rows, key=lambda form: form.many)
        changing = [number for number, form in enumerate(forms) if form in self.missing]
        try:
            if forms:
                run_together(connection, [(form.many, self.rows[form]) for form in forms], changing)
        except RowMissing as error:
            raise self.missing[forms[changing[0]]] from error
        self.clear()

    def clear(self) -> None:
        """Forget everything that waits."""
        self.rows.clear()
        self.names.clear()
        self.missing.clear()
