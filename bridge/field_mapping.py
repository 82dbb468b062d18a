"""A counterpart's own field names and codes, joined to ours by expressions in ``bridge.toml`` (contract section 3).

Owns: compiling and applying them, in both directions; every mistake is found when the settings load. Must not: know a
vendor. Source: the JMESPath specification; domain 4.1 for the names and codes seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import PlainValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from bridge.errors import InvalidPayload, Problem
from bridge.mapping_targets import EVENT_FIELDS, TICKET_FIELDS, VALUES, converted

OTHERWISE = "*"
"""The key of a status map that stands for every value not listed."""

_Found = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Target fields (dotted) with the compiled expressions that find them in the other side's object."""

    fields: Mapping[str, Any]

    def apply(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the found values by target; what is not there or null is left out.

        Raises:
            InvalidPayload: an expression cannot be applied to this data.
        """
        found = {}
        for target, expression in self.fields.items():
            try:
                value = expression.search(data)
            except (JMESPathError, RecursionError):
                raise InvalidPayload([Problem(target, "字段映射的表达式不能用于这份数据")]) from None
            if value is not None:
                found[target] = value
        return found


@dataclass(frozen=True, slots=True)
class StatusMap:
    """Values by field: the other side's code to ours, or ours to theirs."""

    values: Mapping[str, Mapping[str, Any]]

    def translate(self, field: str, value: Any) -> Any:
        """Return the value that stands for ``value``; lists are translated one by one.

        Raises:
            InvalidPayload: the field has a map and it does not know the value.
        """
        known = self.values.get(field)
        if known is None:
            return value
        if isinstance(value, list):
            return [self.translate(field, each) for each in value]
        text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        if text in known:
            return known[text]
        if OTHERWISE in known:
            return known[OTHERWISE]
        raise InvalidPayload([Problem(field, "取值不在状态映射中，请在 bridge.toml 里补充")])


def to_ours(fields: FieldMap, status: StatusMap, data: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a counterpart's object into the contract's shape; what is wrong with it the contract's model says.

    Raises:
        InvalidPayload: a value is not in its status map, or an expression fails.
    """
    found = fields.apply(data)
    return _nested({name: converted(name, status.translate(name, value)) for name, value in found.items()})


def to_theirs(fields: FieldMap, status: StatusMap, data: Mapping[str, Any]) -> dict[str, Any]:
    """Turn one of our objects into a counterpart's. Raises InvalidPayload as above."""
    return _nested({name: status.translate(name, value) for name, value in fields.apply(data).items()})


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in flat.items():
        *way, last = name.split(".")
        inner = made
        for part in way:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return made


def _reading(known: frozenset[str] | None, required: tuple[str, ...]) -> Callable[[object], FieldMap]:
    """Return what reads a table of expressions whose targets must be ``known`` (None: any)."""

    def read(table: object) -> FieldMap:
        if isinstance(table, FieldMap):
            return table
        problems: list[_Found] = []
        fields = {}
        for way, text in _leaves(table, problems):
            target = ".".join(way)
            if known is not None and target not in known and not target.startswith("extra."):
                problems.append((way, f"合同里没有这个字段{_hint(target, known)}"))
            try:
                fields[target] = jmespath.compile(text)
            except JMESPathError as error:
                problems.append((way, f"JMESPath 表达式有误：{str(error).splitlines()[0]}"))
        given = {*fields, *(".".join(way) for way, _ in problems)}
        problems += [((), f"缺少必填字段 {name} 的映射") for name in required if name not in given]
        _raise(problems)
        return FieldMap(fields)

    return read


def _leaves(table: object, problems: list[_Found], way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Walk a table: keys with dots and tables in tables mean the same."""
    if isinstance(table, str):
        yield way, table
    elif isinstance(table, Mapping):
        for key, value in table.items():
            yield from _leaves(value, problems, (*way, str(key)))
    else:
        problems.append((way, "应为 JMESPath 表达式"))


def _read_status(table: object) -> StatusMap:
    """Read status maps into our words: every value must be one of ours."""
    return _status(table, VALUES)


def _read_push_status(table: object) -> StatusMap:
    """Read status maps into their words."""
    return _status(table, None)


def _status(table: object, ours: Mapping[str, frozenset[Any]] | None) -> StatusMap:
    if isinstance(table, StatusMap):
        return table
    problems: list[_Found] = []
    found: dict[str, dict[str, Any]] = {}
    for way, value in _codes(table, ()):
        field, code = ".".join(way[:-1]), way[-1]
        if ours is not None and field not in ours:
            problems.append((way[:-1], f"不是有固定取值的字段{_hint(field, ours)}"))
        elif ours is not None and value not in ours[field]:
            allowed = "、".join(sorted(map(str, ours[field])))
            problems.append((way, f"应为 {allowed} 之一"))
        found.setdefault(field, {})[code] = value
    _raise(problems)
    return StatusMap(found)


def _codes(table: object, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(table, Mapping):
        for key, value in table.items():
            yield from _codes(value, (*way, str(key)))
    elif len(way) < 2:  # noqa: PLR2004 - a field and a code
        _raise([(way, "应为一个表：对方的取值 = 我方的取值")])
    else:
        yield way, table


def _hint(name: str, known: Any) -> str:
    close = get_close_matches(name, known, n=1)
    return f"，是否为 {close[0]}？" if close else ""


def _raise(problems: list[_Found]) -> None:
    if not problems:
        return
    details = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{error}", {"error": text}), loc=way, input=None)
        for way, text in problems
    ]
    raise ValidationError.from_exception_data("mapping", details)


def _expression(text: object) -> Any:
    if not isinstance(text, str):
        raise ValueError("应为 JMESPath 表达式")  # noqa: TRY004 - pydantic reads ValueError
    try:
        return jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"JMESPath 表达式有误：{str(error).splitlines()[0]}") from None


TicketMap = Annotated[FieldMap, PlainValidator(_reading(TICKET_FIELDS, ("external_id", "content", "received_at")))]
EventMap = Annotated[FieldMap, PlainValidator(_reading(EVENT_FIELDS, ("external_id", "type")))]
PushMap = Annotated[FieldMap, PlainValidator(_reading(None, ()))]
OurStatus = Annotated[StatusMap, PlainValidator(_read_status)]
TheirStatus = Annotated[StatusMap, PlainValidator(_read_push_status)]
Expression = Annotated[Any, PlainValidator(_expression)]
"""A compiled JMESPath expression; ``.search(data)`` applies it."""
