"""Text to classification: scope, category with evidence, facets, flags, and whether a person must look.

Owns: adding up evidence, confidence, the reasons for a review. Must not: route, or raise for any text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from bridge.core.assessment import Classification, Evidence
from bridge.core.policy import TicketFacts
from bridge.core.triggers import Trigger, fitting, of_ticket
from bridge.core.vocabulary import Insurance, PeriodStage, TicketKind
from bridge.rules.document_evidence import (
    EvidenceRule,
    FlagRule,
    InsuranceRule,
    ScopeRule,
    Scoring,
    SecondOpinionSettings,
)
from bridge.rules.matcher import Matcher
from bridge.rules.normalise import Layout, Normaliser
from bridge.rules.patterns import Regex
from bridge.rules.period import PeriodReader
from bridge.rules.reading import Emphasis, Reading, Triggered, Wakers
from bridge.rules.second_opinion import OUT, Advice, SecondOpinion

MAX_TEXT = 20_000
"""Longer texts are judged by their beginning. Source: contract §3, a ticket's content."""

OPINION_RULE = "second_opinion"
SCOPE_RULE = f"{OPINION_RULE}.scope"
"""How the second opinion signs its evidence on the category and on the scope."""

LIKE = "全文像："
"""It judges the whole text, so that is what it matched; ``rules explain`` names the sequences that spoke loudest."""

GROUP_SIZE = 10
"""From so many people on a matter is a group's. Source: domain A7."""

REFUND = "refund_offset"
"""The date a refund goes by is when the fee was paid (domain 2, reform key)."""

COMPLEX_SUGGESTED = "complex_suggested"
"""A trigger of a complex case wants a person to look first."""


UNBACKED = 1.6
"""So much, at most, the second opinion leaves to the scope where no scope rule speaks for it: a person looks."""

DOUBT = 2.0
"""So much surer the second opinion must be where no scope rule speaks."""

BACKED, ALONE = 0.5, 0.28
"""What a category's evidence adds to the scope: more where something else speaks of social insurance."""


_SECOND = itemgetter(1)


class Judged(NamedTuple):
    """A classification, its margin over the threshold of scope, and what the second opinion said of the text."""

    found: Classification
    margin: float
    advice: Advice | None


@dataclass(frozen=True)
class Classifier:
    """Everything compiled that reading a text takes; immutable. ``categories``: their names by id."""

    normaliser: Normaliser
    ignore: tuple[Regex, ...]
    slips: int
    matcher: Matcher
    emphasis: Emphasis
    wakers: Wakers
    scoring: Scoring
    evidence: Triggered[EvidenceRule]
    scope: Triggered[ScopeRule]
    insurance: Triggered[InsuranceRule]
    flags: Triggered[FlagRule]
    period: PeriodReader
    categories: Mapping[str, str]
    hesitations: tuple[Trigger, ...] = ()
    opinion: SecondOpinion | None = None
    opinion_settings: SecondOpinionSettings | None = None

    def read(self, title: str, content: str) -> Reading:
        """Normalise, drop what is to be ignored, find every word.

        Most texts have no slip and nothing to be ignored, which the words found in them show.
        """
        head, body = self.normaliser.plain(title[:400]), self.normaliser.plain(content[:MAX_TEXT])
        clean = self._ignored_in(head) or self._ignored_in(body)
        if clean:
            head, body = self._clean(head), self._clean(body)
        text = f"{head}\n{body}" if head else body
        hits = self.matcher.find(text)
        if self.slips in hits.concepts and not clean:
            head, body = self._clean(head), self._clean(body)
            text = f"{head}\n{body}" if head else body
            hits = self.matcher.find(text)
        return Reading(Layout(text, len(head) + 1 if head else 0), hits, self.emphasis, self.wakers)

    def _ignored_in(self, plain: str) -> bool:
        suspected = [regex for regex in self.ignore if regex.literal in plain]
        return bool(suspected) and any(regex.occurs(plain) for regex in suspected)

    def _clean(self, plain: str) -> str:
        text = self.normaliser.spelt(plain)
        for regex in self.ignore:
            if regex.literal in text:
                text = str(regex.compiled.sub("。", text))
        return text

    def heard(self, title: str, content: str) -> str:
        """What the second opinion hears of a text; it learns from the same."""
        return _heard(self.read(title, content).layout)

    def classify(self, facts: TicketFacts) -> Judged:
        """Classify one ticket."""
        reading = self._reading(facts)
        scores, hits = self._scores(reading, facts.kind)
        scope, scope_hits, reason = self._scope(reading, scores)
        heard = self._advice(reading)
        advice = heard.categories if heard else {}
        scores = self._advised(scores, hits, advice)
        scope += self._scope_advice(advice, scope_hits)
        margin = scope - self.scoring.scope_threshold
        if facts.kind is TicketKind.PRAISE or margin < 0:
            return Judged(self._out(facts, margin, scope_hits, reason, reading), margin, heard)
        ranked = self._ranked(scores)
        category = ranked[0][0] if ranked else None
        insurance, stage = self._facets(reading, facts, category)
        found = Classification(
            in_scope=True,
            category=category,
            confidence=round(ranked[0][1] if ranked else 0.0, 4),
            second_category=self._second(ranked, scores),
            candidates=tuple((name, round(share, 4)) for name, share in ranked[:3]),
            insurance=insurance,
            period=stage,
            flags=self._flags(reading, facts, category, stage),
            evidence=_weightiest_first(hits + scope_hits),
        )
        return Judged(found, margin, heard)

    def under(self, facts: TicketFacts, category: str) -> Classification:
        """What the text says of a ticket whose category is known: what routing looks at."""
        reading = self._reading(facts)
        insurance, stage = self._facets(reading, facts, category)
        flags = self._flags(reading, facts, category, stage)
        return Classification(in_scope=True, category=category, insurance=insurance, period=stage, flags=flags)

    def _reading(self, facts: TicketFacts) -> Reading:
        """The text of a ticket; a supplement counts as text."""
        return self.read(facts.body.title, "\n".join((facts.body.content, *facts.body.supplements)))

    def _facets(
        self, reading: Reading, facts: TicketFacts, category: str | None
    ) -> tuple[tuple[Insurance, ...], PeriodStage]:
        insurance = facts.body.insurance or self._insurance(reading, category)
        words, lasting = (reading.layout, reading.hits), category != REFUND
        stage = self.period.stage(facts.body.period, words, insurance, facts.received_at, lasting=lasting)
        return tuple(insurance), stage

    def _scores(self, reading: Reading, kind: TicketKind) -> tuple[dict[str, float], list[Evidence]]:
        scores: dict[str, float] = {}
        hits: list[Evidence] = []
        for rule, condition, starts in self.evidence.possible(reading):
            if rule.kinds and kind not in rule.kinds:
                continue
            best = condition.best(reading, starts)
            if best is not None:
                value = rule.weight * best[0]
                scores[rule.category] = scores.get(rule.category, 0.0) + value
                hits.append(Evidence(rule.id, _words(reading, best[1]), rule.category, round(value, 3)))
        return scores, hits

    def _advice(self, reading: Reading) -> Advice | None:
        if self.opinion is None or self.opinion_settings is None:
            return None
        return self.opinion.score(_heard(reading.layout))

    def _advised(self, scores: dict[str, float], hits: list[Evidence], advice: dict[str, float]) -> dict[str, float]:
        """Add the second opinion, then let decisive rules rule out every other category."""
        if self.opinion_settings is not None and advice:
            weight = self.opinion_settings.weight
            known = [(name, advice.get(name, 0.0)) for name in self.categories]
            middle = sum([value for _, value in known]) / len(known)
            scores = scores | {name: scores.get(name, 0.0) + weight * (value - middle) for name, value in known}
            best, value = max(known, key=_SECOND)
            hits.append(Evidence(OPINION_RULE, LIKE + self.categories[best], best, round(weight * (value - middle), 3)))
        decided = {hit.category for hit in hits if hit.rule in self.decisive}
        return {name: score for name, score in scores.items() if name in decided} if decided else scores

    def _scope_advice(self, advice: dict[str, float], hits: list[Evidence]) -> float:
        if not advice or self.opinion_settings is None:
            return 0.0
        best = max([value for name, value in advice.items() if name != OUT])
        value = self.opinion_settings.scope_weight * (best - advice.get(OUT, 0.0) - self.opinion_settings.scope_border)
        if not _any_for(hits):
            against = sum([hit.weight for hit in hits])
            value = min(value - DOUBT, UNBACKED - against)
        hits.append(Evidence(SCOPE_RULE, f"{LIKE}{'属' if value > 0 else '不属'}本机制", None, round(value, 3)))
        return value

    @cached_property
    def decisive(self) -> frozenset[str]:
        """The ids of the rules that settle the category."""
        return frozenset(rule.id for rule, _ in self.evidence.rules if rule.decisive)

    def _scope(self, reading: Reading, scores: dict[str, float]) -> tuple[float, list[Evidence], str | None]:
        total = 0.0
        hits: list[Evidence] = []
        reasons: dict[str, float] = {}
        for rule, condition, starts in self.scope.possible(reading):
            best = condition.best(reading, starts)
            if best is None:
                continue
            value = rule.weight * best[0] * (1 if rule.scope == "in" else -1)
            total += value
            hits.append(Evidence(rule.id, _words(reading, best[1]), None, round(value, 3)))
            if rule.scope == "out" and rule.reason:
                reasons[rule.reason] = reasons.get(rule.reason, 0.0) - value
        total += min(max(scores.values(), default=0.0), 6.0) * (BACKED if _any_for(hits) else ALONE)
        return total, hits, max(reasons, key=lambda name: reasons[name], default=None)

    def _insurance(self, reading: Reading, category: str | None) -> tuple[Insurance, ...]:
        """The kinds a text speaks of, the one spoken of most first; what others are quoted to say does not count."""
        found: dict[Insurance, float] = {}
        for rule, condition, starts in self.insurance.possible(reading):
            if rule.categories and category not in rule.categories:
                continue
            strength = condition.strength(reading, starts)
            for kind in rule.insurance if strength else ():
                found[kind] = found.get(kind, 0.0) + strength
        return tuple(sorted(found, key=lambda kind: -found[kind]))

    def _flags(self, reading: Reading, facts: TicketFacts, category: str | None, stage: PeriodStage) -> tuple[str, ...]:
        found = {
            rule.flag: None
            for rule, condition, starts in self.flags.possible(reading)
            if (not rule.categories or category in rule.categories) and condition.best(reading, starts)
        }
        petitioner = facts.body.petitioner
        if petitioner.confidential or petitioner.anonymous:
            found["confidential"] = None
        if (petitioner.people_count or 0) >= GROUP_SIZE:
            found["group"] = None
        if stage is PeriodStage.UNKNOWN:
            found["period_unknown"] = None
        if category and fitting(self.hesitations, of_ticket(facts.body, category, tuple(found), stage)):
            found[COMPLEX_SUGGESTED] = None
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
        self, facts: TicketFacts, margin: float, hits: list[Evidence], reason: str | None, reading: Reading
    ) -> Classification:
        if facts.kind is TicketKind.PRAISE:
            reason = "praise"
        return Classification(
            in_scope=False,
            confidence=round(1 / (1 + math.exp(margin / self.scoring.temperature)), 4),
            out_reason=reason or "other",
            flags=self._flags(reading, facts, None, PeriodStage.POST),
            evidence=_weightiest_first(hits),
        )


def _heard(layout: Layout) -> str:
    """The title twice, then the text."""
    return layout.text[: layout.title_length] + layout.text


def _words(reading: Reading, span: tuple[int, int]) -> str:
    return reading.layout.text[span[0] : span[1]][:40]


def _any_for(hits: Iterable[Evidence]) -> bool:
    return any(hit.weight > 0 for hit in hits)


def _weightiest_first(hits: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(sorted(hits, key=lambda one: -abs(one.weight)))
