"""Reads YAML text into plain values with the position of every key and value; refuses what cannot be trusted.

Owns: the size cap, no anchors or aliases or tags, duplicate keys with both lines.
Must not: know what the document means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bridge.errors import Problem
from bridge.rules.yaml_syntax import syntax_problem, unseen

MAX_BYTES = 1024 * 1024
"""A rules file is at most 1 MiB: a few thousand rules fit, a mistaken dump does not."""

MAX_DEPTH = 40
"""Deeper nesting than any rules file has, far below what the parser's recursion bears."""

Path = tuple[str | int, ...]
_PLAIN_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset({"null", "bool", "int", "float", "str", "map", "seq", "timestamp"})
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


class _NoAlias(Composer):
    """Refuses aliases before they can multiply."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.parser.check_event(AliasEvent):
            event = self.parser.get_event()
            raise ComposerError(None, None, "alias", event.start_mark)
        return super().compose_node(parent, index)


def read_yaml(data: bytes | str) -> YamlText:
    """Read one YAML document; every problem is collected, nothing is raised."""
    result = YamlText()
    text = _decode(data, result)
    if text is not None:
        root = _compose(text, result)
        if root is not None:
            result.value = _plain(root, (), result)
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


def _compose(text: str, result: YamlText) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _NoAlias
    try:
        depth_at = _too_deep(text)
        if depth_at:
            _refuse(result, f"嵌套超过 {MAX_DEPTH} 层,不是规则文件", depth_at)
            return None
        root: Node | None = yaml.compose(text)
    except RecursionError:
        _refuse(result, "嵌套太深,不是规则文件")
        return None
    except MarkedYAMLError as error:
        result.problems.append(syntax_problem(error, text))
        return None
    except (YAMLError, ValueError) as error:
        _refuse(result, f"YAML 无法读取:{str(error).splitlines()[0]}")
        return None
    if root is None:
        _refuse(result, "文件里没有内容,只有注释;请从备份或上一版取回")
        return None
    return root


def _too_deep(text: str) -> int:
    """Line where flow nesting passes the limit; 0 if it never does. Quick, before any recursion."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        depth = max(0, depth + line.count("[") + line.count("{") - line.count("]") - line.count("}"))
        if depth > MAX_DEPTH:
            return number
    return 0


def _plain(node: Node, path: Path, result: YamlText) -> Any:
    result.values_at[path] = _at(node)
    if node.anchor:
        result.problems.append(Problem(dotted(path), "不允许锚点(&名字);请把内容写全", *_at(node)))
    if str(node.tag).removeprefix(_PLAIN_TAG) not in _TAGS:
        result.problems.append(Problem(dotted(path), f"不允许标签(!…):{node.tag}", *_at(node)))
        return None
    if isinstance(node, MappingNode):
        return _mapping(node, path, result)
    if isinstance(node, SequenceNode):
        return [_plain(child, (*path, n), result) for n, child in enumerate(node.value)]
    return _scalar(cast("ScalarNode", node), path, result)


def _mapping(node: MappingNode, path: Path, result: YamlText) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        where = (*path, key)
        if key in values:
            first = result.keys_at[where][0]
            result.problems.append(Problem(dotted(where), f"“{key}”重复:第 {first} 行已经写过一次", *_at(key_node)))
            continue
        result.keys_at[where] = _at(key_node)
        values[key] = _plain(value_node, where, result)
    return values


def _scalar(node: ScalarNode, path: Path, result: YamlText) -> Any:
    kind = str(node.tag).removeprefix(_PLAIN_TAG)
    text = str(node.value)
    if node.style is None:
        result.plain.add(path)
        if _WANTS_QUOTES.fullmatch(text):
            message = f"请给日期、时间和代码加引号:“{text}”不加引号会被当成数字或日期"
            result.problems.append(Problem(dotted(path), message, *_at(node)))
            return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on"}
    if kind == "int":
        return _number(text, int)
    if kind == "float":
        return _number(text, float)
    return text


def _number(text: str, kind: type[int | float]) -> int | float | str:
    try:
        return kind(text)
    except ValueError:
        return text


def _at(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def dotted(path: Path) -> str:
    """``("units", "tax", 0)`` as ``units.tax[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "-"
