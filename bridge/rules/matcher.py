"""One Aho-Corasick automaton over every word of the rules and every literal a regular expression requires.

Owns: words to numbers, hits in one pass, chains of words with gaps. Must not: weigh anything.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain as joined

from ahocorasick_rs import AhoCorasick

from bridge.rules.normalise import Layout
from bridge.rules.patterns import Regex

Span = tuple[int, int]
Found = tuple[int, int, int]
"""A word by its number, where it starts, where it ends."""


class Hits:
    """Where the words of every concept occurred."""

    __slots__ = ("_places", "concepts")

    def __init__(
        self, found: Collection[Found], concepts_of: Mapping[int, tuple[int, ...]], whole: frozenset[int]
    ) -> None:
        """Sort every occurrence of every word by concepts; none may begin or end in the middle of a ``whole`` word."""
        inside = {place for word, start, end in found if word in whole for place in range(start + 1, end)}
        spans: defaultdict[int, list[Span]] = defaultdict(list)
        for word, start, end in found:
            places = spans[word]
            if not inside or (start not in inside and end not in inside):
                places.append((start, end))
        self._places: dict[int, list[list[Span]]] = {}
        for word, places in spans.items():
            for concept in concepts_of[word]:
                if concept in self._places:
                    self._places[concept].append(places)
                else:
                    self._places[concept] = [places]
        self.concepts = frozenset(self._places)
        """The concepts one of whose words occurred."""

    def get(self, concept: int) -> list[Span]:
        """The spans of a concept by their starts; empty if it does not occur."""
        places = self._places.get(concept)
        if places is None:
            return []
        if len(places) > 1:
            places[:] = [sorted(joined.from_iterable(places))]
        return places[0]


class Matcher:
    """Finds all words of all concepts (a single word, or a group of words) in one pass."""

    def __init__(self) -> None:
        """Start empty; add words, then :meth:`finish`."""
        self._numbers: dict[str, int] = {}
        self._names: dict[frozenset[str], int] = {}
        self._automaton: AhoCorasick | None = None
        self._concepts_of: dict[int, tuple[int, ...]] = {}
        self._whole: frozenset[int] = frozenset()

    def concept(self, words: Iterable[str]) -> int:
        """The number of a concept; the same set of words is the same concept."""
        key = frozenset(words)
        if key not in self._names:
            number = self._names[key] = len(self._names)
            for word in sorted(key):
                numbered = self._numbers.setdefault(word, len(self._numbers))
                self._concepts_of[numbered] = (*self._concepts_of.get(numbered, ()), number)
        return self._names[key]

    def protect(self, words: Iterable[str]) -> None:
        """Of these words no other hit may begin or end in the middle."""
        self.concept(words)
        self._whole = frozenset(map(self._numbers.__getitem__, words))

    def finish(self) -> None:
        """Build the automaton; no word may be added afterwards."""
        self._automaton = AhoCorasick(list(self._numbers)) if self._numbers else None

    def find(self, text: str) -> Hits:
        """Every hit of every word."""
        found = self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton else []
        return Hits(found, self._concepts_of, self._whole)

    def find_naive(self, text: str) -> Hits:
        """The same by searching every word; the oracle of the tests and the benchmark."""
        found: list[Found] = []
        for word, number in self._numbers.items():
            start = text.find(word)
            while start >= 0:
                found.append((number, start, start + len(word)))
                start = text.find(word, start + 1)
        return Hits(found, self._concepts_of, self._whole)


@dataclass(frozen=True, slots=True)
class Chain:
    """Concepts that follow one another within a sentence, at most ``gap`` characters apart."""

    first: int
    others: tuple[int, ...]
    gap: int

    def find(self, hits: Hits, layout: Layout) -> list[Span]:
        """Spans from the first word's start to the last word's end; empty if the chain does not occur."""
        spans = hits.get(self.first)
        for concept in self.others:
            if spans:
                spans = self._followed(spans, hits.get(concept), layout)
        return spans

    def _followed(self, spans: list[Span], following: list[Span], layout: Layout) -> list[Span]:
        """The spans behind which the next word comes near enough, up to that word's end."""
        longer = []
        count, ends = len(following), layout.ends
        for start, end in spans:
            place = bisect_left(following, (end,))
            if place < count and following[place][0] <= end + self.gap:
                last = following[place][1]
                sentence = bisect_right(ends, start)
                if sentence == len(ends) or last <= ends[sentence]:
                    longer.append((start, last))
        return longer


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression, tried only where its literal (as a concept) occurred."""

    first: int
    regex: Regex
    others: tuple[int, ...] = ()

    def find(self, _hits: Hits, layout: Layout) -> list[Span]:
        """Spans of the whole expression."""
        if not self.regex.occurs(layout.text):
            return []
        return [found.span() for found in self.regex.compiled.finditer(layout.text)]
