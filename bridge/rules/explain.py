"""Why a text went where it went, as data and as a page of Chinese.

Owns: gathering evidence with matched words, losers and why, units, dates, clauses. Must not: decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bridge.core.assessment import Assessment
from bridge.core.lifecycle import proposal
from bridge.core.policy import Extension, TicketFacts
from bridge.core.triggers import fitting, of_ticket
from bridge.rules.classify import OPINION_RULE, Classifier
from bridge.rules.closed_words import NAMES
from bridge.rules.compile import CompiledRules
from bridge.rules.decision import decision
from bridge.rules.due import due_dates, local
from bridge.rules.second_opinion import ASKED, OUT

_PROCEDURES = {"direct": "自办", "transfer": "移送", "joint_general": "一般联办", "joint_complex": "复杂专案"}
_PERIODS = {"post": "改革后", "pre": "改革前", "straddle": "跨改革前后", "unknown": "没有写明所属期"}
_DAYS = {"working_days": "个工作日", "days": "个自然日", "working_hours": "个工作小时"}
_STEPS = {
    "half": "到半数提醒",
    "eighty": "到八成提醒",
    "due_day": "到期日提醒",
    "overdue": "逾期",
    "after_one": "逾期次日提醒",
    "escalate": "升级到领导小组办公室",
}
_CLOCKS = {
    "sign": "签收",
    "return": "退单",
    "accept_notice": "受理告知",
    "invite": "发出联办邀请",
    "opinion": "书面意见",
    "approval": "组长审批",
    "reply": "答复",
}


def explanation(rules: CompiledRules, facts: TicketFacts) -> dict[str, Any]:
    """Everything that went into a decision on one text."""
    made = rules.assess(facts)
    found = made.classification
    return {
        **decision(rules, made, None),
        "out_reason": found.out_reason,
        "review_reason": found.review_reason,
        "flags": list(found.flags),
        "candidates": [
            {"category": name, "share": share, "score": _score(made, name), "evidence": _told(rules, facts, made, name)}
            for name, share in found.candidates
        ],
        "scope_evidence": _lines(made, None),
        "route": made.route.route_id or None,
        "also_asked": _also_asked(rules, made, facts),
        "lead_opinion": _lead_opinion(rules, made, facts),
        "clauses": list(made.route.clauses),
        "complex_triggers": _triggers(rules, made, facts),
        "contacts": _contacts(rules, made),
        "due": _dates(rules, made, facts),
        "normal_text": normal_text(rules.classifier, facts),
        "rules_hash": rules.hash,
    }


def normal_text(classifier: Classifier, facts: TicketFacts) -> str:
    """The text as the rules saw it."""
    return classifier.read(facts.body.title, facts.body.content).layout.text


def _score(made: Assessment, category: str) -> float:
    return round(sum(one.weight for one in made.classification.evidence if one.category == category), 3)


def _lines(made: Assessment, category: str | None) -> list[dict[str, Any]]:
    return [
        {"rule": one.rule, "matched": one.matched, "weight": one.weight}
        for one in made.classification.evidence
        if one.category == category
    ]


def _told(rules: CompiledRules, facts: TicketFacts, made: Assessment, name: str) -> list[dict[str, Any]]:
    """The evidence lines of a category; the second opinion says which sequences of characters spoke."""
    lines = _lines(made, name)
    for line in lines:
        if line["rule"] == OPINION_RULE and rules.opinion is not None:
            line["matched"] = "、".join(rules.opinion.telling(normal_text(rules.classifier, facts), name))
    return lines


def _lead_opinion(rules: CompiledRules, made: Assessment, facts: TicketFacts) -> dict[str, Any] | None:
    """How sure the lead by the rules is, whom the second opinion prefers, and the sequences that spoke for it."""
    sure = rules.sureness(facts)
    if rules.opinion is None or sure.preferred is None:
        return None
    heard = rules.classifier.heard(facts.body.title, facts.body.content)
    tell = rules.opinion.telling if sure.preferred == OUT else rules.opinion.telling_lead
    return {
        "sureness": round(sure.share, 4),
        "preferred": sure.preferred,
        "agrees": sure.preferred == made.route.lead,
        "matched": "、".join(tell(heard, sure.preferred)),
    }


def _also_asked(rules: CompiledRules, made: Assessment, facts: TicketFacts) -> list[dict[str, str]]:
    """The units that the second opinion asks beside the route's own, and the sequences of characters that spoke."""
    opinion, text = rules.opinion, normal_text(rules.classifier, facts)
    if opinion is None:
        return []
    return [
        {"unit": ASKED[flag], "flag": flag, "matched": "、".join(opinion.telling_asked(text, flag))}
        for flag in made.classification.flags
        if flag in opinion.asked
    ]


def _contacts(rules: CompiledRules, made: Assessment) -> list[dict[str, str]]:
    names = [made.route.lead, *made.route.co_units] if made.route.lead else []
    units = [rules.policy.units[name] for name in names if name]
    return [
        {"unit": unit.id, "name": unit.name, "person": unit.contact_person, "phone": unit.contact_phone}
        for unit in units
    ]


def _dates(rules: CompiledRules, made: Assessment, facts: TicketFacts) -> list[dict[str, Any]]:
    return [
        {
            "kind": date.kind.value,
            "due": local(date.due_at),
            "limit": date.limit.id,
            "clause": date.limit.clause,
            "decided": date.limit.decided,
            "extension": _extension(date.limit.extension),
            "provisional": date.provisional,
            "losers": [{"limit": name, "due": local(at)} for name, at in date.losers],
            "reminders": [{"step": step.name, "at": local(step.at)} for step in date.steps],
        }
        for date in due_dates(rules.policy, made, facts)
    ]


def _triggers(rules: CompiledRules, made: Assessment, facts: TicketFacts) -> list[dict[str, Any]]:
    """The triggers of a complex case that fit the ticket as it would be dispatched."""
    found = made.classification
    known = of_ticket(facts.body, found.category, found.flags, found.period)
    units = tuple(unit for unit in (made.route.lead, *made.route.co_units) if unit)
    fits = fitting(proposal.of(rules.policy), replace(known, units=units))
    return [{"id": each.id, "text": each.text, "review": each.review} for each in fits]


def _extension(rule: Extension | None) -> dict[str, Any] | None:
    return {"amount": rule.amount, "unit": rule.unit.value, "once": rule.once} if rule else None


def page(rules: CompiledRules, told: dict[str, Any]) -> str:
    """The explanation as a page for a clerk."""
    return "\n".join(_page(rules, told))


def _page(rules: CompiledRules, told: dict[str, Any]) -> Iterator[str]:
    if not told["in_scope"]:
        reason = rules.document.rules.out_reasons.get(told["out_reason"] or "")
        yield f"范围:不属社会保险费征缴争议({reason.name if reason else told['out_reason']})"
    elif told["category"]:
        info = rules.policy.categories[told["category"]]
        yield f"类别:{info.number} {info.name}({info.id}),置信度 {told['confidence']:.0%},依据 {info.clause}"
    else:
        yield "类别:没有足够依据"
    yield from _evidence_lines(rules, told)
    if told["lead"]:
        yield from _unit_lines(rules, told)
    if told["review"]:
        yield f"人工把关:{told['review_reason']}"
    yield f"规则版本:{told['rules_hash']}"


def _evidence_lines(rules: CompiledRules, told: dict[str, Any]) -> Iterator[str]:
    for place, candidate in enumerate(told["candidates"]):
        info = rules.policy.categories[candidate["category"]]
        word = "依据" if place == 0 else "落选"
        yield f"{word}:{info.number} {info.name} {candidate['score']:g} 分,占 {candidate['share']:.0%}"
        for line in candidate["evidence"][:8]:
            yield _evidence_line(line)
    if told["scope_evidence"]:
        yield "范围依据:"
        for line in told["scope_evidence"][:8]:
            yield _evidence_line(line)


def _evidence_line(line: dict[str, Any]) -> str:
    matched = f"  “{line['matched']}”" if line["matched"] else ""
    return f"    {line['weight']:+g}  {line['rule']}{matched}"


def _lead_opinion_line(rules: CompiledRules, told: dict[str, Any]) -> str:
    unit = rules.policy.units.get(told["preferred"])
    whom = f"{unit.name}({unit.id})" if unit else "不属本机制"
    same = "与规则一致" if told["agrees"] else "与规则不同"
    return f"主办把握:{told['sureness']:.0%};第二意见倾向{whom},{same}(字词:“{told['matched']}”)"


def _extension_words(rule: dict[str, Any] | None) -> str:
    if rule is None:
        return ""
    often = ",限一次" if rule["once"] else ""
    return f"(可申请延期,最长 {rule['amount']} {_DAYS[rule['unit']]}{often})"


def _unit_lines(rules: CompiledRules, told: dict[str, Any]) -> Iterator[str]:
    kinds = "、".join(f"{NAMES[kind][0]}({kind})" for kind in told["insurance"]) or "没有写明"
    meanings = rules.document.rules.flags
    flags = "、".join(f"{meanings[name]}({name})" if name in meanings else name for name in told["flags"])
    yield f"险种:{kinds};所属期:{_PERIODS[told['period']]};标记:{flags or '无'}"
    yield f"程序:{_PROCEDURES[told['procedure']]};路由:{told['route']};依据:{'、'.join(told['clauses'])}"
    for place, contact in enumerate(told["contacts"]):
        role = "主办" if place == 0 else "联办"
        yield f"{role}:{contact['name']}({contact['unit']}),{contact['person']} {contact['phone']}"
    if told["lead_opinion"]:
        yield _lead_opinion_line(rules, told["lead_opinion"])
    for one in told["also_asked"]:
        name = rules.policy.units[one["unit"]].name
        yield f"联办{name}是第二意见加的({one['flag']}):以往同类的事也请它  “{one['matched']}”"
    for trigger in told["complex_triggers"]:
        first = ",派件前先请人看" if trigger["review"] else ""
        yield f"可考虑提请复杂专案:{trigger['text']}({trigger['id']}{first})"
    for date in told["due"]:
        note = "" if date["decided"] else "(县里尚未决定,为建议值)"
        note += "(日历未公布,暂定)" if date["provisional"] else ""
        note += _extension_words(date["extension"])
        yield f"时限:{_CLOCKS[date['kind']]} {date['due']},{date['clause']}{note}"
        for step in date["reminders"]:
            yield f"    {step['at']}  {_STEPS[step['step']]}({step['step']})"
