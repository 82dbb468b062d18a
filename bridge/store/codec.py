"""Values to rows and back, one generic converter for every noun.

Owns: which field lies in which column; sealing. A field whose name is a column is stored there, those
named ``sealed`` are encrypted into the column of the first, and the rest goes into ``details`` as JSON.
Must not: run SQL.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import NoneType
from typing import Any, Generic, TypeVar, cast, get_args, get_origin, get_type_hints

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Table

from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Case
from bridge.core.model.deadline import Deadline
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Ticket
from bridge.crypto import Vault
from bridge.store.tables import AssignmentRow, CaseRow, DeadlineRow, OpinionRow, TicketRow

T = TypeVar("T")


def table_of(row: type) -> Table:
    """Return the Core table of a SQLModel class."""
    return cast("Table", row.__table__)  # type: ignore[attr-defined]


class Mapper(Generic[T]):
    """Converts one dataclass to the columns of one table and back."""

    def __init__(self, value_type: type[T], row: type, sealed: tuple[str, ...] = ()) -> None:
        """Split the fields of ``value_type`` over the columns of ``row``."""
        self.table = table_of(row)
        self.sealed = sealed
        columns = {column.name for column in self.table.columns}
        names = [field.name for field in dataclasses.fields(cast("Any", value_type)) if field.name not in sealed]
        self.direct = tuple(name for name in names if name in columns)
        self.rest = tuple(name for name in names if name not in columns)
        self._place = f"{self.table.name}.{sealed[0]}:" if sealed else ""
        hints = get_type_hints(value_type)
        self._written_out = _written_out(self.direct, self.rest, hints)
        self._private = _written_privately(sealed, hints) if sealed else None
        self._adapter = TypeAdapter(value_type)

    def to_row(self, value: T, region: str, vault: Vault) -> dict[str, Any]:
        """Return the row of a value, without columns that hold nothing; enums go as their text."""
        row = self._written_out(value, region)
        if self._private is not None:
            row[self.sealed[0]] = vault.seal(self._private(value), self._aad(row["id"]))
        return row

    def from_row(self, row: Any, vault: Vault) -> T:
        """Return the value of a row, whose columns are attributes."""
        fields = orjson.loads(row.details)
        for name in self.direct:
            fields[name] = getattr(row, name)
        if self.sealed:
            whole = orjson.loads(vault.open(getattr(row, self.sealed[0]), self._aad(row.id)))
            fields.update(whole if len(self.sealed) > 1 else {self.sealed[0]: whole})
        return self._adapter.validate_python(fields)

    def _aad(self, row_id: str) -> bytes:
        return (self._place + row_id).encode()


_RENDERED_AT_MOST = 1_024
_renderings: dict[int, tuple[object, orjson.Fragment]] = {}
"""JSON by the identity of the value, which is kept with it: the clocks of a day share their ladders."""


def _rendered(value: object) -> object:
    """Return the JSON of an immutable value, made once for as long as it is kept; nothing needs none."""
    if not value:
        return value
    known = _renderings.get(id(value))
    if known is not None:
        return known[1]
    if len(_renderings) >= _RENDERED_AT_MOST:
        _renderings.clear()
    fragment = orjson.Fragment(orjson.dumps(value))
    _renderings[id(value)] = value, fragment
    return fragment


def _written_out(
    direct: Iterable[str], rest: Iterable[str], hints: Mapping[str, Any]
) -> Callable[[Any, str], dict[str, Any]]:
    """Return a function that makes the row of an object, written out for its fields (as ``core.values`` does)."""
    details = ", ".join(f"{name!r}: {_in_details(name, hints[name])}" for name in rest)
    always = "".join(f"{name!r}: {_in_column(name, hints[name])}, " for name in direct if not _may_be_none(hints[name]))
    lines = [f"row = {{'region_code': region, {always}'details': dumps({{{details}}}).decode()}}"]
    for name in direct:
        if _may_be_none(hints[name]):
            lines += [f"if value.{name} is not None:", f"    row[{name!r}] = {_in_column(name, hints[name])}"]
    return cast("Callable[[Any, str], dict[str, Any]]", _function("value, region", [*lines, "return row"]))


def _written_privately(names: Sequence[str], hints: Mapping[str, Any]) -> Callable[[Any], bytes]:
    """Return a function that makes the JSON to be sealed of an object."""
    parts = {name: _as_json(f"value.{name}", hints[name]) for name in names}
    whole = "{" + ", ".join(f"{name!r}: {part}" for name, part in parts.items()) + "}"
    text = whole if len(parts) > 1 else parts[names[0]]
    return cast("Callable[[Any], bytes]", _function("value", [f"return dumps({text})"]))


def _as_json(text: str, hint: Any) -> str:
    """Return the source of a value as plain dictionaries; orjson itself takes long over a class with slots."""
    kinds = [kind for kind in get_args(hint) if dataclasses.is_dataclass(kind)]
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return "{" + ", ".join(f"{name!r}: {_as_json(f'{text}.{name}', hints[name])}" for name in hints) + "}"
    if not kinds:
        return text
    part = (
        f"[{_as_json('each', kinds[0])} for each in {text}]" if get_origin(hint) is tuple else _as_json(text, kinds[0])
    )
    return f"{text} and {part}"


def _function(arguments: str, lines: Iterable[str]) -> Callable[..., Any]:
    """Return a function of these lines; the names in them are those of a class's own fields."""
    scope: dict[str, Any] = {"rendered": _rendered, "dumps": orjson.dumps}
    exec("\n    ".join([f"def written_out({arguments}):", *lines]), scope)  # noqa: S102 - as said
    return cast("Callable[..., Any]", scope["written_out"])


def _in_column(name: str, hint: Any) -> str:
    return f"value.{name}._value_" if _is_word(hint) else f"value.{name}"


def _in_details(name: str, hint: Any) -> str:
    return f"rendered(value.{name})" if _is_tuple_of_values(hint) else f"value.{name}"


def _may_be_none(hint: Any) -> bool:
    return NoneType in get_args(hint)


def _is_tuple_of_values(hint: Any) -> bool:
    return get_origin(hint) is tuple and dataclasses.is_dataclass(get_args(hint)[0])


def _is_word(hint: Any) -> bool:
    return any(isinstance(kind, type) and issubclass(kind, Enum) for kind in (hint, *get_args(hint)))


TICKETS = Mapper(Ticket, TicketRow, sealed=("body",))
CASES = Mapper(Case, CaseRow, sealed=("evidence", "links", "parts", "sides"))
ASSIGNMENTS = Mapper(Assignment, AssignmentRow)
OPINIONS = Mapper(Opinion, OpinionRow, sealed=("body",))
DEADLINES = Mapper(Deadline, DeadlineRow)
