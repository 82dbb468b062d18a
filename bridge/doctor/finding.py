"""What a check found: a verdict, what was seen, what to do about it.

Owns: the three verdicts. Must not: print.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.errors import ConfigError, Problem


class Verdict(StrEnum):
    """How bad it is."""

    GOOD = "good"
    NOTE = "note"
    FAULT = "fault"


WORDS = {Verdict.GOOD: "正常", Verdict.NOTE: "注意", Verdict.FAULT: "故障"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``remedy`` is empty where nothing is to be done (Chinese)."""

    check: str
    verdict: Verdict
    text: str
    remedy: str = ""


def good(check: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Verdict.GOOD, text)


def note(check: str, text: str, remedy: str) -> Finding:
    """Return something to look after; the daemon runs."""
    return Finding(check, Verdict.NOTE, text, remedy)


def fault(check: str, text: str, remedy: str) -> Finding:
    """Return something that keeps the daemon, or a part of it, from its work."""
    return Finding(check, Verdict.FAULT, text, remedy)


def faults(check: str, error: ConfigError) -> list[Finding]:
    """Return one finding for every problem of a refusal, in the refusal's own words."""
    return [_fault(check, error.file, problem) for problem in error.problems]


def _fault(check: str, file: str, problem: Problem) -> Finding:
    text, _, remedy = problem.located(file).partition("；")
    return fault(check, text, remedy or f"改正 {file} 后重新执行 bridge doctor")
