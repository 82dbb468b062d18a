"""One Aho-Corasick automaton over every word of the rules and every literal a regular expression requires.

Owns: words to numbers, hits in one pass, chains of words with gaps. Must not: weigh anything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import ahocorasick

from bridge.rules.normalise import Layout

Span = tuple[int, int]


class Hits:
    """Where words occurred; the spans of a concept are gathered when somebody asks for them."""

    def __init__(self, ends: dict[int, list[int]], matcher: Matcher) -> None:
        """Take the end positions of every word that occurred."""
        self._ends = ends
        self._matcher = matcher
        self._spans: dict[int, list[Span]] = {}
        self._starts: dict[int, int] = {}
        self._stops: dict[int, int] = {}

    @cached_property
    def concepts(self) -> frozenset[int]:
        """The concepts one of whose words occurred."""
        return frozenset().union(*(self._matcher.concepts_of[word] for word in self._ends))

    def protect(self, whole: int) -> None:
        """From now on leave out spans that begin or end in the middle of a hit of concept ``whole``."""
        for start, end in sorted(self.get(whole), key=lambda span: span[1] - span[0]):
            for position in range(start + 1, end):
                self._starts[position] = start
                self._stops[position] = end
        self._spans.clear()

    def get(self, concept: int) -> list[Span]:
        """The spans of a concept by their starts; empty if it does not occur."""
        found = self._spans.get(concept)
        if found is None:
            found = self._spans[concept] = sorted(self._gather(concept)) if concept in self.concepts else []
        return found

    def _gather(self, concept: int) -> Iterable[Span]:
        starts, stops = self._starts, self._stops
        for word, length in self._matcher.words_of[concept]:
            for end in self._ends.get(word, ()):
                if starts.get(end - length, -1) < 0 and end not in stops:
                    yield end - length, end


class Matcher:
    """Finds all words of all concepts (a single word, or a group of words) in one pass."""

    def __init__(self) -> None:
        """Start empty; add words, then :meth:`finish`."""
        self._numbers: dict[str, int] = {}
        self._names: dict[frozenset[str], int] = {}
        self._automaton = ahocorasick.Automaton()
        self.concepts_of: dict[int, set[int]] = {}
        self.words_of: dict[int, list[tuple[int, int]]] = {}

    def concept(self, words: Iterable[str]) -> int:
        """The number of a concept; the same set of words is the same concept."""
        key = frozenset(words)
        number = self._names.setdefault(key, len(self._names))
        if number not in self.words_of:
            numbered = [(self._numbers.setdefault(word, len(self._numbers)), len(word)) for word in sorted(key)]
            self.words_of[number] = numbered
            for word, _ in numbered:
                self.concepts_of.setdefault(word, set()).add(number)
        return number

    def finish(self) -> None:
        """Build the automaton; no word may be added afterwards."""
        for word, number in self._numbers.items():
            self._automaton.add_word(word, number)
        if self._numbers:
            self._automaton.make_automaton()

    def find(self, text: str) -> Hits:
        """Every hit of every word."""
        ends: dict[int, list[int]] = {}
        if self._numbers:
            for end, word in self._automaton.iter(text):
                if word in ends:
                    ends[word].append(end + 1)
                else:
                    ends[word] = [end + 1]
        return Hits(ends, self)

    def find_naive(self, text: str) -> Hits:
        """The same by searching every word; the oracle of the tests and the benchmark."""
        ends: dict[int, list[int]] = {}
        for word, number in self._numbers.items():
            start = text.find(word)
            while start >= 0:
                ends.setdefault(number, []).append(start + len(word))
                start = text.find(word, start + 1)
        return Hits(ends, self)


@dataclass(frozen=True, slots=True)
class Chain:
    """Concepts that follow one another within a sentence, at most ``gap`` characters apart."""

    concepts: tuple[int, ...]
    gap: int

    def find(self, hits: Hits, layout: Layout) -> list[Span]:
        """Spans from the first word's start to the last word's end; empty if the chain does not occur."""
        if not hits.concepts.issuperset(self.concepts):
            return []
        first = hits.get(self.concepts[0])
        if len(self.concepts) == 1:
            return first
        return [span for start, end in first if (span := self._follow(start, end, hits, layout))]

    def _follow(self, start: int, end: int, hits: Hits, layout: Layout) -> Span | None:
        limit = layout.bounds(layout.sentence(start))[1]
        for concept in self.concepts[1:]:
            spans = hits.get(concept)
            place = bisect_left(spans, (end, 0))
            if place == len(spans) or spans[place][0] > end + self.gap or spans[place][1] > limit:
                return None
            end = spans[place][1]
        return start, end
