"""Checks words, patterns and regular expressions of ``rules:``.

Owns: unknown groups, broken patterns, unsafe expressions, conditions that say nothing. Must not: match texts.
"""

from __future__ import annotations

from bridge.rules.check_marks import mark_problem
from bridge.rules.document import RulesDocument
from bridge.rules.document_evidence import Condition, RulesSection
from bridge.rules.findings import Findings
from bridge.rules.messages import suggestion
from bridge.rules.normalise import Normaliser
from bridge.rules.patterns import PatternError, compile_regex, expand, group_references, pieces
from bridge.rules.yaml_reader import Path


def pattern_problems(document: RulesDocument, findings: Findings) -> None:
    """Report every problem of the patterns."""
    rules = document.rules
    normaliser = Normaliser(rules.normalise.typos, rules.normalise.fold)
    usable = _words(rules, normaliser, findings)
    checker = _Checker({name: rules.words[name] for name in usable}, set(rules.words) - usable, normaliser, findings)
    for path, condition in conditions(rules):
        checker.condition(path, condition)
    for place, patterns in _plain_lists(rules):
        checker.patterns(place, patterns)
    for number, source in enumerate(rules.normalise.ignore):
        checker.regex(("rules", "normalise", "ignore", number), source)
    _ids(rules, findings)


def conditions(rules: RulesSection) -> list[tuple[Path, Condition]]:
    """Every condition of the document with its path."""
    lists: dict[str, list[Condition]] = {
        "scope": [*rules.scope],
        "evidence": [*rules.evidence],
        "insurance": [*rules.insurance],
        "flag_rules": [*rules.flag_rules],
    }
    return [
        (("rules", name, number), condition)
        for name, entries in lists.items()
        for number, condition in enumerate(entries)
    ]


def _plain_lists(rules: RulesSection) -> list[tuple[Path, list[str]]]:
    return [
        (("rules", "normalise", "whole_words"), rules.normalise.whole_words),
        (("rules", "negation", "words"), rules.negation.words),
        (("rules", "negation", "exceptions"), rules.negation.exceptions),
        (("rules", "scoring", "request_words"), rules.scoring.request_words),
        (("rules", "period", "fee_words"), rules.period.fee_words),
        (("rules", "period", "skip_words"), rules.period.skip_words),
    ]


def _words(rules: RulesSection, normaliser: Normaliser, findings: Findings) -> set[str]:
    """Check the groups; return those that can be expanded."""
    usable = set(rules.words)
    for name, entries in rules.words.items():
        seen: dict[str, int] = {}
        for number, entry in enumerate(entries):
            path = ("rules", "words", name, number)
            mark_problem(path, entry, rules.words, findings, alone=len(entries) == 1)
            if not _known_groups(path, entry, rules, findings):
                usable.discard(name)
            elif "~" in entry:
                findings.add(path, "词组里只能写词或 <词组>,不能用“~”")
                usable.discard(name)
            if entry in seen:
                findings.add(path, f"“{entry}”在这一组里写了两次")
            seen[entry] = number
    return {name for name in usable if _expands(name, rules, normaliser, findings)}


def _known_groups(path: Path, pattern: str, rules: RulesSection, findings: Findings) -> bool:
    unknown = [name for name in group_references(pattern) if name not in rules.words]
    for name in unknown:
        findings.add(path, f"没有词组“<{name}>”{suggestion(name, rules.words)}")
    return not unknown


def _expands(name: str, rules: RulesSection, normaliser: Normaliser, findings: Findings) -> bool:
    try:
        for entry in rules.words[name]:
            expand(entry, rules.words, normaliser)
    except KeyError:
        return False
    except PatternError as error:
        findings.add(("rules", "words", name), str(error))
        return False
    return True


class _Checker:
    def __init__(
        self, groups: dict[str, list[str]], broken: set[str], normaliser: Normaliser, findings: Findings
    ) -> None:
        self._groups = groups
        self._broken = broken
        self._normaliser = normaliser
        self._findings = findings

    def condition(self, path: Path, condition: Condition) -> None:
        for name in ("any", "all", "none"):
            self.patterns((*path, name), getattr(condition, name))
        for number, source in enumerate(condition.regex):
            self.regex((*path, "regex", number), source)
        if not (condition.any or condition.all or condition.regex):
            self._findings.add(path, "要写 any、all 或 regex 之一,否则永远不会命中")

    def patterns(self, path: Path, patterns: list[str]) -> None:
        seen: set[str] = set()
        for number, pattern in enumerate(patterns):
            where = (*path, number)
            if pattern in seen:
                self._findings.add(where, f"“{pattern}”在这里写了两次")
            seen.add(pattern)
            if mark_problem(where, pattern, self._groups, self._findings, alone=len(patterns) == 1):
                continue
            try:
                pieces(pattern, self._groups, self._normaliser)
            except KeyError as error:
                name = str(error.args[0])
                if name in self._broken:
                    continue
                self._findings.add(where, f"没有词组“<{name}>”{suggestion(name, self._groups)}")
            except PatternError as error:
                self._findings.add(where, str(error))

    def regex(self, path: Path, source: str) -> None:
        try:
            compile_regex(source, self._normaliser)
        except PatternError as error:
            self._findings.add(path, str(error))


def _ids(rules: RulesSection, findings: Findings) -> None:
    for name in ("scope", "evidence", "insurance", "flag_rules"):
        findings.unique(("rules", name), (entry.id for entry in getattr(rules, name)), "规则")
