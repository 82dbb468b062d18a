"""What the units of a batch will ask first, asked together before the first of them runs (PostgreSQL: in one trip).

Owns: the answers, and that none is given for what the batch has written since. Must not: answer what was not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from bridge.store.driver import Row, fetch_one_each, fetch_together
from bridge.store.prepared import Form, Name, Prepared, Values


@dataclass(frozen=True, slots=True)
class Question:
    """A query some unit will make with these values."""

    statement: Prepared
    values: Values


@dataclass(slots=True)
class Answers:
    """The rows of questions asked ahead, and the names of what has been written since."""

    rows: dict[tuple[Form, tuple[Any, ...]], list[Row]] = field(default_factory=dict)
    written: set[Name] = field(default_factory=set)

    def find(self, form: Form, parameters: tuple[Any, ...], of: Name | None) -> list[Row] | None:
        """Return the rows of a question about ``of``; None if it has to be asked now."""
        if of is None or of in self.written:
            return None
        return self.rows.get((form, parameters))

    def take(self, form: Form, parameters: Sequence[tuple[Any, ...]], rows: Iterable[Row]) -> None:
        """Keep the rows of a query, each after the number (from 1) of the parameters it belongs to."""
        for each in parameters:
            self.rows[form, each] = []
        for number, *row in rows:
            self.rows[form, parameters[number - 1]].append(row)

    def forget(self) -> None:
        """Something was written that has no name."""
        self.rows.clear()


def asked(connection: Connection, questions: Iterable[Question]) -> Answers:
    """Ask every question."""
    listed: dict[Form, dict[tuple[Any, ...], None]] = {}
    for question in questions:
        form = question.statement.form(connection.dialect)
        listed.setdefault(form, {})[form.parameters(question.values)] = None
    forms = sorted(listed, key=lambda form: form.many)
    answers = Answers()
    for form, rows in zip(forms, _found(connection, [(form, list(listed[form])) for form in forms]), strict=True):
        answers.take(form, list(listed[form]), rows)
    return answers


def _found(connection: Connection, questions: Sequence[tuple[Form, Sequence[Row]]]) -> Sequence[Sequence[Row]]:
    if not questions:
        return ()
    if all(len(rows) == 1 for _, rows in questions):
        return fetch_one_each(connection, [(form.sql, rows[0]) for form, rows in questions])
    return fetch_together(connection, [(form.many, rows) for form, rows in questions])
