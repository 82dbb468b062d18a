"""Changing a frozen value: :func:`dataclasses.replace` without what makes it slow.

Owns: :func:`changed`. Must not: be used for a class with a ``__post_init__``, which it does not run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar, cast

T = TypeVar("T")


@lru_cache(maxsize=64)
def _parts(kind: Hashable) -> tuple[Callable[[object], tuple[Any, ...]], dict[str, Callable[[object, object], None]]]:
    """Return how to read all slots of a class at once, and how to set each past the freeze."""
    names = [field.name for field in dataclasses.fields(cast("Any", kind))]
    return attrgetter(*names), {name: getattr(kind, name).__set__ for name in names}


def changed(value: T, **changes: object) -> T:
    """Return a copy of a frozen slots dataclass (of two fields or more) with some fields changed.

    Raises KeyError for a field the class does not have.
    """
    read, setters = _parts(cast("Hashable", type(value)))
    copy: T = object.__new__(type(value))
    for setter, part in zip(setters.values(), read(value), strict=True):
        setter(copy, part)
    for name, part in changes.items():
        setters[name](copy, part)
    return copy
