"""One Aho-Corasick automaton over every word of the rules and every literal a regular expression requires.

Owns: words to numbers, hits in one pass, chains of words with gaps. Must not: weigh anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ahocorasick

from bridge.rules.normalise import Layout

Span = tuple[int, int]
Hits = dict[int, list[Span]]


class Matcher:
    """Finds all words of all concepts (a single word, or a group of words) in one pass."""

    def __init__(self) -> None:
        """Start empty; add words, then :meth:`finish`."""
        self._concepts_of: dict[str, set[int]] = {}
        self._names: dict[frozenset[str], int] = {}
        self._automaton = ahocorasick.Automaton()

    def concept(self, words: Iterable[str]) -> int:
        """The number of a concept; the same set of words is the same concept."""
        key = frozenset(words)
        number = self._names.setdefault(key, len(self._names))
        for word in key:
            self._concepts_of.setdefault(word, set()).add(number)
        return number

    def finish(self) -> None:
        """Build the automaton; no word may be added afterwards."""
        for word, concepts in self._concepts_of.items():
            self._automaton.add_word(word, (len(word), tuple(sorted(concepts))))
        if self._concepts_of:
            self._automaton.make_automaton()

    def find(self, text: str) -> Hits:
        """Every hit of every concept, in the order of their ends."""
        hits: Hits = {}
        if not self._concepts_of:
            return hits
        for end, (length, concepts) in self._automaton.iter(text):
            span = (end + 1 - length, end + 1)
            for concept in concepts:
                if concept in hits:
                    hits[concept].append(span)
                else:
                    hits[concept] = [span]
        return hits

    def find_naive(self, text: str) -> Hits:
        """The same by searching every word; the oracle of the tests and the benchmark."""
        hits: Hits = {}
        for word, concepts in self._concepts_of.items():
            start = text.find(word)
            while start >= 0:
                for concept in concepts:
                    hits.setdefault(concept, []).append((start, start + len(word)))
                start = text.find(word, start + 1)
        return hits


def without_parts(hits: Hits, whole: int) -> Hits:
    """Drop hits that begin or end in the middle of a whole word (the hits of concept ``whole``)."""
    words = hits.get(whole)
    if not words:
        return hits
    starts, ends = _cover(words)
    kept = {
        concept: [
            span for span in spans if starts.get(span[0], span[0]) == span[0] and ends.get(span[1], span[1]) == span[1]
        ]
        for concept, spans in hits.items()
    }
    return {concept: spans for concept, spans in kept.items() if spans}


def _cover(words: list[Span]) -> tuple[dict[int, int], dict[int, int]]:
    """For positions inside a word: where it starts (by first index), where it ends (by end index)."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for start, end in sorted(words, key=lambda span: span[1] - span[0]):
        for position in range(start + 1, end):
            starts[position] = start
            ends[position] = end
    return starts, ends


@dataclass(frozen=True, slots=True)
class Chain:
    """Concepts that follow one another within a sentence, at most ``gap`` characters apart."""

    concepts: tuple[int, ...]
    gap: int

    def find(self, hits: Hits, layout: Layout) -> list[Span]:
        """Spans from the first word's start to the last word's end; empty if the chain does not occur."""
        first = hits.get(self.concepts[0])
        if first is None:
            return []
        if len(self.concepts) == 1:
            return first
        if any(concept not in hits for concept in self.concepts[1:]):
            return []
        return [span for start, end in first if (span := self._follow(start, end, hits, layout))]

    def _follow(self, start: int, end: int, hits: Hits, layout: Layout) -> Span | None:
        limit = layout.bounds(layout.sentence(start))[1]
        for concept in self.concepts[1:]:
            nearest = min(
                (span for span in hits[concept] if end <= span[0] <= end + self.gap and span[1] <= limit),
                default=None,
            )
            if nearest is None:
                return None
            end = nearest[1]
        return start, end
