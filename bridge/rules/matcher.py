"""One Aho-Corasick automaton over every word of the rules and every literal a regular expression requires.

Owns: words to numbers, hits in one pass, chains of words with gaps. Must not: weigh anything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ahocorasick_rs import AhoCorasick

from bridge.rules.normalise import Layout

Span = tuple[int, int]


class Hits:
    """Where words occurred; the spans of a concept are gathered when somebody asks for them."""

    def __init__(self, ends: dict[int, list[int]], matcher: Matcher) -> None:
        """Take the end positions of every word that occurred."""
        self._ends = ends
        self._matcher = matcher
        self._spans: dict[int, list[Span]] = {}
        self._inside: frozenset[int] = frozenset()

    @cached_property
    def concepts(self) -> frozenset[int]:
        """The concepts one of whose words occurred."""
        return frozenset().union(*map(self._matcher.concepts_of.__getitem__, self._ends))

    def protect(self, whole: int) -> None:
        """From now on leave out spans that begin or end in the middle of a hit of concept ``whole``."""
        self._inside = frozenset(place for start, end in self.get(whole) for place in range(start + 1, end))
        self._spans.clear()

    def get(self, concept: int) -> list[Span]:
        """The spans of a concept by their starts; empty if it does not occur."""
        found = self._spans.get(concept)
        if found is None:
            found = self._spans[concept] = self._gather(concept) if concept in self.concepts else []
        return found

    def _gather(self, concept: int) -> list[Span]:
        inside, ends, lengths = self._inside, self._ends, self._matcher.words_of[concept]
        spans = [(end - lengths[word], end) for word in ends.keys() & lengths.keys() for end in ends[word]]
        if inside:
            spans = [span for span in spans if span[1] not in inside and span[0] not in inside]
        spans.sort()
        return spans


class Matcher:
    """Finds all words of all concepts (a single word, or a group of words) in one pass."""

    def __init__(self) -> None:
        """Start empty; add words, then :meth:`finish`."""
        self._numbers: dict[str, int] = {}
        self._names: dict[frozenset[str], int] = {}
        self._automaton: AhoCorasick | None = None
        self.concepts_of: dict[int, set[int]] = {}
        self.words_of: dict[int, dict[int, int]] = {}
        """Of every concept: its words, each with its length."""

    def concept(self, words: Iterable[str]) -> int:
        """The number of a concept; the same set of words is the same concept."""
        key = frozenset(words)
        number = self._names.setdefault(key, len(self._names))
        if number not in self.words_of:
            numbered = {self._numbers.setdefault(word, len(self._numbers)): len(word) for word in sorted(key)}
            self.words_of[number] = numbered
            for word in numbered:
                self.concepts_of.setdefault(word, set()).add(number)
        return number

    def finish(self) -> None:
        """Build the automaton; no word may be added afterwards."""
        self._automaton = AhoCorasick(list(self._numbers)) if self._numbers else None

    def find(self, text: str) -> Hits:
        """Every hit of every word."""
        ends: dict[int, list[int]] = {}
        if self._automaton is not None:
            for word, _, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
                if word in ends:
                    ends[word].append(end)
                else:
                    ends[word] = [end]
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
