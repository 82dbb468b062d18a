"""A document with shape errors, patched just enough that references elsewhere can still be checked.

Owns: filling what is missing, dropping what cannot be read; so that one run of ``rules check`` reports both kinds.
Must not: be used for anything but finding more problems.
"""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bridge.errors import Problem
from bridge.rules.document import RulesDocument

ROUNDS = 4
_CERTAIN = (
    "没有单位",
    "没有类别",
    "没有标记",
    "没有词组",
    "没有原因",
    "正则",
    "重复",
    "写了两次",
    "已是主办",
    "不承担交办",
)
"""Beginnings (or parts) of messages that a patch elsewhere cannot cause."""


def repaired(value: dict[str, Any]) -> RulesDocument | None:
    """A valid document near the given one; None if a few rounds of patching do not lead to one."""
    patched = copy.deepcopy(value)
    for _ in range(ROUNDS):
        try:
            return RulesDocument.model_validate(patched)
        except ValidationError as error:
            for detail in sorted(error.errors(include_url=False), key=lambda one: len(one["loc"]), reverse=True):
                _patch(patched, detail)
    return None


def certain(problems: list[Problem]) -> list[Problem]:
    """The problems that stand whatever was patched."""
    return [problem for problem in problems if any(sign in problem.message for sign in _CERTAIN)]


def _patch(document: dict[str, Any], detail: ErrorDetails) -> None:
    path = [part for part in detail["loc"] if part != "[key]"]
    holder = _at(document, path[:-1])
    if detail["type"] == "missing" and isinstance(holder, dict):
        holder[str(path[-1])] = "未填写"
    elif detail["type"] == "extra_forbidden":
        _drop(document, path)
    else:
        item = next((depth for depth in range(len(path), 0, -1) if isinstance(path[depth - 1], int)), len(path))
        _drop(document, path[:item])


def _drop(document: dict[str, Any], path: list[str | int]) -> None:
    holder = _at(document, path[:-1])
    name = path[-1]
    if isinstance(holder, dict):
        holder.pop(str(name), None)
    elif isinstance(holder, list) and isinstance(name, int) and name < len(holder):
        del holder[name]


def _at(document: Any, path: list[str | int]) -> Any:
    for part in path:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document
