"""Text to classification: scope, category with evidence, facets, flags, and whether a person must look.

Owns: adding up evidence, confidence, the reasons for a review. Must not: route, or raise for any text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.model import Classification, Evidence, Insurance, PeriodStage, TicketKind
from bridge.core.policy import TicketFacts
from bridge.rules.document_evidence import EvidenceRule, FlagRule, InsuranceRule, ScopeRule, Scoring
from bridge.rules.matcher import Matcher
from bridge.rules.normalise import Layout, Normaliser
from bridge.rules.patterns import Regex
from bridge.rules.period import PeriodReader
from bridge.rules.reading import CompiledCondition, Emphasis, Reading

MAX_TEXT = 20_000
"""Longer texts are judged by their beginning. Source: contract §3, a ticket's content."""

GROUP_SIZE = 10
"""From so many people on a matter is a group's. Source: domain A7."""

GROUP_SIZE = 10
"""From so many people on a matter is a group's. Source: domain A7."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that fired, with the words and what they count."""

    rule: str
    matched: str
    value: float


@dataclass(frozen=True)
class Classifier:
    """Everything compiled that reading a text takes; immutable."""

    normaliser: Normaliser
    ignore: tuple[Regex, ...]
    matcher: Matcher
    emphasis: Emphasis
    scoring: Scoring
    evidence: tuple[tuple[EvidenceRule, CompiledCondition], ...]
    scope: tuple[tuple[ScopeRule, CompiledCondition], ...]
    insurance: tuple[tuple[InsuranceRule, CompiledCondition], ...]
    flags: tuple[tuple[FlagRule, CompiledCondition], ...]
    period: PeriodReader
    categories: tuple[str, ...]

    def read(self, title: str, content: str) -> Reading:
        """Normalise, drop what is to be ignored, find every word."""
        head = self._clean(title[:400])
        text = f"{head}\n{self._clean(content[:MAX_TEXT])}" if head else self._clean(content[:MAX_TEXT])
        layout = Layout(text, len(head) + 1 if head else 0)
        return Reading(layout, self.matcher.find(text), self.emphasis)

    def _clean(self, text: str) -> str:
        text = self.normaliser.text(text)
        for regex in self.ignore:
            if regex.literal in text:
                text = str(regex.compiled.sub("。", text))
        return text

    def classify(self, facts: TicketFacts) -> tuple[Classification, float]:
        """Classify one ticket (a supplement counts as text), with its margin over the threshold of scope."""
        body = facts.body
        reading = self.read(body.title, "\n".join((body.content, *body.supplements)))
        scores, hits = self._scores(reading, facts.kind)
        scope, scope_hits, reason = self._scope(reading, scores)
        insurance = body.insurance or self._insurance(reading)
        stage = self.period.stage(body.period, (reading.layout, reading.hits), insurance, facts.received_at)
        margin = scope - self.scoring.scope_threshold
        if facts.kind is TicketKind.PRAISE or margin < 0:
            return self._out(facts, margin, scope_hits, reason, reading), margin
        ranked = self._ranked(scores)
        found = Classification(
            in_scope=True,
            category=ranked[0][0] if ranked else None,
            confidence=round(ranked[0][1] if ranked else 0.0, 4),
            second_category=self._second(ranked, scores),
            candidates=tuple((name, round(share, 4)) for name, share in ranked[:3]),
            insurance=tuple(insurance),
            period=stage,
            flags=self._flags(reading, facts, ranked[0][0] if ranked else None, stage),
            evidence=_evidence(hits, scope_hits),
        )
        return found, margin

    def _scores(self, reading: Reading, kind: TicketKind) -> tuple[dict[str, float], list[tuple[str, Hit]]]:
        scores: dict[str, float] = {}
        hits: list[tuple[str, Hit]] = []
        for rule, condition in self.evidence:
            if condition.triggers.isdisjoint(reading.hits) or (rule.kinds and kind not in rule.kinds):
                continue
            best = condition.best(reading)
            if best is not None:
                value = rule.weight * best[0]
                scores[rule.category] = scores.get(rule.category, 0.0) + value
                hits.append((rule.category, Hit(rule.id, _words(reading, best[1]), value)))
        return scores, hits

    def _scope(self, reading: Reading, scores: dict[str, float]) -> tuple[float, list[tuple[str, Hit]], str | None]:
        total = min(max(scores.values(), default=0.0), 6.0) / 2
        hits: list[tuple[str, Hit]] = []
        reasons: dict[str, float] = {}
        for rule, condition in self.scope:
            if condition.triggers.isdisjoint(reading.hits):
                continue
            best = condition.best(reading)
            if best is None:
                continue
            value = rule.weight * best[0] * (1 if rule.scope == "in" else -1)
            total += value
            hits.append((rule.scope, Hit(rule.id, _words(reading, best[1]), value)))
            if rule.scope == "out" and rule.reason:
                reasons[rule.reason] = reasons.get(rule.reason, 0.0) - value
        return total, hits, max(reasons, key=lambda name: reasons[name], default=None)

    def _insurance(self, reading: Reading) -> tuple[Insurance, ...]:
        found: dict[Insurance, None] = {}
        for rule, condition in self.insurance:
            if not condition.triggers.isdisjoint(reading.hits) and condition.best(reading):
                found.update(dict.fromkeys(rule.insurance))
        return tuple(kind for kind in Insurance if kind in found)

    def _flags(self, reading: Reading, facts: TicketFacts, category: str | None, stage: PeriodStage) -> tuple[str, ...]:
        found = {
            rule.flag: None
            for rule, condition in self.flags
            if not condition.triggers.isdisjoint(reading.hits)
            and (not rule.categories or category in rule.categories)
            and condition.best(reading)
        }
        petitioner = facts.body.petitioner
        if petitioner.confidential or petitioner.anonymous:
            found["confidential"] = None
        if (petitioner.people_count or 0) >= GROUP_SIZE:
            found["group"] = None
        if stage is PeriodStage.UNKNOWN:
            found["period_unknown"] = None
        return tuple(sorted(found))

    def _ranked(self, scores: dict[str, float]) -> list[tuple[str, float]]:
        positive = {name: score for name, score in scores.items() if score > 0}
        if not positive:
            return []
        top = max(positive.values())
        exponents = {name: math.exp((score - top) / self.scoring.temperature) for name, score in positive.items()}
        total = sum(exponents.values()) + math.exp(-top / self.scoring.temperature)
        return sorted(((name, value / total) for name, value in exponents.items()), key=lambda item: -item[1])

    def _second(self, ranked: list[tuple[str, float]], scores: dict[str, float]) -> str | None:
        if len(ranked) == 1 or not ranked or scores[ranked[1][0]] < self.scoring.second_ratio * scores[ranked[0][0]]:
            return None
        return ranked[1][0]

    def _out(
        self, facts: TicketFacts, margin: float, hits: list[tuple[str, Hit]], reason: str | None, reading: Reading
    ) -> Classification:
        if facts.kind is TicketKind.PRAISE:
            reason = "praise"
        return Classification(
            in_scope=False,
            confidence=round(1 / (1 + math.exp(margin / self.scoring.temperature)), 4),
            out_reason=reason or "other",
            flags=tuple(flag for flag in self._flags(reading, facts, None, PeriodStage.POST)),
            evidence=_evidence([], hits),
        )


def _words(reading: Reading, span: tuple[int, int]) -> str:
    return reading.layout.text[span[0] : span[1]][:40]


def _evidence(hits: Iterable[tuple[str, Hit]], scope: Iterable[tuple[str, Hit]]) -> tuple[Evidence, ...]:
    by_category = [Evidence(hit.rule, hit.matched, category, round(hit.value, 3)) for category, hit in hits]
    by_scope = [Evidence(hit.rule, hit.matched, None, round(hit.value, 3)) for _, hit in scope]
    return tuple(sorted((*by_category, *by_scope), key=lambda one: -abs(one.weight)))
