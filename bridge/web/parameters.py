"""Query parameters: read, bounded, refused with their name.

Owns: paging limits. Must not: guess what was meant.
"""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from bridge.errors import InvalidPayload, Problem

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
_MAX_CHARACTERS = 200
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


def only(request: web.Request, names: Collection[str]) -> None:
    """Refuse parameters that are not known, or given twice.

    Raises:
        InvalidPayload: with every problem.
    """
    query = request.query
    problems = [Problem(name[:_MAX_CHARACTERS], "不认识的参数") for name in set(query) - set(names)]
    problems += [Problem(name, "只能给一次") for name in names if len(query.getall(name, [])) > 1]
    problems += [Problem(name, "过长或含有不允许的字符") for name in names if not _is_plain(query.get(name, ""))]
    if problems:
        raise InvalidPayload(problems)


def limit_of(request: web.Request, default: int = DEFAULT_LIMIT) -> int:
    """Read ``limit``, 1 to 500."""
    text = request.query.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise InvalidPayload([Problem("limit", f"应为 1 到 {MAX_LIMIT} 的整数")])
    return int(text)


def text_of(request: web.Request, name: str) -> str | None:
    """Read a text; an empty one counts as absent."""
    return request.query.get(name) or None


def flag_of(request: web.Request, name: str) -> bool:
    """Read true or false; absent is false."""
    text = request.query.get(name, "false").lower()
    if text not in _TRUE | _FALSE:
        raise InvalidPayload([Problem(name, "应为 true 或 false")])
    return text in _TRUE


def _is_plain(text: str) -> bool:
    return len(text) <= _MAX_CHARACTERS and (not text or text.isprintable())
