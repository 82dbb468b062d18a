"""Reads YAML text into plain values with the position of every key and value; refuses what cannot be trusted.

Owns: the size cap, no anchors or aliases or tags, duplicate keys with both lines.
Must not: know what the document means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

from bridge.errors import Problem
from bridge.rules.yaml_syntax import PARSER, syntax_problem, unseen

MAX_BYTES = 1024 * 1024
"""A rules file is at most 1 MiB: a few thousand rules fit, a mistaken dump does not."""

MAX_DEPTH = 40
"""Deeper nesting than any rules file has, far below what the parser's recursion bears."""

Path = tuple[str | int, ...]
_PLAIN_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9_]+"),
    "float": re.compile(r"[-+]?(?=\.?[0-9])[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"),
}
"""What a text without quotes is (YAML 1.2, core schema, without bases other than ten); anything else is a text."""
_TAGS = frozenset({*_KINDS, "str", "map", "seq", "timestamp"})
_WIDE_QUOTES = re.compile("[“”][^“”]*[“”]|[‘’][^‘’]*[‘’]")
_WANTS_QUOTES = re.compile(r"\d{1,2}:\d{2}(:\d{2})?|[+-]?0\d+|\d{4}-\d{2}(-\d{2}.*)?|0[xo][0-9a-fA-F]+")


@dataclass
class YamlText:
    """Plain values, where each one stands (1-based line and column), and what was wrong on the way."""

    value: Any = None
    values_at: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys_at: dict[Path, tuple[int, int]] = field(default_factory=dict)
    plain: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    unseen: list[Problem] = field(default_factory=list)
    """Characters nobody can see; a problem only where something else is wrong on the same line."""

    def position(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Where a path stands; the nearest known parent for a missing key."""
        table = self.keys_at if key and path in self.keys_at else self.values_at
        while path and path not in table:
            path, table = path[:-1], self.keys_at if path[:-1] in self.keys_at else self.values_at
        return table.get(path, (1, 1))


def read_yaml(data: bytes | str) -> YamlText:
    """Read one YAML document; every problem is collected, nothing is raised."""
    result = YamlText()
    text = _decode(data, result)
    if text is not None:
        _read(text, result)
    return result


def _decode(data: bytes | str, result: YamlText) -> str | None:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        _refuse(result, "文件超过 1 MiB 上限;请检查是否放错了文件")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        _refuse(result, "不是 UTF-8 编码的文本(可能是二进制文件,或以 GBK 保存);请另存为 UTF-8", line)
        return None
    control = next((n for n, char in enumerate(text) if char < " " and char not in "\t\r\n"), None)
    if control is not None:
        message = f"含有控制字符(U+{ord(text[control]):04X}),文字里的请删去;整份都这样的不是文本文件"
        _refuse(result, message, text.count("\n", 0, control) + 1)
        return None
    if not text.strip():
        _refuse(result, "文件是空的,可能没有存好;请从备份或上一版取回")
        return None
    result.unseen = list(unseen(text))
    return text


def _refuse(result: YamlText, message: str, line: int = 1) -> None:
    """Report what makes the whole file unusable."""
    result.problems.append(Problem("-", message, line, 1))


class _Unusable(Exception):
    """Ends the reading at a line and a column; the text is the problem's."""

    def __init__(self, message: str, mark: yaml.Mark) -> None:
        super().__init__(message)
        self.at = (mark.line + 1, mark.column + 1)


def _read(text: str, result: YamlText) -> None:
    depth_at = _too_deep(text)
    if depth_at:
        _refuse(result, f"嵌套超过 {MAX_DEPTH} 层,不是规则文件", depth_at)
        return
    try:
        result.value = _document(_Events(text, result))
    except _Unusable as error:
        result.problems.append(Problem("-", str(error), *error.at))
    except yaml.MarkedYAMLError as error:
        result.problems.append(syntax_problem(error, text))
    except (yaml.YAMLError, ValueError) as error:
        _refuse(result, f"YAML 无法读取:{str(error).splitlines()[0]}")


def _too_deep(text: str) -> int:
    """Line where flow nesting passes the limit; 0 if it never does. Quick, before any recursion."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        depth = max(0, depth + line.count("[") + line.count("{") - line.count("]") - line.count("}"))
        if depth > MAX_DEPTH:
            return number
    return 0


class _Events:
    """What the parser finds, one after the other, and where the values go."""

    def __init__(self, text: str, result: YamlText) -> None:
        self.result = result
        self._found: Iterator[yaml.Event] = yaml.parse(text, Loader=PARSER)

    def next(self) -> yaml.Event:
        """Return the next event. Raises _Unusable for a reference, before it can multiply, and MarkedYAMLError."""
        event = next(self._found)
        if isinstance(event, events.AliasEvent):
            raise _Unusable("不允许引用(*名字);请把内容写全", event.start_mark)
        return event

    def skip(self) -> None:
        """Pass over one value, however deep."""
        depth = 0
        while True:
            event = self.next()
            depth += isinstance(event, events.CollectionStartEvent) - isinstance(event, events.CollectionEndEvent)
            if not depth:
                return


def _document(found: _Events) -> Any:
    found.next()
    start = found.next()
    if isinstance(start, events.StreamEndEvent):
        raise _Unusable("文件里没有内容,只有注释;请从备份或上一版取回", yaml.Mark("", 0, 0, 0, None, None))
    value = _plain(found.next(), (), found)
    found.next()
    end = found.next()
    if not isinstance(end, events.StreamEndEvent):
        raise _Unusable("出现了第二个文档(---);一个文件只写一份规则", end.start_mark)
    return value


def _plain(event: yaml.Event, path: Path, found: _Events) -> Any:
    result = found.result
    result.values_at[path] = _at(event)
    if len(path) > MAX_DEPTH:
        raise _Unusable(f"嵌套超过 {MAX_DEPTH} 层,不是规则文件", event.start_mark)
    if event.anchor:
        result.problems.append(Problem(dotted(path), "不允许锚点(&名字);请把内容写全", *_at(event)))
    foreign = event.tag is not None and event.tag.removeprefix(_PLAIN_TAG) not in _TAGS
    if foreign:
        result.problems.append(Problem(dotted(path), f"不允许标签(!…):{event.tag}", *_at(event)))
    value = _content(event, path, found)
    return None if foreign else value


def _content(event: yaml.Event, path: Path, found: _Events) -> Any:
    if isinstance(event, events.MappingStartEvent):
        return _mapping(path, found)
    if isinstance(event, events.SequenceStartEvent):
        return _sequence(path, found)
    return _scalar(event, path, found.result)


def _sequence(path: Path, found: _Events) -> list[Any]:
    values: list[Any] = []
    while not isinstance(event := found.next(), events.SequenceEndEvent):
        values.append(_plain(event, (*path, len(values)), found))
    return values


def _mapping(path: Path, found: _Events) -> dict[str, Any]:
    values: dict[str, Any] = {}
    result = found.result
    while not isinstance(key_event := found.next(), events.MappingEndEvent):
        if not isinstance(key_event, events.ScalarEvent):
            raise _Unusable("“:”前面应当是一个名称", key_event.start_mark)
        key = str(key_event.value)
        where = (*path, key)
        if key in values:
            first = result.keys_at[where][0]
            result.problems.append(Problem(dotted(where), f"“{key}”重复:第 {first} 行已经写过一次", *_at(key_event)))
            found.skip()
            continue
        result.keys_at[where] = _at(key_event)
        values[key] = _plain(found.next(), where, found)
    return values


def _scalar(event: yaml.ScalarEvent, path: Path, result: YamlText) -> Any:
    text = str(event.value)
    if not event.style:
        result.plain.add(path)
        if _WANTS_QUOTES.fullmatch(text):
            message = f"请给日期、时间和代码加引号:“{text}”不加引号会被当成数字或日期"
            result.problems.append(Problem(dotted(path), message, *_at(event)))
            return text
        if _WIDE_QUOTES.fullmatch(text):
            result.problems.append(Problem(dotted(path), f'引号要用半角的 "…",现在是 {text}', *_at(event)))
    kind = _kind(event, text)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on"}
    if kind == "int":
        return _number(text, int)
    if kind == "float":
        return _number(text, float)
    return text


def _kind(event: yaml.ScalarEvent, text: str) -> str:
    """Return what a scalar is: as its tag says, a text where it is quoted, else by its form."""
    if event.tag is not None:
        return str(event.tag.removeprefix(_PLAIN_TAG))
    if event.style:
        return "str"
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(text)), "str")


def _number(text: str, kind: type[int | float]) -> int | float | str:
    try:
        return kind(text)
    except ValueError:
        return text


def _at(event: yaml.Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def dotted(path: Path) -> str:
    """``("units", "tax", 0)`` as ``units.tax[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "-"
