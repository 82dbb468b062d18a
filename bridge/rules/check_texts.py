"""Checks reply texts and spellings.

Owns: placeholders of templates and remedies, required reply fields, spelling entries that do nothing. Must not: compose replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter

from bridge.rules.document import RulesDocument
from bridge.rules.document_replies import RemedyEntry
from bridge.rules.findings import Findings
from bridge.rules.yaml_reader import Path

PLACEHOLDERS = ("unit", "person", "phone", "due", "category", "text", "authority", "reason", "suggested", "date")
"""What a template may name."""

OTHER_SIDE_PLACEHOLDERS = ("unit", "person", "phone", "category", "date")
"""What the words for the other side may name: nothing that quotes a ticket or an opinion (domain 5.2)."""

REMEDY_PLACEHOLDERS = ("unit", "authority", "date", "review_by", "sue_by")
"""What a remedy may name; ``unit`` and ``authority`` only where it is against the units in ``acted``."""

REPLY_FIELDS = ("public_text", "unresolved_reason", "legal_basis", "contacted_at", "contacted_by", "remedies")
"""What ``replies.require`` may demand. Source: contract §3, the reply object."""


def text_problems(document: RulesDocument, findings: Findings) -> None:
    """Report templates that cannot be filled, unknown required fields, useless spellings."""
    findings.references(("replies", "require"), document.replies.require, REPLY_FIELDS, "答复字段")
    for name, text in document.replies.templates.items():
        known = OTHER_SIDE_PLACEHOLDERS if name == "other_side" else PLACEHOLDERS
        _template(("replies", "templates", name), text, known, findings)
    _remedies(document, findings)
    for wrong, right in document.rules.normalise.typos.items():
        if wrong == right or not right:
            findings.add(("rules", "normalise", "typos", wrong), "左右相同或右边为空,没有作用")


def _template(path: Path, text: str, known: Sequence[str], findings: Findings) -> None:
    try:
        names = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    except ValueError:
        findings.add(path, "花括号没有配对;要写花括号本身请写两遍 {{ }}")
        return
    if "｛" in text or "｝" in text:
        findings.add(path, "花括号要用半角的,如 {unit};全角的会照原样印出去")
    for field in names:
        if field not in known:
            fields = "".join(f"{{{one}}}" for one in known)
            findings.add(path, f"模板里没有“{{{field}}}”,能写的有:{fields}")


def _remedies(document: RulesDocument, findings: Findings) -> None:
    findings.unique(("replies", "remedies"), (entry.id for entry in document.replies.remedies), "救济途径")
    for number, entry in enumerate(document.replies.remedies):
        path: Path = ("replies", "remedies", number)
        when = entry.when
        findings.references((*path, "when", "acted"), when.acted, document.units, "单位")
        findings.references((*path, "when", "categories"), when.categories, document.categories, "类别")
        for name in ("flags", "without_flags"):
            findings.references((*path, "when", name), getattr(when, name), document.rules.flags, "标记")
        known = REMEDY_PLACEHOLDERS if when.acted else REMEDY_PLACEHOLDERS[2:]
        _template((*path, "text"), entry.text, known, findings)
        if when.named and not when.acted:
            findings.add((*path, "when", "named"), "named 要和 acted 一起写,说明是哪些单位")
        _authorities((*path, "when", "acted"), entry, document, findings)


def _authorities(path: Path, entry: RemedyEntry, document: RulesDocument, findings: Findings) -> None:
    """A text that names the authority can be printed only against units that have one."""
    for number, name in enumerate(entry.when.acted):
        unit = document.units.get(name)
        if unit is not None and "{authority}" in entry.text and not unit.remedy_authority:
            findings.add((*path, number), f"单位“{name}”没有写复议机关 remedy_authority,这条无法印出")
