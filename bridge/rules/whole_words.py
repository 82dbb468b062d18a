"""Telling whole words from pieces of words, without a dictionary: a word's characters hold together better than its edges.

Owns: how strongly two neighbouring characters hold together in a body of texts. Must not: judge what a word means.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

_BOUND = frozenset(
    "的了着过是在和与及或也都就还又被把我你他她它们这那哪个些吗呢吧啊呀之其而但因所以为于从对向让给到"
    "一二三四五六七八九十两几年月日号元人"
)
"""Characters that begin or end no word a rule would name."""
_INSIDE = frozenset("的了着我你他她")
_SHARE = 0.6
"""In so many of its places, at least, a word must stand free."""
_NEVER = -math.inf


class WordEdges:
    """Counts of characters and of pairs of neighbours in a body of texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count."""
        self._single: Counter[str] = Counter()
        self._pairs: Counter[str] = Counter()
        for text in texts:
            self._single.update(text)
            self._pairs.update(text[at : at + 2] for at in range(len(text) - 1))
        self._total = self._single.total()

    def is_word(self, piece: str, texts: Sequence[str]) -> bool:
        """Tell whether a piece of these texts stands in them as a word, and not as a part of one or of two."""
        if piece[0] in _BOUND or piece[-1] in _BOUND or not _INSIDE.isdisjoint(piece):
            return False
        inner = min(self._hold(first, second) for first, second in pairwise(piece))
        free = [self._edge(text, at, len(piece)) < inner for text in texts for at in _places(text, piece)]
        return sum(free) >= _SHARE * len(free)

    def _edge(self, text: str, at: int, length: int) -> float:
        before = self._hold(text[at - 1], text[at]) if at else _NEVER
        end = at + length
        return max(before, self._hold(text[end - 1], text[end]) if end < len(text) else _NEVER)

    def _hold(self, first: str, second: str) -> float:
        """How much more often two characters are neighbours than chance would have it (pointwise mutual information)."""
        if not (is_han(first) and is_han(second)):
            return _NEVER
        together = (self._pairs[first + second] + 0.01) * self._total
        return math.log(together / ((self._single[first] + 1) * (self._single[second] + 1)))


def is_han(char: str) -> bool:
    """Tell whether a character is Chinese."""
    return "一" <= char <= "鿿"


def _places(text: str, piece: str) -> Iterable[int]:
    at = text.find(piece)
    while at >= 0:
        yield at
        at = text.find(piece, at + 1)
