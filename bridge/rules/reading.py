"""One text as the rules see it: normal form, layout, hits, and how much each place counts.

Owns: negation, quotation, title and request weights; evaluating a condition. Must not: decide a category.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from bridge.rules.matcher import Chain, Hits, Span
from bridge.rules.normalise import Layout


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


class Reading:
    """The hits of one text with their places."""

    __slots__ = (
        "_emphasis", "_ends", "_even", "_negated", "_requests", "_title_length", "hits", "layout", "order", "woken",
    )  # fmt: skip

    def __init__(self, layout: Layout, hits: Hits, emphasis: Emphasis, wakers: Wakers) -> None:
        """See what is negated, which sentences ask for something, and which rules may hold."""
        self.layout, self.hits, self._emphasis = layout, hits, emphasis
        self._title_length, self._ends = layout.title_length, layout.ends
        self._negated = self._stretches(hits.get(emphasis.negation))
        self._even = not self._negated and not layout.quotations
        self._requests = {bisect_right(layout.ends, start) for start, _ in hits.get(emphasis.request_words)}
        self.woken = wakers.woken(hits.concepts)
        self.order = sorted(self.woken)

    def _stretches(self, words: list[Span]) -> list[Span]:
        """What follows a negating word, to the end of the clause or of its reach."""
        if not words:
            return words
        spared = {place for span in self.hits.get(self._emphasis.exceptions) for place in span}
        return [
            (end, min(end + self._emphasis.reach, self.layout.clause_end(end)))
            for start, end in words
            if end not in spared and start not in spared
        ]

    def weight(self, span: Span) -> float:
        """0 for a negated hit; more in the title and in a request, less in a quotation."""
        start, end = span
        if start < self._title_length:
            factor = self._emphasis.title
        elif self._requests and bisect_right(self._ends, start) in self._requests:
            factor = self._emphasis.request
        else:
            factor = 1.0
        return factor if self._even else factor * self._bent(start, end)

    def _bent(self, start: int, end: int) -> float:
        """What negations and quotations leave of a hit."""
        for low, high in self._negated:
            if low <= start < high:
                return 0.0
        for low, high in self.layout.quotations:
            if low <= start and end <= high:
                return self._emphasis.quote
        return 1.0


def _is_sooner(one: Span, other: Span) -> bool:
    """Whether a place begins before another, or there and is longer."""
    return one[0] < other[0] or (one[0] == other[0] and one[1] > other[1])


class Start(Protocol):
    """Where a condition may hold: found by a chain of words, or by an expression once its literal occurred."""

    @property
    def first(self) -> int:
        """The concept without which there is nothing to look for."""

    @property
    def others(self) -> tuple[int, ...]:
        """The other concepts it needs."""

    def find(self, hits: Hits, layout: Layout) -> list[Span]:
        """Every place."""


@dataclass(frozen=True)
class CompiledCondition:
    """A condition of the document, ready to run: a place found by a start, beside all and without none."""

    starts: tuple[Start, ...]
    all: tuple[Chain, ...]
    none: tuple[Chain, ...]
    within: Literal["sentence", "text"]
    where: Literal["anywhere", "title", "body"]

    def best(self, reading: Reading, starts: Sequence[Start]) -> tuple[float, Span] | None:
        """The weightiest place where the condition holds; None if it holds nowhere (negated hits do not count)."""
        top, best = 0.0, None
        for span in self._spans(reading, starts):
            weight = reading.weight(span)
            if weight > top or (best is not None and weight == top and _is_sooner(span, best)):
                top, best = weight, span
        return (top, best) if best else None

    def strength(self, reading: Reading, starts: Sequence[Start]) -> float:
        """The summed weight of all places, quotations left out; 0 if the condition holds nowhere."""
        weights = [reading.weight(span) for span in self._spans(reading, starts)]
        return sum(weight for weight in weights if weight >= 1)

    @property
    def needed(self) -> frozenset[int]:
        """The concepts without which the condition cannot hold, wherever it starts."""
        return frozenset(concept for chain in self.all for concept in (chain.first, *chain.others))

    def _spans(self, reading: Reading, starts: Sequence[Start]) -> list[Span]:
        hits, layout = reading.hits, reading.layout
        spans = starts[0].find(hits, layout)
        for start in starts[1:]:
            spans = spans + start.find(hits, layout)
        if self.where != "anywhere":
            spans = [span for span in spans if self._placed(span, reading)]
        if spans and self.all:
            spans = self._with(spans, reading)
        if spans and self.none:
            spans = self._without(spans, reading)
        return spans

    def _placed(self, span: Span, reading: Reading) -> bool:
        return (span[0] < reading.layout.title_length) == (self.where == "title")

    def _with(self, spans: list[Span], reading: Reading) -> list[Span]:
        for chain in self.all:
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


class Wakers:
    """What may start a condition, by the word it starts with; conditions have numbers."""

    def __init__(self) -> None:
        """Start empty."""
        self._alone: dict[int, list[tuple[int, Start]]] = {}
        """What a word starts on its own, by its concept."""
        self._together: dict[int, dict[int, list[tuple[tuple[int, ...], int, Start]]]] = {}
        """What takes another concept (and perhaps some more) as well, by the first and by that one."""
        self._count = 0

    def add(self, condition: CompiledCondition) -> int:
        """Take up a condition; return its number, one more than its predecessor's."""
        for start in condition.starts:
            needed = sorted({*start.others, *condition.needed} - {start.first})
            if not needed:
                self._alone.setdefault(start.first, []).append((self._count, start))
                continue
            second, *more = needed
            beside = self._together.setdefault(start.first, {})
            beside.setdefault(second, []).append((tuple(more), self._count, start))
        self._count += 1
        return self._count - 1

    def woken(self, present: frozenset[int]) -> dict[int, list[Start]]:
        """The conditions that words which occurred can fulfil, each with what may start it."""
        woken: defaultdict[int, list[Start]] = defaultdict(list)
        for concept in self._alone.keys() & present:
            for number, start in self._alone[concept]:
                woken[number].append(start)
        for concept in self._together.keys() & present:
            beside = self._together[concept]
            for second in present.intersection(beside):
                for more, number, start in beside[second]:
                    if not more or present.issuperset(more):
                        woken[number].append(start)
        return woken


R = TypeVar("R")


class Triggered(Generic[R]):
    """Rules with their conditions, of which only those are tried that one of the text's words can fulfil."""

    def __init__(self, rules: Iterable[tuple[R, CompiledCondition]], wakers: Wakers) -> None:
        """Take the rules in the order of the document."""
        self.rules = tuple(rules)
        self._numbered = {wakers.add(condition): (rule, condition) for rule, condition in self.rules}
        self._first = min(self._numbered, default=0)

    def possible(self, reading: Reading) -> list[tuple[R, CompiledCondition, list[Start]]]:
        """The rules that may hold for a text, in the order of the document, and what may start them."""
        woken, order = reading.woken, reading.order
        low = bisect_left(order, self._first)
        high = bisect_left(order, self._first + len(self._numbered), low)
        return [(*self._numbered[number], woken[number]) for number in order[low:high]]
