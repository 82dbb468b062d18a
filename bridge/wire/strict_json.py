"""JSON as we accept it: what lenient parsers let through silently is refused here.

Owns: UTF-8, syntax, depth, duplicate keys, NaN, overlong numbers (:class:`NotJson`, 400), NUL characters and lone
surrogates (:class:`InvalidPayload`, 422, with the path). Must not: know any field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from bridge.errors import InvalidPayload, NotJson, Problem

MAX_DEPTH = 64
"""Source: the contract §3."""

_MAX_INTEGER_DIGITS = 18
_SHOWN_KEY_CHARACTERS = 64


def loads(body: bytes) -> Any:
    """Parse a body strictly.

    Raises:
        NotJson: not UTF-8, not JSON, deeper than 64, a key twice in one object, NaN or an infinite number.
        InvalidPayload: a text holds NUL or half of a surrogate pair; every such place is listed.
    """
    value = _parse(_decode(body))
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise NotJson(f"JSON 嵌套超过 {MAX_DEPTH} 层")
    if b"\\u" in body:
        problems = [Problem(path, "含有不能存储的字符（NUL 或不成对的代理码）") for path in _bad_texts(value, "")]
        if problems:
            raise InvalidPayload(problems)
    return value


def loads_object(body: bytes) -> dict[str, Any]:
    """Parse a body that must be a JSON object.

    Raises:
        NotJson: see :func:`loads`.
        InvalidPayload: JSON, but not an object.
    """
    value = loads(body)
    if not isinstance(value, dict):
        raise InvalidPayload([Problem("", "应为 JSON 对象")])
    return value


def joined(path: str, key: str | int) -> str:
    """Append a key or an index to a field path: ``petitioner.phone``, ``attachments[0]``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    shown = key if len(key) <= _SHOWN_KEY_CHARACTERS else key[:_SHOWN_KEY_CHARACTERS] + "…"
    shown = shown.encode("utf-8", "replace").decode().replace("\x00", "?")
    return f"{path}.{shown}" if path else shown


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(f"正文不是 UTF-8（第 {error.start + 1} 个字节起）") from None


def _parse(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"正文不是 JSON（第 {error.lineno} 行第 {error.colno} 列）") from None
    except RecursionError:
        raise NotJson(f"JSON 嵌套超过 {MAX_DEPTH} 层") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise NotJson(f"同一对象内字段重复：{joined('', key)}")
        seen.add(key)
    raise AssertionError("unreachable: fewer members than pairs without a duplicate")


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"JSON 中不允许 {name}")


def _bounded_integer(text: str) -> int:
    if len(text.lstrip("-")) > _MAX_INTEGER_DIGITS:
        raise NotJson(f"整数超过 {_MAX_INTEGER_DIGITS} 位；长编号请用字符串")
    return int(text)


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson("数字过大，无法表示")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_int=_bounded_integer,
    parse_float=_finite_float,
)


def _is_too_deep(value: object) -> bool:
    """Walk the objects and arrays level by level, no further than the limit."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _inner(parent)]
        if not level:
            return False
    return True


def _inner(value: object) -> list[object]:
    """List the objects and arrays directly inside one."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in children if isinstance(child, dict | list)]


def _bad_texts(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if _is_bad(value):
            yield path
    elif isinstance(value, dict):
        for key, child in value.items():
            if _is_bad(key):
                yield joined(path, key)
            yield from _bad_texts(child, joined(path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _bad_texts(child, joined(path, index))


def _is_bad(text: str) -> bool:
    if "\x00" in text:
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
