"""Checks the triggers of a complex case.

Owns: their references and conditions, and where they may stand. Must not: evaluate them.
"""

from __future__ import annotations

from bridge.core.vocabulary import ProcedureId
from bridge.rules.document import RulesDocument
from bridge.rules.document_flow import TriggerEntry
from bridge.rules.findings import Findings
from bridge.rules.yaml_reader import Path

_CONDITIONS = ("categories", "flags", "any_units", "periods", "people", "units", "amount", "years", "returns", "round")
_LATER = ("any_units", "units", "returns", "round")
"""Conditions nobody can tell before the ticket is routed."""


def trigger_problems(path: Path, procedure: ProcedureId, document: RulesDocument, findings: Findings) -> None:
    """Report every problem of a procedure's triggers."""
    entries = document.procedures[procedure].triggers
    if entries and procedure is not ProcedureId.JOINT_COMPLEX:
        findings.add(path, "triggers 只写在 joint_complex 里", key=True)
    findings.unique(path, (entry.id for entry in entries), "情形")
    for number, entry in enumerate(entries):
        _trigger((*path, number), entry, document, findings)


def _trigger(path: Path, entry: TriggerEntry, document: RulesDocument, findings: Findings) -> None:
    findings.references((*path, "categories"), entry.categories, document.categories, "类别")
    findings.references((*path, "flags"), entry.flags, document.rules.flags, "标记")
    findings.references((*path, "any_units"), entry.any_units, document.units, "单位")
    if not any(getattr(entry, name) for name in _CONDITIONS):
        findings.add(path, f"“{entry.id}”没有写条件,每件都会建议报专案")
    for name in _LATER if entry.review else ():
        if getattr(entry, name):
            findings.add((*path, name), f"派件前还不知道 {name},不能和 review: true 一起写")
