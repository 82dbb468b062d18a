"""Says in Chinese what is wrong with the way a rules file is typed, and where it was typed.

Owns: the words for the parser's errors, slips of the keyboard near one (full-width marks, a missing space),
characters nobody can see. Must not: read values, or know what the document means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml import MarkedYAMLError

from bridge.errors import Problem

PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, twenty times as quick; where a wheel lacks it, the same in Python."""
_QUOTES = ("'", '"')

_SYNTAX = (
    ("found a tab character", "用了制表符缩进;请改用空格"),
    ("found unexpected end of stream", "引号没有配对,文件可能只写了一半"),
    ("mapping values are not allowed", "这里不能再出现“:”;多半是缩进不齐,或文字里的冒号没有加引号"),
    ("could not find expected ':'", "缺少“:”,或缩进不齐"),
    ("expected ',' or", "方括号或花括号里缺少逗号,或括号、引号没有配对"),
    ("did not find expected key", "缩进与上一行不一致"),
    ("did not find expected '-'", "缩进与上一行不一致"),
    ("did not find expected", "括号、引号或缩进没有配对"),
    ("found unknown escape character", "双引号里的反斜杠写法无效;正则请用单引号"),
    ("found undefined tag", "不允许标签(!…)"),
    ("found unexpected ':'", "“:”后面要空一格再写内容"),
    ("cannot start any token", "这个字符不能放在开头;请给文字加引号"),
)

_SLIPS = (
    (re.compile(r"^ *(?P<at>[\u3000\u00a0])"), "行首是全角空格或网页里复制来的空格;请改用半角空格"),
    (re.compile(r"^ *(?P<at><{7}|={7}|>{7})"), "这是合并两份文件时留下的记号;请定下要哪一份,删去这一行"),
    (re.compile(r"^ *(- *)?[{]?[\w.]+(?P<at>：)"), "用了全角冒号“：”;请改成半角“:”,后面空一格"),
    (re.compile(r"[{,]\s*[A-Za-z_]+(?P<at>：)"), "用了全角冒号“：”;请改成半角“:”,后面空一格"),
    (re.compile(r"^ *(- +)?[A-Za-z_]\w*(?P<at>:)[^\s:]"), "冒号后面要空一格"),
    (re.compile(r"^ *(?P<at>-)[^\s-]"), "“-”后面要空一格"),
)
_LINES_BEFORE = 2
"""The parser stumbles on the line after the slip, or on the one after a comment."""

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_UNSEEN_SHOWN = 20

_LINE_END = re.compile("\r\n|[\r\n\u0085\u2028\u2029]")
"""What the parser counts as the end of a line, which is more than most editors do."""


def syntax_problem(error: MarkedYAMLError, text: str) -> Problem:
    """What the parser stumbled over; the slip of the keyboard that made it stumble, if one stands there."""
    mark = error.problem_mark or error.context_mark
    lines = _LINE_END.split(text)
    line, column = (min(mark.line + 1, len(lines)), mark.column + 1) if mark else (1, 1)
    opened = min(error.context_mark.line + 1, len(lines)) if error.context_mark else line
    said = f"{error.context or ''} {error.problem or ''}"
    quote = _endless_quote(error, said) or _open_quote(text, line)
    if quote:
        return quote
    slip = _slip(lines, line, opened)
    if "cannot start any token" in said and lines[line - 1][column - 1 : column] == "\t":
        said = "found a tab character"
    return slip or Problem("-", _message(said, lines, line, opened), line, column)


def unseen(text: str) -> Iterator[Problem]:
    """Characters that came along with a copy and make a word or a code another one."""
    for number, match in enumerate(_UNSEEN.finditer(text)):
        if number == _UNSEEN_SHOWN:
            return
        before = _LINE_END.split(text[: match.start()])
        message = f"这里有一个看不见的字符(U+{ord(match[0]):04X}),多半是从网页或聊天里复制来的;请删去重打"
        yield Problem("-", message, len(before), len(before[-1]) + 1)


def _endless_quote(error: MarkedYAMLError, said: str) -> Problem | None:
    """A quotation mark that never found a partner."""
    if error.context_mark is None or "quoted scalar" not in said or "end of stream" not in said:
        return None
    message = "引号没有配对:从这里起一直连到了文件末尾;若原来有,文件可能只写了一半"
    return Problem("-", message, error.context_mark.line + 1, error.context_mark.column + 1)


def _open_quote(text: str, line: int) -> Problem | None:
    """A quotation mark that found its partner only lines later, in the line the parser stumbled over."""
    start = end = None
    try:
        for token in yaml.scan(text, Loader=PARSER):
            if (
                isinstance(token, yaml.ScalarToken)
                and token.style in _QUOTES
                and token.start_mark.line < token.end_mark.line
            ):
                start, end = token.start_mark, token.end_mark
    except MarkedYAMLError:
        pass
    if start is None or end is None or end.line + 1 != line:
        return None
    return Problem("-", f"引号没有配对:从这里起的文字一直连到了第 {line} 行", start.line + 1, start.column + 1)


def _slip(lines: list[str], line: int, opened: int) -> Problem | None:
    before = [number for number in range(line - 1, 0, -1) if lines[number - 1].strip()][:_LINES_BEFORE]
    for number in dict.fromkeys((line, *before, opened)):
        for pattern, message in _SLIPS:
            match = pattern.search(lines[number - 1])
            if match:
                return Problem("-", message, number, match.start("at") + 1)
    return None


def _message(said: str, lines: list[str], line: int, opened: int) -> str:
    text = next((words for sign, words in _SYNTAX if sign in said), f"YAML 写法有误({said.strip()})")
    if "expected ',' or" in said and opened < line:
        text += f";括号是从第 {opened} 行开始的"
    if not any(rest.strip() for rest in lines[line:]) and "一半" not in text:
        text += ";文件到这里就断了,可能只写或只拷了一半"
    return text
