"""Query parameters: read, bounded, refused with their name.

Owns: paging limits. Must not: guess what was meant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiohttp import web

from bridge.errors import InvalidPayload, Problem

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
_MAX_CHARACTERS = 200
_MOST_DIGITS = 10
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
_FLAGS = frozenset({"overdue"})
_NO_WORDS: Mapping[str, Collection[str]] = {}


def only(request: web.Request, names: Collection[str], words: Mapping[str, Collection[str]] = _NO_WORDS) -> None:
    """Refuse parameters that are not known, given twice or of the wrong form; ``words`` are the values one may have.

    Raises:
        InvalidPayload: with every problem.
    """
    query = request.query
    problems = [Problem(name[:_MAX_CHARACTERS], "不认识的参数") for name in query if name not in names]
    problems += [Problem(name, "只能给一次") for name in names if len(query.getall(name, [])) > 1]
    problems += [Problem(name, "过长或含有不允许的字符") for name in names if not _is_plain(query.get(name, ""))]
    problems += [Problem(name, told) for name in names if (told := _form(name, query.get(name)))]
    for name, known in words.items():
        if query.get(name) and query[name] not in known:
            problems.append(Problem(name, f"应为 {'、'.join(known)} 之一"))
    if problems:
        raise InvalidPayload(list(dict.fromkeys(problems)))


def _form(name: str, text: str | None) -> str | None:
    """Say what form a number or a truth value must have, where it has not."""
    if name == "limit" and text is not None:
        right = text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS and 1 <= int(text) <= MAX_LIMIT
        return None if right else f"应为 1 到 {MAX_LIMIT} 的整数"
    if name in _FLAGS and text is not None:
        return None if text.lower() in _TRUE | _FALSE else "应为 true 或 false"
    return None


def limit_of(request: web.Request, default: int = DEFAULT_LIMIT) -> int:
    """Read ``limit``, 1 to 500, that :func:`only` let pass."""
    return int(request.query.get("limit", default))


def text_of(request: web.Request, name: str) -> str | None:
    """Read a text; an empty one counts as absent."""
    return request.query.get(name) or None


def flag_of(request: web.Request, name: str) -> bool:
    """Read true or false that :func:`only` let pass; absent is false."""
    return request.query.get(name, "").lower() in _TRUE


def _is_plain(text: str) -> bool:
    return len(text) <= _MAX_CHARACTERS and (not text or text.isprintable())
