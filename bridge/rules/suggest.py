"""What corrections teach: which rules misfire, on what, and which words part the confused categories.

Owns: comparing decisions with corrected labels, proposing evidence rules with their measured effect.
Must not: edit a rules file; a person does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridge.core.policy import TicketFacts
from bridge.rules.compile import CompiledRules, compile_rules
from bridge.rules.document import RulesDocument
from bridge.rules.document_evidence import EvidenceRule

MIN_TEXTS = 2
PROPOSED_WORDS = 6
PROPOSED_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Correction:
    """A ticket and the category a person gave it."""

    id: str
    facts: TicketFacts
    category: str


@dataclass(frozen=True, slots=True)
class Misfire:
    """A rule that spoke for the wrong category, how often, and in how many right decisions it spoke."""

    rule: str
    wrong: int
    right: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Words that part ``category`` from ``mistaken``, and right decisions before and after adding them."""

    category: str
    mistaken: str
    words: tuple[str, ...]
    before: int
    after: int
    total: int

    def yaml(self) -> str:
        """The rule to paste under ``rules.evidence``."""
        words = ", ".join(self.words)
        head = f"- {{id: proposed.{self.category}, category: {self.category}, weight: {PROPOSED_WEIGHT:g}, "
        return f"    {head}any: [{words}]}}  # 原判为 {self.mistaken};对 {self.before} → {self.after}(共 {self.total})"


def misfires(rules: CompiledRules, corrections: Sequence[Correction]) -> list[Misfire]:
    """Rules by how often they spoke for a wrong category that won."""
    wrong: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in corrections:
        found = rules.assess(one.facts).classification
        for evidence in found.evidence:
            if evidence.category == found.category and evidence.category is not None:
                (right if found.category == one.category else wrong)[evidence.rule] += 1
    return [Misfire(rule, count, right[rule]) for rule, count in wrong.most_common()]


def propose(rules: CompiledRules, corrections: Sequence[Correction]) -> list[Proposal]:
    """One proposal per pair of confused categories, kept only if it puts more decisions right than wrong."""
    decided = [(one, rules.assess(one.facts).classification.category or "-") for one in corrections]
    before = sum(found == one.category for one, found in decided)
    pairs = Counter((one.category, found) for one, found in decided if found != one.category)
    proposals = []
    for (category, mistaken), _ in pairs.most_common():
        words = _telling_words(rules, corrections, category)
        if words:
            after = _right_with(rules, corrections, category, words)
            if after > before:
                proposals.append(Proposal(category, mistaken, words, before, after, len(corrections)))
    return proposals


def _telling_words(rules: CompiledRules, corrections: Sequence[Correction], category: str) -> tuple[str, ...]:
    """Sequences of two to four characters that stand in this category's texts and hardly in others."""
    inside = [_sequences(rules, one.facts) for one in corrections if one.category == category]
    outside = [_sequences(rules, one.facts) for one in corrections if one.category != category]
    counts: Counter[str] = Counter(word for found in inside for word in found)
    others: Counter[str] = Counter(word for found in outside for word in found)
    scored = {
        word: count
        * math.log((count + 0.5) / (others[word] + 0.5) * (len(outside) + 1) / (len(inside) + 1))
        * len(word)
        for word, count in counts.items()
        if count >= min(MIN_TEXTS, len(inside)) and others[word] <= count // 4
    }
    chosen: list[str] = []
    for word in sorted(scored, key=lambda item: (-scored[item], item)):
        if len(chosen) < PROPOSED_WORDS and not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return tuple(chosen)


def _sequences(rules: CompiledRules, facts: TicketFacts) -> set[str]:
    text = rules.classifier.read(facts.body.title, facts.body.content).layout.text
    return {
        piece
        for length in (2, 3, 4)
        for piece in (text[start : start + length] for start in range(len(text) - length + 1))
        if piece.isalpha()
    }


def _right_with(rules: CompiledRules, corrections: Iterable[Correction], category: str, words: tuple[str, ...]) -> int:
    rule = EvidenceRule(
        id="proposed", category=category, weight=PROPOSED_WEIGHT, any=list(words), all=[], none=[], regex=[]
    )
    candidate = _with_rule(rules.document, rule)
    changed = compile_rules(candidate, b"proposed")
    return sum(changed.assess(one.facts).classification.category == one.category for one in corrections)


def _with_rule(document: RulesDocument, rule: EvidenceRule) -> RulesDocument:
    section = document.rules.model_copy(update={"evidence": [*document.rules.evidence, rule]})
    return document.model_copy(update={"rules": section})
