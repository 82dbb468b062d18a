"""Full-width marks in a list of words: the list becomes one long word that no ticket ever holds.

Owns: telling them from words that hold such a mark on purpose (those stand in quotes). Must not: parse patterns.
"""

from __future__ import annotations

import re
from collections.abc import Container

from bridge.rules.findings import Findings
from bridge.rules.yaml_reader import Path

_BRACKETS = re.compile(r"[《〈＜]([^《》〈〉＜＞~～]+)[》〉＞]")


def mark_problem(path: Path, pattern: str, groups: Container[str], findings: Findings, *, alone: bool) -> bool:
    """Report a full-width mark that was meant as a half-width one; whether there was one.

    ``alone``: the pattern is the whole list, so that even ``、`` was meant to part its words.
    """
    unquoted = findings.unquoted(path)
    message = _bracket(pattern, groups) or (_separator(pattern, "，；、" if alone else "，；") if unquoted else None)
    if message:
        findings.add(path, message)
    return bool(message)


def _bracket(pattern: str, groups: Container[str]) -> str | None:
    name = next((name for name in _BRACKETS.findall(pattern) if name in groups), None)
    return f"引用词组请用半角尖括号:<{name}>" if name else None


def _separator(pattern: str, marks: str) -> str | None:
    if "～" in pattern:
        return "“～”是全角的,不起隔字的作用;请改成半角“~”"
    mark = next((mark for mark in marks if mark in pattern), None)
    if mark is None:
        return None
    return f"“{pattern}”整串成了一个词:各词之间请用半角逗号“,”;真要找带“{mark}”的文字,请给它加引号"
