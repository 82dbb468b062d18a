"""One Aho-Corasick automaton over every word of the rules and every literal a regular expression requires.

Owns: words to numbers, hits in one pass, chains of words with gaps. Must not: weigh anything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain as joined

from ahocorasick_rs import AhoCorasick

from bridge.rules.normalise import Layout
from bridge.rules.patterns import Regex

Span = tuple[int, int]
Found = tuple[int, int, int]
"""A word by its number, where it starts, where it ends."""


class Hits:
    """Where words occurred; the spans of a concept are gathered when somebody asks for them."""

    def __init__(self, found: list[Found], matcher: Matcher) -> None:
        """Take every occurrence of every word."""
        self._found = found
        self._words = {word for word, _, _ in found}
        self._matcher = matcher
        self._gathered: dict[int, list[Span]] = {}

    @cached_property
    def concepts(self) -> frozenset[int]:
        """The concepts one of whose words occurred."""
        return frozenset().union(*map(self._matcher.concepts_of.__getitem__, self._words))

    def protect(self, whole: int) -> None:
        """Leave out what begins or ends in the middle of a hit of concept ``whole``; before any :meth:`get`."""
        words = self._matcher.words_of[whole]
        inside = {place for word, start, end in self._found if word in words for place in range(start + 1, end)}
        if inside:
            self._found = [one for one in self._found if one[1] not in inside and one[2] not in inside]

    def get(self, concept: int) -> list[Span]:
        """The spans of a concept by their starts; empty if it does not occur."""
        found = self._gathered.get(concept)
        if found is None:
            found = self._gathered[concept] = self._gather(concept) if concept in self.concepts else []
        return found

    def _gather(self, concept: int) -> list[Span]:
        words = self._matcher.words_of[concept] & self._spans.keys()
        if len(words) == 1:
            return self._spans[words.pop()]
        return sorted(joined.from_iterable(map(self._spans.__getitem__, words)))

    @cached_property
    def _spans(self) -> dict[int, list[Span]]:
        """The spans of every word; one after another, as a word cannot end before its predecessor ends."""
        spans: dict[int, list[Span]] = {}
        for word, start, end in self._found:
            if word in spans:
                spans[word].append((start, end))
            else:
                spans[word] = [(start, end)]
        return spans


class Matcher:
    """Finds all words of all concepts (a single word, or a group of words) in one pass."""

    def __init__(self) -> None:
        """Start empty; add words, then :meth:`finish`."""
        self._numbers: dict[str, int] = {}
        self._names: dict[frozenset[str], int] = {}
        self._automaton: AhoCorasick | None = None
        self.concepts_of: dict[int, set[int]] = {}
        self.words_of: dict[int, set[int]] = {}

    def concept(self, words: Iterable[str]) -> int:
        """The number of a concept; the same set of words is the same concept."""
        key = frozenset(words)
        number = self._names.setdefault(key, len(self._names))
        if number not in self.words_of:
            numbered = {self._numbers.setdefault(word, len(self._numbers)) for word in sorted(key)}
            self.words_of[number] = numbered
            for word in numbered:
                self.concepts_of.setdefault(word, set()).add(number)
        return number

    def finish(self) -> None:
        """Build the automaton; no word may be added afterwards."""
        self._automaton = AhoCorasick(list(self._numbers)) if self._numbers else None

    def find(self, text: str) -> Hits:
        """Every hit of every word."""
        found = self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton else []
        return Hits(found, self)

    def find_naive(self, text: str) -> Hits:
        """The same by searching every word; the oracle of the tests and the benchmark."""
        found: list[Found] = []
        for word, number in self._numbers.items():
            start = text.find(word)
            while start >= 0:
                found.append((number, start, start + len(word)))
                start = text.find(word, start + 1)
        return Hits(found, self)


@dataclass(frozen=True, slots=True)
class Chain:
    """Concepts that follow one another within a sentence, at most ``gap`` characters apart."""

    first: int
    others: tuple[int, ...]
    gap: int

    def find(self, hits: Hits, layout: Layout) -> list[Span]:
        """Spans from the first word's start to the last word's end; empty if the chain does not occur."""
        spans = hits.get(self.first)
        if not spans or not self.others:
            return spans
        following = [hits.get(concept) for concept in self.others]
        if not all(following):
            return []
        return [(start, last) for start, end in spans if (last := self._follow(start, end, following, layout))]

    def _follow(self, start: int, end: int, following: list[list[Span]], layout: Layout) -> int:
        """Where the chain that starts so ends; 0 if it breaks off."""
        limit = layout.sentence_end(start)
        for spans in following:
            place = bisect_left(spans, (end,))
            if place == len(spans) or spans[place][0] > end + self.gap or spans[place][1] > limit:
                return 0
            end = spans[place][1]
        return end


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression, tried only where its literal (as a concept) occurred."""

    first: int
    regex: Regex
    others: tuple[int, ...] = ()

    def find(self, _hits: Hits, layout: Layout) -> list[Span]:
        """Spans of the whole expression."""
        return [found.span() for found in self.regex.compiled.finditer(layout.text)]
