"""Checks reply texts and spellings.

Owns: placeholders of templates, required reply fields, spelling entries that do nothing. Must not: compose replies.
"""

from __future__ import annotations

from string import Formatter

from bridge.rules.document import RulesDocument
from bridge.rules.findings import Findings
from bridge.rules.messages import suggestion

PLACEHOLDERS = ("unit", "person", "phone", "due", "category", "text", "authority", "reason", "suggested", "date")
"""What a template may name."""

REPLY_FIELDS = ("public_text", "unresolved_reason", "legal_basis", "contacted_at", "contacted_by", "remedies")
"""What ``replies.require`` may demand. Source: contract §3, the reply object."""


def text_problems(document: RulesDocument, findings: Findings) -> None:
    """Report templates that cannot be filled, unknown required fields, useless spellings."""
    findings.references(("replies", "require"), document.replies.require, REPLY_FIELDS, "答复字段")
    for name, text in document.replies.templates.items():
        _template(name, text, findings)
    for wrong, right in document.rules.normalise.typos.items():
        if wrong == right or not right:
            findings.add(("rules", "normalise", "typos", wrong), "左右相同或右边为空,没有作用")


def _template(name: str, text: str, findings: Findings) -> None:
    path = ("replies", "templates", name)
    try:
        names = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    except ValueError:
        findings.add(path, "花括号没有配对;要写花括号本身请写两遍 {{ }}")
        return
    for field in names:
        if field not in PLACEHOLDERS:
            findings.add(path, f"模板里没有“{{{field}}}”{suggestion(field, PLACEHOLDERS)}")
