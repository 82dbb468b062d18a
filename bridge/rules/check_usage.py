"""Checks references from ``rules:`` to the rest, and that nothing stands there unused.

Owns: categories, flags, reasons and word groups named by rules; what no rule names. Must not: compile.
"""

from __future__ import annotations

from bridge.rules.check_patterns import conditions
from bridge.rules.document import RulesDocument
from bridge.rules.findings import Findings
from bridge.rules.patterns import group_references
from bridge.rules.route import ALL_KINDS, CO_FLAGS

BUILT_IN_FLAGS = {"confidential", "group", "period_unknown", "complex_suggested", "staff_conduct", ALL_KINDS, *CO_FLAGS}
"""Set by the program from the ticket's fields, or with a meaning of their own."""


def usage_problems(document: RulesDocument, findings: Findings) -> None:
    """Report unknown and unused names."""
    _evidence(document, findings)
    _reasons(document, findings)
    _flags(document, findings)
    _groups(document, findings)
    findings.references(("confidentiality", "visible_to"), document.confidentiality.visible_to, document.units, "单位")


def _evidence(document: RulesDocument, findings: Findings) -> None:
    for number, rule in enumerate(document.rules.evidence):
        findings.reference(("rules", "evidence", number, "category"), rule.category, document.categories, "类别")
        if rule.weight == 0:
            findings.add(("rules", "evidence", number, "weight"), "weight 为 0 的规则不起作用")
    named = {rule.category for rule in document.rules.evidence if rule.weight > 0}
    for name in document.categories:
        if name not in named:
            findings.add(("categories", name), f"没有一条规则会判为“{name}”;请在 rules.evidence 里给它写一条", key=True)


def _reasons(document: RulesDocument, findings: Findings) -> None:
    rules, used = document.rules, {"other", "praise"}
    for number, rule in enumerate(rules.scope):
        path = ("rules", "scope", number)
        if rule.scope == "out" and rule.reason is None:
            findings.add(path, "scope: out 的规则要写 reason(不属本机制的原因)")
        if rule.reason is not None:
            findings.reference((*path, "reason"), rule.reason, rules.out_reasons, "原因")
            used.add(rule.reason)
    for name, entry in rules.out_reasons.items():
        if name not in used:
            findings.add(
                ("rules", "out_reasons", name), f"原因“{name}”没有规则用到;请删去,或在 rules.scope 里用上", key=True
            )
        if entry.suggested is not None:
            place = ("rules", "out_reasons", name, "suggested")
            findings.reference(place, entry.suggested, document.units, "单位")


def _flags(document: RulesDocument, findings: Findings) -> None:
    flags = document.rules.flags
    set_by = {rule.flag for rule in document.rules.flag_rules} | BUILT_IN_FLAGS
    used = set(BUILT_IN_FLAGS) | set(document.review.flags) | {"in_proceedings"}
    for number, rule in enumerate(document.rules.flag_rules):
        path = ("rules", "flag_rules", number)
        findings.reference((*path, "flag"), rule.flag, flags, "标记")
        findings.references((*path, "categories"), rule.categories, document.categories, "类别")
    for number, kind in enumerate(document.rules.insurance):
        findings.references(("rules", "insurance", number, "categories"), kind.categories, document.categories, "类别")
    for number, route in enumerate(document.routes):
        for name in ("flags", "without_flags"):
            wanted = getattr(route.when, name)
            findings.references(("routes", number, "when", name), wanted, flags, "标记")
            used |= set(wanted)
    for remedy in document.replies.remedies:
        used |= {*remedy.when.flags, *remedy.when.without_flags}
    for procedure in document.procedures.values():
        used |= {flag for trigger in procedure.triggers for flag in trigger.flags}
    findings.references(("review", "flags"), document.review.flags, flags, "标记")
    for name in flags:
        if name not in set_by:
            findings.add(
                ("rules", "flags", name), f"标记“{name}”没有规则会设置;请在 rules.flag_rules 里写一条,或删去", key=True
            )
        elif name not in used:
            findings.add(
                ("rules", "flags", name), f"标记“{name}”没有路由或设置用到;请删去,或在 routes 的 when 里用上", key=True
            )


def _groups(document: RulesDocument, findings: Findings) -> None:
    rules = document.rules
    used: set[str] = set()
    for _, condition in conditions(rules):
        for patterns in (condition.any, condition.all, condition.none):
            used.update(name for pattern in patterns for name in group_references(pattern))
    for entries in (*rules.words.values(), rules.scoring.request_words, rules.period.fee_words):
        used.update(name for entry in entries for name in group_references(entry))
    for name in rules.words:
        if name not in used:
            findings.add(("rules", "words", name), f"词组“{name}”没有规则用到;请删去,或在规则里写 <{name}>", key=True)
