"""What corrections teach: which rules and routes misfire, on what, and which words part the confused categories.

Owns: comparing decisions with what people made of them, proposing rules with their measured effect.
Must not: edit a rules file; a person does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bridge.core.assessment import Assessment
from bridge.core.verdict import OUT
from bridge.rules.backtest import Sample, label_of
from bridge.rules.compile import CompiledRules, compile_rules
from bridge.rules.document import RulesDocument
from bridge.rules.document_evidence import EvidenceRule, ScopeRule
from bridge.rules.whole_words import WordEdges, is_han

MIN_TEXTS = 2
"""A word counts as telling from so many misjudged tickets on; one ticket's words are its petitioner's own."""
PROPOSED_WORDS = 6
LENGTHS = range(2, 7)
LOUDEST = 4
"""A longer word says no more than one of so many characters."""
WEIGHTS = (3.0, 5.0, 8.0, 12.0)
"""The weights tried for a proposed rule; the least that does most is proposed."""
SCOPE_WEIGHT = 3.0
NAMED = 5
"""So many tickets are named, at most, for one finding."""

UNSURE = "-"
"""Stands for the category where the rules could not say."""


@dataclass(frozen=True, slots=True)
class Misfire:
    """A rule that spoke for a wrong category that won: how often, on which tickets, and how often it was right."""

    rule: str
    wrong: int
    right: int
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteMisfire:
    """A route whose lead people replaced although they left the category alone."""

    route: str
    lead: str
    wanted: str
    count: int
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Words that part ``category`` from ``mistaken``, and right decisions before and after adding them."""

    category: str
    mistaken: str
    words: tuple[str, ...]
    weight: float
    before: int
    after: int
    total: int

    @property
    def name(self) -> str:
        """The id of the proposed rules."""
        return f"proposed.{self.category}.{'unsure' if self.mistaken == UNSURE else self.mistaken}"

    def yaml(self) -> str:
        """The rules to paste, under the sections named, with their measured effect."""
        words = ", ".join(self.words)
        effect = f"# 原判为 {self.mistaken};判对 {self.before} → {self.after}(共 {self.total})"
        scope = f"    - {{id: {self.name}.scope, scope: %s, weight: {SCOPE_WEIGHT:g}, any: [{words}]}}"
        if self.category == OUT:
            return f"  scope:  {effect}\n{scope % 'out'}"
        head = f"    - {{id: {self.name}, category: {self.category}, weight: {self.weight:g}, any: [{words}]}}"
        return f"  evidence:  {effect}\n{head}" + (f"\n  scope:\n{scope % 'in'}" if self.mistaken == OUT else "")


@dataclass(frozen=True)
class Lessons:
    """Everything that follows from samples people have judged."""

    rules: CompiledRules
    samples: Sequence[Sample]

    @cached_property
    def judged(self) -> list[tuple[Sample, Assessment]]:
        """The samples on which somebody decided, with what the rules say of them today."""
        said = [one for one in self.samples if one.verdict.category is not None or one.verdict.lead is not None]
        return [(one, self.rules.assess(one.facts)) for one in said]

    @cached_property
    def labelled(self) -> list[tuple[Sample, Assessment]]:
        """Those of which the category is known."""
        return [(one, made) for one, made in self.judged if one.verdict.category is not None]

    def misfires(self) -> list[Misfire]:
        """Rules by how often they spoke for a wrong category that won."""
        wrong: dict[str, list[str]] = {}
        right: Counter[str] = Counter()
        for sample, made in self.labelled:
            hit = label_of(made) == sample.verdict.category
            for rule in _speakers(made):
                if hit:
                    right[rule] += 1
                else:
                    wrong.setdefault(rule, []).append(str(sample.id))
        found = [Misfire(rule, len(ids), right[rule], tuple(ids[:NAMED])) for rule, ids in wrong.items()]
        return sorted(found, key=lambda one: (-one.wrong, one.right, one.rule))

    def routes(self) -> list[RouteMisfire]:
        """Routes by how often people chose another lead for the category the rules had found."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for sample, made in self.judged:
            wanted, lead = sample.verdict.lead, made.route.lead
            if wanted and lead and wanted != lead and sample.verdict.category in (None, label_of(made)):
                found.setdefault((made.route.route_id, lead, wanted), []).append(str(sample.id))
        rows = [RouteMisfire(*key, len(ids), tuple(ids[:NAMED])) for key, ids in found.items()]
        return sorted(rows, key=lambda one: (-one.count, one.route))

    def proposals(self) -> list[Proposal]:
        """One proposal per pair of confused categories, kept only if it puts more decisions right than wrong."""
        pairs = Counter(
            (sample.verdict.category or UNSURE, label_of(made) or UNSURE)
            for sample, made in self.labelled
            if label_of(made) != sample.verdict.category
        )
        found = [self._proposal(*pair) for pair, count in pairs.most_common() if count >= MIN_TEXTS]
        return [one for one in found if one is not None and one.after > one.before]

    def _proposal(self, category: str, mistaken: str) -> Proposal | None:
        words = self._telling(category, mistaken)
        if not words:
            return None
        before = sum(label_of(made) == sample.verdict.category for sample, made in self.labelled)
        tried = [Proposal(category, mistaken, words, weight, before, before, len(self.labelled)) for weight in WEIGHTS]
        measured = [replace(one, after=before + self._gain(one)) for one in tried]
        return max(measured, key=lambda one: one.after)

    def _gain(self, proposal: Proposal) -> int:
        """Decisions put right less those put wrong; only texts with one of the words can change."""
        candidate = compile_rules(_with(self.rules.document, proposal), proposal.name.encode())
        gain = 0
        for sample, made in self.labelled:
            if any(word in self._text(sample) for word in proposal.words):
                label = sample.verdict.category
                gain += (label_of(candidate.assess(sample.facts)) == label) - (label_of(made) == label)
        return gain

    def _telling(self, category: str, mistaken: str) -> tuple[str, ...]:
        """Words of the misjudged tickets that hardly stand in other categories' tickets or in the rules' own cases."""
        inside, outside = [], [text for text, label in self._cases if label != category]
        for sample, made in self.labelled:
            if sample.verdict.category != category:
                outside.append(self._text(sample))
            elif (label_of(made) or UNSURE) == mistaken:
                inside.append(self._text(sample))
        return _chosen(inside, outside, self._edges)

    @cached_property
    def _cases(self) -> list[tuple[str, str | None]]:
        """The texts of the rules' own tests, with the category they expect."""
        read = self.rules.classifier.read
        return [
            (read(case.title, case.text).layout.text, OUT if case.expect.in_scope is False else case.expect.category)
            for case in self.rules.document.tests
        ]

    @cached_property
    def _edges(self) -> WordEdges:
        return WordEdges([*(self._text(sample) for sample, _ in self.judged), *(text for text, _ in self._cases)])

    def _text(self, sample: Sample) -> str:
        body = sample.facts.body
        return self.rules.classifier.read(body.title, body.content).layout.text


def _speakers(made: Assessment) -> set[str]:
    """The rules that spoke for what was decided."""
    found = made.classification
    if found.in_scope:
        return {one.rule for one in found.evidence if one.category == found.category and one.category is not None}
    return {one.rule for one in found.evidence if one.category is None and one.weight < 0}


def _chosen(inside: Sequence[str], outside: Sequence[str], edges: WordEdges) -> tuple[str, ...]:
    counts: Counter[str] = Counter(word for text in inside for word in _sequences(text))
    seen = {word: count for word, count in counts.items() if count >= MIN_TEXTS}
    others: Counter[str] = Counter(word for text in outside for word in _sequences(text) & seen.keys())
    odds = {
        word: count
        * min(len(word), LOUDEST)
        * math.log((count + 0.5) / (others[word] + 0.5) * (len(outside) + 1) / len(inside))
        for word, count in seen.items()
        if others[word] <= count // 4 and edges.is_word(word, inside)
    }
    chosen: list[str] = []
    for word in sorted(odds, key=lambda item: (-odds[item], item)):
        if len(chosen) < PROPOSED_WORDS and not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return tuple(chosen)


def _sequences(text: str) -> set[str]:
    pieces = (text[at : at + length] for length in LENGTHS for at in range(len(text) - length + 1))
    return {piece for piece in pieces if all(map(is_han, piece))}


def _with(document: RulesDocument, proposal: Proposal) -> RulesDocument:
    """The rules with what is proposed."""
    section, words = document.rules, list(proposal.words)
    evidence, scope = [*section.evidence], [*section.scope]
    blank: dict[str, list[str]] = {"all": [], "none": [], "regex": []}
    if proposal.category != OUT:
        rule = {"id": proposal.name, "category": proposal.category, "weight": proposal.weight, "any": words, **blank}
        evidence.append(EvidenceRule.model_validate(rule))
    if OUT in (proposal.category, proposal.mistaken):
        side = "out" if proposal.category == OUT else "in"
        rule = {"id": f"{proposal.name}.scope", "scope": side, "weight": SCOPE_WEIGHT, "any": words, **blank}
        scope.append(ScopeRule.model_validate(rule))
    return document.model_copy(update={"rules": section.model_copy(update={"evidence": evidence, "scope": scope})})
