"""Changing a frozen value: :func:`dataclasses.replace` without what makes it slow.

Owns: :func:`changed`. Must not: be used for a class with a ``__post_init__``, which it does not run.

A frozen value can only be written past its freeze, field by field and slowly. So the copy is made as an object of a
class with the same slots that is not frozen, by a function written out for the class (as :mod:`dataclasses` writes
its own), and becomes a frozen value at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


@lru_cache(maxsize=64)
def _copier(kind: Hashable) -> Callable[[object], Any]:
    """Return what copies a value of a class into one that may still be written to."""
    names = [field.name for field in dataclasses.fields(cast("Any", kind))]
    lines = ["def copy(value):", "    made = new(open_class)", *(f"    made.{name} = value.{name}" for name in names)]
    scope: dict[str, Any] = {"new": object.__new__, "open_class": type("Open", (), {"__slots__": tuple(names)})}
    exec("\n".join([*lines, "    return made"]), scope)  # noqa: S102 - the names are the class's own fields
    return cast("Callable[[object], Any]", scope["copy"])


def changed(value: T, **changes: object) -> T:
    """Return a copy of a frozen slots dataclass with some fields changed.

    Raises AttributeError for a field the class does not have.
    """
    copy = _copier(cast("Hashable", type(value)))(value)
    for name, part in changes.items():
        setattr(copy, name, part)
    copy.__class__ = type(value)
    return cast("T", copy)
