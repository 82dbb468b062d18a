"""Meaning of the document beyond its shape: every checker's problems, in one list.

Owns: the order of the checkers. Must not: raise; a problem is a value with a place in the file.
"""

from __future__ import annotations

from bridge.errors import Problem
from bridge.rules.check_flow import flow_problems
from bridge.rules.check_patterns import pattern_problems
from bridge.rules.check_tests import test_problems
from bridge.rules.check_texts import text_problems
from bridge.rules.check_usage import usage_problems
from bridge.rules.document import RulesDocument
from bridge.rules.findings import Findings
from bridge.rules.yaml_reader import YamlText


def meaning_problems(document: RulesDocument, source: YamlText) -> list[Problem]:
    """Every problem of references, patterns, reachability, usage, texts and tests."""
    findings = Findings(source)
    for checker in (flow_problems, pattern_problems, usage_problems, text_problems, test_problems):
        checker(document, findings)
    return findings.problems
