"""Checks the test cases of the document: names they expect must exist.

Owns: references of ``tests:``. Must not: run them.
"""

from __future__ import annotations

from datetime import datetime

from bridge.rules.document import RuleCase, RulesDocument
from bridge.rules.findings import Findings
from bridge.rules.yaml_reader import Path


def test_problems(document: RulesDocument, findings: Findings) -> None:
    """Report unknown names and impossible instants of every test case."""
    findings.unique(("tests",), (case.id for case in document.tests), "用例")
    for number, case in enumerate(document.tests):
        path: Path = ("tests", number)
        _names(document, case, path, findings)
        _instants(case, path, findings)


def _names(document: RulesDocument, case: RuleCase, path: Path, findings: Findings) -> None:
    expect, where = case.expect, (*path, "expect")
    for name, known, what in (
        ("category", document.categories, "类别"),
        ("second_category", document.categories, "类别"),
        ("lead", document.units, "单位"),
        ("out_reason", document.rules.out_reasons, "原因"),
    ):
        value = getattr(expect, name)
        if value is not None:
            findings.reference((*where, name), value, list(known), what)
    findings.references((*where, "co_units"), expect.co_units or (), document.units, "单位")
    findings.references((*where, "flags"), expect.flags, document.rules.flags, "标记")
    findings.references((*where, "without_flags"), expect.without_flags, document.rules.flags, "标记")


def _instants(case: RuleCase, path: Path, findings: Findings) -> None:
    for where, text in (
        ((*path, "received_at"), case.received_at),
        *(((*path, "expect", "due", kind.value), text) for kind, text in case.expect.due.items()),
    ):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            findings.add(where, f"没有“{text}”这个时刻")
