"""Core statements of the hot path, compiled once per database and run by the driver itself.

Owns: :class:`Prepared`, a statement with its positional parameters and converters. Must not: hold SQL text; statements
stay Core, so that one text serves both databases.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Boolean, CompoundSelect, Dialect, LargeBinary, Select, SelectBase, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.types import TypeEngine

from bridge.store.driver import for_many

Values = Mapping[str, Any]
Converter = Callable[[Any], Any]
Query = Select[Any] | CompoundSelect[Any]
Name = tuple[str, ...]
"""What a read depends on and a pending row stands for, such as ``("case", id)``."""


class Prepared:
    """A statement without expanding parameters; its rows are those of a SELECT or of RETURNING."""

    def __init__(self, statement: Query | Update | Insert | Callable[[Dialect], Insert]) -> None:
        """Take the statement, or for an upsert the function that builds it for a dialect."""
        self._statement = statement
        self._forms: dict[str, Form] = {}

    def form(self, dialect: Dialect) -> Form:
        """Return the statement as one database's driver wants it."""
        form = self._forms.get(dialect.name)
        if form is None:
            statement = self._statement(dialect) if callable(self._statement) else self._statement
            form = self._forms[dialect.name] = Form.of(statement, dialect)
        return form


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A compiled statement: ``names`` in the order of the placeholders, converters of results (by place) where a type needs one.

    ``many`` is the same for many rows of parameters at once (not with RETURNING). ``take`` picks and converts the parameters.
    """

    sql: str
    many: str
    names: tuple[str, ...]
    constants: Values
    results: tuple[tuple[int, Converter], ...]
    row: Callable[[Iterable[Any]], Any]
    take: Callable[[Values], tuple[Any, ...]]

    @classmethod
    def of(cls, statement: Query | Update | Insert, dialect: Dialect) -> Form:
        """Compile a statement; an insert takes every column of its table, NULL for one that is not given."""
        columns_in = list(statement.table.c) if isinstance(statement, Insert) else []
        compiled = statement.compile(dialect=dialect, column_keys=[column.name for column in columns_in] or None)
        fixed = {name: bind.value for name, bind in _binds(compiled).items() if not bind.required}
        columns = list(statement.exported_columns)
        binds = {name: _bind(bind.type, dialect) for name, bind in _binds(compiled).items()}
        results = [(number, _result(column.type, dialect)) for number, column in enumerate(columns)]
        row = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]  # noqa: PYI024 - its fields are the columns
        names = tuple(compiled.positiontup or ())
        return cls(
            sql=compiled.string,
            many=for_many(dialect.name, compiled.string) if isinstance(statement, SelectBase) or not columns else "",
            names=names,
            constants=fixed | {column.name: None for column in columns_in if column.nullable},
            results=tuple((number, convert) for number, convert in results if convert),
            row=row._make,
            take=_taking(names, {name: convert for name, convert in binds.items() if convert}),
        )

    def parameters(self, values: Values) -> tuple[Any, ...]:
        """Return the positional parameters of one execution. Raises KeyError for a value nobody gave."""
        return self.take(values if len(values) == len(self.names) else {**self.constants, **values})

    def rows(self, fetched: Sequence[Sequence[Any]]) -> list[Any]:
        """Return fetched tuples as rows with the columns as attributes."""
        if not self.results:
            return [self.row(each) for each in fetched]
        return [self.row(self._converted(each)) for each in fetched]

    def _converted(self, fetched: Sequence[Any]) -> list[Any]:
        values = list(fetched)
        for number, convert in self.results:
            if values[number] is not None:
                values[number] = convert(values[number])
        return values


def _binds(compiled: SQLCompiler) -> Mapping[str, Any]:
    return {name: compiled.binds[name] for name in compiled.positiontup or ()}


def _taking(names: Sequence[str], converters: Mapping[str, Converter]) -> Callable[[Values], tuple[Any, ...]]:
    """Return what picks the parameters out of their mapping, in order; written out, it runs for every row."""
    scope: dict[str, Any] = {f"convert_{name}": convert for name, convert in converters.items()}
    parts = [f"convert_{name}(given[{name!r}])" if name in converters else f"given[{name!r}]" for name in names]
    exec(f"def take(given):\n    return ({''.join(part + ', ' for part in parts)})", scope)  # noqa: S102 - the statement's own names
    return cast("Callable[[Values], tuple[Any, ...]]", scope["take"])


def _bind(type_: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    if isinstance(type_, (LargeBinary, Boolean)):
        return None  # both drivers take bytes and truth values as they are
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _result(type_: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)


def insertion(table: Table) -> Prepared:
    """Return the INSERT of whole rows."""
    return Prepared(insert(table))


def upsertion(table: Table, keys: Sequence[str]) -> Prepared:
    """Return ``INSERT … ON CONFLICT DO UPDATE`` of whole rows."""

    def build(dialect: Dialect) -> Insert:
        module: Any = sqlite if dialect.name == "sqlite" else postgresql
        statement = module.insert(table)
        rest = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
        upsert: Insert = statement.on_conflict_do_update(index_elements=keys, set_=rest)
        return upsert

    return Prepared(build)
