"""What the units of a batch will ask first, asked together before the first of them runs (PostgreSQL: one trip a question).

Owns: the answers, and that none is given for what the batch has written since. Must not: answer what was not asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from bridge.store.driver import Row, fetch
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

    def forget(self) -> None:
        """Something was written that has no name."""
        self.rows.clear()


def asked(connection: Connection, questions: Iterable[Question]) -> Answers:
    """Ask every question, those of one statement in one trip."""
    listed: dict[Form, dict[tuple[Any, ...], None]] = {}
    for question in questions:
        form = question.statement.form(connection.dialect)
        listed.setdefault(form, {})[form.parameters(question.values)] = None
    answers = Answers()
    for form, parameters in listed.items():
        _ask(connection, answers, form, list(parameters))
    return answers


def _ask(connection: Connection, answers: Answers, form: Form, parameters: list[tuple[Any, ...]]) -> None:
    for each in parameters:
        answers.rows[form, each] = []
    for number, *row in fetch(connection, form.many, list(zip(*parameters, strict=True))):
        answers.rows[form, parameters[number - 1]].append(row)
