"""The pattern language of the rules: words, ``<groups>``, ``~`` for something in between; and safe regexes.

Owns: parsing patterns, the literal every regular expression must contain. Must not: match texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from bridge.rules.normalise import Normaliser

_GROUP = re.compile(r"<([^<>~]+)>")
_GROUP_DEPTH = 5
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20


_COMPLAINTS = (
    ("missing )", "圆括号没有配对;要找括号本身请写 \\( \\)"),
    ("unexpected )", "圆括号没有配对;要找括号本身请写 \\( \\)"),
    ("missing ]", "方括号没有配对;要找方括号本身请写 \\[ \\]"),
    ("no argument for repetition", "* + ? 前面没有要重复的字"),
    ("bad repetition", "* + ? 连写了两个"),
    ("invalid repetition size", "重复次数太大,最多 1000"),
    ("invalid escape", "反斜杠后面的字母没有这个写法"),
    ("invalid character class range", "方括号里的范围前后颠倒"),
    ("too large", "展开后太大;请把重复次数改小"),
)
"""What RE2 says, and what a clerk can do about it."""


class PatternError(ValueError):
    """A pattern cannot be used; the text says why (Chinese)."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled linear-time expression and a word without which it cannot match."""

    source: str
    compiled: Any
    literal: str

    def occurs(self, text: str) -> bool:
        """Whether it matches anywhere. In bytes: places in a text are dear to count."""
        return self.compiled.search(text.encode()) is not None


def pieces(pattern: str, groups: Mapping[str, Sequence[str]], normaliser: Normaliser) -> list[frozenset[str]]:
    """Each piece of a pattern as its set of words.

    Raises:
        PatternError: empty piece, unbalanced bracket or unknown group (``KeyError`` text holds the group).
    """
    return [_piece(part.strip(), groups, normaliser) for part in pattern.split("~")]


def group_references(pattern: str) -> list[str]:
    """The groups a pattern names."""
    return [str(name) for name in _GROUP.findall(pattern)]


def _piece(part: str, groups: Mapping[str, Sequence[str]], normaliser: Normaliser) -> frozenset[str]:
    if not part:
        raise PatternError("“~”两边都要有词")
    match = _GROUP.fullmatch(part)
    if match:
        words = frozenset(word for entry in groups[match[1]] for word in expand(entry, groups, normaliser))
    elif "<" in part or ">" in part:
        raise PatternError("尖括号要成对,并且单独作一段,例如 <单位>~<扣>")
    else:
        words = frozenset({normaliser.word(part)})
    if "" in words:
        raise PatternError("统一写法以后是空的")
    return words


def expand(entry: str, groups: Mapping[str, Sequence[str]], normaliser: Normaliser, depth: int = 0) -> frozenset[str]:
    """Words of one entry of a group, which may name another group (no cycles, no ``~``)."""
    match = _GROUP.fullmatch(entry.strip())
    if not match:
        return frozenset({normaliser.word(entry)})
    if depth > _GROUP_DEPTH:
        raise PatternError("词组互相引用成环")
    inner = groups[match[1]]
    return frozenset(word for item in inner for word in expand(item, groups, normaliser, depth + 1))


def compile_regex(source: str, normaliser: Normaliser) -> Regex:
    """Compile an operator's regular expression with RE2, which cannot hang.

    Raises:
        PatternError: not valid, not linear-time (look-around, back-reference), or without a required literal.
    """
    if re.search(r"\(\?(<?[=!])", source):
        raise PatternError("正则不支持前后断言 (?=…)(?!…)(?<=…)(?<!…);请用 none 表达“不得有”")
    if re.search(r"\\[1-9]", source):
        raise PatternError("正则不支持反向引用 \\1")
    try:
        compiled = re2.compile(source, _OPTIONS)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        detail = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise PatternError(f"正则无法编译:{_reason(detail)}") from None
    literal = normaliser.word(required_literal(source))
    if not literal:
        raise PatternError("正则里要有一个必定出现的固定文字,否则每件工单都要从头扫描")
    return Regex(source, compiled, literal)


def _reason(detail: str) -> str:
    """RE2's words in Chinese, with the fragment it stopped at."""
    said, _, fragment = detail.partition(": ")
    text = next((words for sign, words in _COMPLAINTS if sign in said), said)
    return f"{text}(在 {fragment})" if fragment else text


def required_literal(source: str) -> str:
    """The longest text that every match contains; empty if there is none."""
    try:
        from re import _parser as parser  # type: ignore[attr-defined]  # noqa: PLC0415 - the stdlib's own parser

        parsed = parser.parse(source)
    except (re.error, RecursionError, OverflowError):
        return ""
    return max(_runs(parsed), key=len, default="")


def _runs(parsed: Any) -> list[str]:
    runs, current = [], ""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            current += chr(argument)
            continue
        runs.append(current)
        current = ""
        if name == "SUBPATTERN":
            runs += _runs(argument[3])
        elif name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[0] > 0:
            runs += _runs(argument[2])
    return [*runs, current]
