"""What was worked out under one snapshot of the rules, kept while that snapshot is in use.

Owns: the caches whose keys hold a policy or a calendar, and emptying them when another snapshot takes its place: each
would keep the old ones alive. Must not: know what is worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import TypeVar

T = TypeVar("T")

_caches: list[_lru_cache_wrapper[object]] = []


def kept(maxsize: int) -> Callable[[Callable[..., T]], _lru_cache_wrapper[T]]:
    """Keep what a function returned for its last ``maxsize`` arguments, until :func:`forget`."""

    def decorate(function: Callable[..., T]) -> _lru_cache_wrapper[T]:
        cache = lru_cache(maxsize)(function)
        _caches.append(cache)
        return cache

    return decorate


def forget() -> None:
    """Let go of everything kept; a decision still under way on the old snapshot works it out again."""
    for cache in _caches:
        cache.cache_clear()
