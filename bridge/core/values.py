"""Making and changing frozen values without what makes :mod:`dataclasses` slow.

Owns: :func:`swift` and :func:`changed`. Must not: be used for a class with a ``__post_init__``, which they do not run.

A frozen value can only be written past its freeze, field by field and slowly. So it is filled as an object of a class
with the same slots that is not frozen, by a function written out for the class (as :mod:`dataclasses` writes its own),
and becomes a frozen value at the end. That is five times as fast for a value of twenty fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


_CLASS_OF = vars(object)["__class__"].__set__
"""Sets an object's class past the freeze."""


@lru_cache(maxsize=256)
def _open_class(kind: Hashable) -> type:
    """Return the class with the slots of a frozen one that may be written to."""
    return type("Open", (), {"__slots__": tuple(_names(kind))})


def _names(kind: Hashable) -> list[str]:
    return [field.name for field in dataclasses.fields(cast("Any", kind))]


def swift(kind: type[T]) -> type[T]:
    """Give a frozen slots dataclass (of five fields or more, else it does not pay) an ``__init__`` that is fast."""
    scope: dict[str, Any] = {"_class_of": _CLASS_OF, "_open": _open_class(cast("Hashable", kind)), "_kind": kind}
    arguments, lines = ["self"], ["    _class_of(self, _open)"]
    for field in dataclasses.fields(cast("Any", kind)):
        argument, value = _filled(field, scope)
        arguments.append(argument)
        lines.append(f"    self.{field.name} = {value}")
    text = "\n".join([f"def __init__({', '.join(arguments)}):", *lines, "    self.__class__ = _kind"])
    exec(text, scope)  # noqa: S102 - the names are the class's own fields
    type.__setattr__(kind, "__init__", scope["__init__"])
    return kind


def _filled(field: dataclasses.Field[Any], scope: dict[str, Any]) -> tuple[str, str]:
    """Return a field's argument and what is put into it, and put its default into the function's scope."""
    name, default = field.name, f"_default_{field.name}"
    if field.default is not dataclasses.MISSING:
        scope[default] = field.default
        return f"{name}={default}", name
    if field.default_factory is not dataclasses.MISSING:
        scope[default] = field.default_factory
        return f"{name}={default}", f"{default}() if {name} is {default} else {name}"
    return name, name


@lru_cache(maxsize=256)
def _copier(kind: Hashable) -> Callable[[object], Any]:
    """Return what copies a value of a class into one that may still be written to."""
    lines = [f"    made.{name} = value.{name}" for name in _names(kind)]
    text = "\n".join(["def copy(value):", "    made = new(open_class)", *lines, "    return made"])
    scope: dict[str, Any] = {"new": object.__new__, "open_class": _open_class(kind)}
    exec(text, scope)  # noqa: S102 - as above
    return cast("Callable[[object], Any]", scope["copy"])


def changed(value: T, **changes: object) -> T:
    """Return a copy of a frozen slots dataclass with some fields changed.

    Raises AttributeError for a field the class does not have.
    """
    kind: Any = type(value)
    copy: T = _copier(kind)(value)
    for name, part in changes.items():
        setattr(copy, name, part)
    copy.__class__ = kind
    return copy
