"""From pydantic's errors to the contract's: every problem, with its path and a Chinese sentence.

Owns: the wording. Must not: repeat a value somebody sent (it may be a citizen's).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.errors import InvalidPayload, Problem
from bridge.wire.strict_json import joined

Model = TypeVar("Model", bound=BaseModel)

_MOST_PROBLEMS = 200
_EXAMPLES = ("2026-01", "2026-01-05")

_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "缺少必填项",
    "extra_forbidden": lambda _: "不认识的字段",
    "value_error": lambda context: str(context["error"]),
    "string_type": lambda _: "应为文字",
    "string_too_short": lambda _: "不能为空",
    "string_too_long": lambda context: f"最多 {context['max_length']:,} 个字符",
    "string_pattern_mismatch": lambda context: _like(context["pattern"]),
    "int_type": lambda _: "应为整数",
    "int_from_float": lambda _: "应为整数",
    "int_parsing": lambda _: "应为整数",
    "float_type": lambda _: "应为数字",
    "float_parsing": lambda _: "应为数字",
    "bool_parsing": lambda _: "应为 true 或 false",
    "bool_type": lambda _: "应为 true 或 false",
    "dict_type": lambda _: "应为 JSON 对象",
    "model_type": lambda _: "应为 JSON 对象",
    "model_attributes_type": lambda _: "应为 JSON 对象",
    "list_type": lambda _: "应为数组",
    "tuple_type": lambda _: "应为数组",
    "too_long": lambda context: f"最多 {context['max_length']:,} 项",
    "too_short": lambda context: f"至少 {context['min_length']:,} 项",
    "greater_than_equal": lambda context: f"不能小于 {context['ge']}",
    "greater_than": lambda context: f"应大于 {context['gt']}",
    "less_than_equal": lambda context: f"不能大于 {context['le']}",
    "enum": lambda context: _one_of(context["expected"]),
    "literal_error": lambda context: _one_of(context["expected"]),
    "union_tag_invalid": lambda context: f"type {_one_of(context['expected_tags'])}",
    "union_tag_not_found": lambda _: "缺少 type",
}


def validated(model: type[Model], data: Mapping[str, Any], now: datetime | None = None) -> Model:
    """Validate an object from the wire; ``now`` is what "in the future" is measured by.

    Raises:
        InvalidPayload: with every problem found.
    """
    try:
        return model.model_validate(data, context={"now": now})
    except ValidationError as error:
        raise InvalidPayload(problems_of(error, data)) from None


def chosen(models: Mapping[str, type[Model]], data: Mapping[str, Any], field: str) -> type[Model]:
    """Choose the model of a body by its discriminating field.

    Raises:
        InvalidPayload: the field is missing or names no model.
    """
    name = data.get(field)
    if name is None:
        raise InvalidPayload([Problem(field, "缺少必填项")])
    model = models.get(name) if isinstance(name, str) else None
    if model is None:
        raise InvalidPayload([Problem(field, f"应为 {'、'.join(models)} 之一")])
    return model


def problems_of(error: ValidationError, data: object) -> list[Problem]:
    """List every problem of a validation in the order found, at most 200."""
    details = error.errors(include_url=False, include_input=False)
    problems = [Problem(_path(detail["loc"], data), sentence(detail)) for detail in details[:_MOST_PROBLEMS]]
    if len(details) > _MOST_PROBLEMS:
        problems.append(Problem("", f"另有 {len(details) - _MOST_PROBLEMS} 处问题未列出"))
    return problems


def sentence(detail: ErrorDetails) -> str:
    """Say in Chinese what is wrong; never with the offending value."""
    text = _TEXTS.get(detail["type"])
    return text(detail.get("ctx", {})) if text else f"不合要求（{detail['type']}）"


def _one_of(expected: str) -> str:
    """Name the words a field may hold, from the library's ``'a', 'b' or 'c'``."""
    words = re.findall(r"'([^']*)'", expected)
    return f"应为 {'、'.join(words)} 之一" if len(words) > 1 else f"应为 {expected.replace(chr(39), '')}"


def _like(pattern: str) -> str:
    """Name the examples that have the form asked for."""
    fitting = [example for example in _EXAMPLES if re.fullmatch(pattern, example)]
    return f"格式不对，应如 {' 或 '.join(fitting)}" if fitting else "格式不对"


def _path(location: tuple[int | str, ...], data: object) -> str:
    """Render pydantic's location, leaving out the tag it inserts for a discriminated union."""
    path = ""
    for position, key in enumerate(location):
        known = _has(data, key)
        if not known and position < len(location) - 1:
            continue
        path = joined(path, key)
        data = data[key] if known else None  # type: ignore[index]
    return path


def _has(data: object, key: int | str) -> bool:
    if isinstance(data, dict):
        return key in data
    return isinstance(data, list) and isinstance(key, int) and key < len(data)
