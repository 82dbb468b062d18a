"""One text as the rules see it: normal form, layout, hits, and how much each place counts.

Owns: negation, quotation, title and request weights; evaluating a condition. Must not: decide a category.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain as joined
from typing import Generic, Literal, TypeVar

from bridge.rules.matcher import Chain, Hits, Span
from bridge.rules.normalise import Layout
from bridge.rules.patterns import Regex


@dataclass(frozen=True, slots=True)
class Emphasis:
    """How much a hit counts by its place; from ``rules.scoring`` and ``rules.negation``."""

    title: float
    request: float
    quote: float
    negation: int
    exceptions: int
    request_words: int
    reach: int


@dataclass
class Reading:
    """The hits of one text with their places."""

    layout: Layout
    hits: Hits
    emphasis: Emphasis

    @cached_property
    def negated(self) -> tuple[Span, ...]:
        """Stretches after a negating word, to the end of the clause or of its reach."""
        words = self.hits.get(self.emphasis.negation)
        if not words:
            return ()
        spared = {end for _, end in self.hits.get(self.emphasis.exceptions)}
        spared |= {start for start, _ in self.hits.get(self.emphasis.exceptions)}
        return tuple(
            (end, min(end + self.emphasis.reach, self.layout.clause_end(end)))
            for start, end in words
            if end not in spared and start not in spared
        )

    @cached_property
    def requests(self) -> frozenset[int]:
        """The sentences that ask for something."""
        return frozenset(self.layout.sentence(start) for start, _ in self.hits.get(self.emphasis.request_words))

    def weight(self, span: Span) -> float:
        """0 for a negated hit; more in the title and in a request, less in a quotation."""
        start, end = span
        if any(low <= start < high for low, high in self.negated):
            return 0.0
        factor = 1.0
        if start < self.layout.title_length:
            factor *= self.emphasis.title
        elif self.layout.sentence(start) in self.requests:
            factor *= self.emphasis.request
        if any(low <= start and end <= high for low, high in self.layout.quotations):
            factor *= self.emphasis.quote
        return factor


@dataclass(frozen=True)
class CompiledCondition:
    """A condition of the document, ready to run; ``triggers`` are the concepts one of which must occur."""

    any: tuple[Chain, ...]
    all: tuple[Chain, ...]
    none: tuple[Chain, ...]
    regexes: tuple[tuple[int, Regex], ...]
    within: Literal["sentence", "text"]
    where: Literal["anywhere", "title", "body"]
    triggers: frozenset[int]

    def best(self, reading: Reading) -> tuple[float, Span] | None:
        """The weightiest place where the condition holds; None if it holds nowhere (negated hits do not count)."""
        found = [(reading.weight(span), span) for span in self._spans(reading)]
        best = max(found, default=None, key=lambda item: (item[0], -item[1][0], item[1][1]))
        return best if best and best[0] > 0 else None

    def strength(self, reading: Reading) -> float:
        """The summed weight of all places, quotations left out; 0 if the condition holds nowhere."""
        weights = [reading.weight(span) for span in self._spans(reading)]
        return sum(weight for weight in weights if weight >= 1)

    def _spans(self, reading: Reading) -> list[Span]:
        spans = [span for span in self._starting(reading) if self._placed(span, reading)]
        if spans and self.all:
            spans = self._with(spans, self._others, reading)
        if spans and self.none:
            spans = self._without(spans, reading)
        return spans

    @property
    def _others(self) -> tuple[Chain, ...]:
        return self.all if self.any or self.regexes else self.all[1:]

    @cached_property
    def _openings(self) -> dict[int, tuple[Chain, ...]]:
        """The chains a place may start with, by their first concept."""
        chains = self.any or (self.all[:1] if not self.regexes else ())
        firsts = dict.fromkeys(chain.concepts[0] for chain in chains)
        return {first: tuple(chain for chain in chains if chain.concepts[0] == first) for first in firsts}

    @cached_property
    def _needed(self) -> frozenset[int]:
        """The concepts without which the condition cannot hold."""
        return frozenset(concept for chain in self.all for concept in chain.concepts)

    def _starting(self, reading: Reading) -> list[Span]:
        spans: list[Span] = []
        present = reading.hits.concepts
        if not present >= self._needed:
            return spans
        for first in self._openings.keys() & present:
            for chain in self._openings[first]:
                if present.issuperset(chain.concepts):
                    spans += chain.find(reading.hits, reading.layout)
        for literal, regex in self.regexes:
            if literal in present:
                spans += [match.span() for match in regex.compiled.finditer(reading.layout.text)]
        return spans

    def _placed(self, span: Span, reading: Reading) -> bool:
        if self.where == "anywhere":
            return True
        return (span[0] < reading.layout.title_length) == (self.where == "title")

    def _with(self, spans: list[Span], chains: tuple[Chain, ...], reading: Reading) -> list[Span]:
        for chain in chains:
            other = [span for span in chain.find(reading.hits, reading.layout) if reading.weight(span) > 0]
            if self.within == "text":
                spans = spans if other else []
            else:
                sentences = {reading.layout.sentence(start) for start, _ in other}
                spans = [span for span in spans if reading.layout.sentence(span[0]) in sentences]
        return spans

    def _without(self, spans: list[Span], reading: Reading) -> list[Span]:
        for chain in self.none:
            other = chain.find(reading.hits, reading.layout)
            if not other:
                continue
            if self.within == "text":
                return []
            sentences = {reading.layout.sentence(start) for start, _ in other}
            spans = [span for span in spans if reading.layout.sentence(span[0]) not in sentences]
        return spans


R = TypeVar("R")


class Triggered(Generic[R]):
    """Rules with their conditions, of which only those are tried that one of the text's words can fulfil."""

    def __init__(self, rules: Iterable[tuple[R, CompiledCondition]]) -> None:
        """Take the rules in the order of the document."""
        self.rules = tuple(rules)
        self._by_concept: dict[int, list[int]] = {}
        for place, (_, condition) in enumerate(self.rules):
            for concept in condition.triggers:
                self._by_concept.setdefault(concept, []).append(place)

    def possible(self, reading: Reading) -> list[tuple[R, CompiledCondition]]:
        """The rules that may hold for a text, in the order of the document."""
        woken = map(self._by_concept.__getitem__, self._by_concept.keys() & reading.hits.concepts)
        return [self.rules[place] for place in sorted(set(joined.from_iterable(woken)))]
