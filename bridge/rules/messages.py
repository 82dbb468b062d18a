"""Turns what pydantic says about the document into sentences a clerk can act on.

Owns: the Chinese text of every shape error, did-you-mean. Must not: check meaning.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.errors import Problem
from bridge.rules.closed_words import NAMES
from bridge.rules.document import RulesDocument
from bridge.rules.yaml_reader import Path, YamlText, dotted


def suggestion(word: str, known: Iterable[str]) -> str:
    """``;是不是“tax”?`` for the nearest known name, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f";是不是“{near[0]}”?" if near else ""


def meant(word: str, known: Iterable[str]) -> str:
    """``;“工作日”请写 working_days`` for a closed word called by its Chinese name, or nothing."""
    codes = [code for code in known if word and word in NAMES.get(code, ())]
    return f";“{word}”请写 {codes[0]}" if codes else ""


def shape_problems(error: ValidationError, source: YamlText) -> list[Problem]:
    """One problem per error of the document's shape, in the order of the file."""
    problems = [_problem(detail, source) for detail in error.errors(include_url=False)]
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line or 0, problem.column or 0))


def _problem(detail: ErrorDetails, source: YamlText) -> Problem:
    is_key = detail["type"] == "extra_forbidden" or detail["loc"][-1:] == ("[key]",)
    path = tuple(part for part in detail["loc"] if part != "[key]")
    line, column = source.position(path, key=is_key)
    return Problem(dotted(path), _message(detail, path, source), line, column)


def _message(detail: ErrorDetails, path: Path, source: YamlText) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "missing":
        return f"缺少必填项“{path[-1]}”"
    if kind == "extra_forbidden":
        return f"不认识“{path[-1]}”{suggestion(str(path[-1]), _known_keys(path[:-1]))}"
    if kind in {"enum", "literal_error"}:
        near = meant(str(given), _words(context)) or suggestion(str(given), _words(context))
        return f"没有“{given}”这个取值,可用:{_choices(context)}{near}"
    if kind == "string_type":
        return _not_text(given, path, source)
    if kind == "string_pattern_mismatch":
        return _bad_pattern(str(given), str(context.get("pattern", ""))) + _meant(str(given), path, source)
    if kind == "list_type" and str(given).startswith(("【", "［", "（", "(")):
        return "列表要用半角方括号:[甲, 乙]"
    return _by_type(kind, context, given)


def _by_type(kind: str, context: dict[str, Any], given: Any) -> str:
    texts = {
        "string_too_short": "不能为空",
        "string_too_long": f"太长,最多 {context.get('max_length')} 个字",
        "too_short": f"至少要有 {context.get('min_length')} 项",
        "list_type": "这里应当是一个列表(每项以“- ”开头,或写成 [甲, 乙])",
        "dict_type": "这里应当是“名称: 内容”的形式",
        "model_type": "这里应当是“名称: 内容”的形式",
        "bool_type": f"应为 true 或 false,现在是“{given}”{_unquote(given)}",
        "int_type": f"应为整数,现在是“{given}”{_unquote(given)}",
        "int_parsing": f"应为整数,现在是“{given}”{_unquote(given)}",
        "int_from_float": f"应为整数,现在是“{given}”",
        "float_type": f"应为数字,现在是“{given}”{_unquote(given)}",
        "float_parsing": f"应为数字,现在是“{given}”{_unquote(given)}",
        "greater_than": f"应大于 {context.get('gt')},现在是“{given}”",
        "greater_than_equal": f"不能小于 {context.get('ge')},现在是“{given}”",
        "less_than_equal": f"不能大于 {context.get('le')},现在是“{given}”",
    }
    return texts.get(kind, f"写法不对({kind}),现在是“{given}”")


def _unquote(given: Any) -> str:
    """Say so where a number or a truth value is right but for its quotes."""
    plain = isinstance(given, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?|true|false", given.strip())
    return ";这里不要加引号" if plain else ""


def _not_text(given: Any, path: Path, source: YamlText) -> str:
    if given is None:
        return "不能为空"
    if isinstance(given, bool) and path in source.plain:
        return f"请加引号:不加引号的“{str(given).lower()}”会被当成真假值"
    if isinstance(given, int | float):
        return f"请给代码、日期、时间和号码加引号:不加引号的“{given}”会被当成数字"
    return "这里应当是一段文字"


def _bad_pattern(given: str, pattern: str) -> str:
    known = {
        r"^\d{4}-\d{2}-\d{2}$": '日期应写成 "2026-02-28"',
        r"^\d{4}-(0[1-9]|1[0-2])$": '月份应写成 "2023-12"',
        r"^([01]\d|2[0-3]):[0-5]\d$": '时间应写成 "08:30"',
        r"^[a-z][a-z0-9_.]{0,79}$": "代码只能用小写字母、数字、下划线和点,以字母开头",
        r"^(at_once|by_lead)$": "可用:at_once、by_lead",
    }
    if pattern.startswith(r"^\d{4}-\d{2}-\d{2}T"):
        return f'时刻应写成 "2026-02-28T09:30:00+08:00",要带时区,现在是“{given}”'
    if pattern == r"\S":
        return "不能为空"
    if given[:1] in "“”‘’「":
        return f'引号要用半角的 "…",现在是 {given}'
    return f"{known.get(pattern, '写法不对')},现在是“{given}”"


def _meant(given: str, path: Path, source: YamlText) -> str:
    """The code of a unit, category or procedure that was called by its name; an id of one's own is nobody's name."""
    if path[-1] == "id" or not isinstance(source.value, dict):
        return ""
    names: dict[str, str] = {}
    for section in ("units", "categories", "procedures"):
        entries = source.value.get(section)
        for code, entry in entries.items() if isinstance(entries, dict) else ():
            names[str(entry.get("name") if isinstance(entry, dict) else code)] = names[code.capitalize()] = code
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    return f";是不是“{names[near[0]]}”?" if near else ""


def _choices(context: dict[str, Any]) -> str:
    return "、".join(_words(context))


def _words(context: dict[str, Any]) -> list[str]:
    return [word.strip(" '") for word in str(context.get("expected", "")).replace(" or ", ",").split(",")]


def _known_keys(path: Path) -> list[str]:
    """The keys the model at a path allows; walks the annotations of :class:`RulesDocument`."""
    model: Any = RulesDocument
    for part in path:
        fields = getattr(model, "model_fields", None)
        annotation = fields[part].annotation if fields and part in fields else model
        model = _model_of(annotation, entry=not (fields and part in fields))
    return list(getattr(model, "model_fields", {}))


def _model_of(annotation: Any, *, entry: bool) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [argument for argument in get_args(annotation) if _holds_model(argument)]
    if not inner:
        return annotation
    return _model_of(inner[-1], entry=False) if entry or not _is_container(annotation) else annotation


def _holds_model(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_holds_model(argument) for argument in get_args(annotation))


def _is_container(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in {list, dict}
