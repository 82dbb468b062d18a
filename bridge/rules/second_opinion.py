"""A small linear model over short character sequences, learnt from labelled examples: the second opinion.

Owns: scoring a text, naming the sequences that spoke. Must not: learn (``learn`` does), or decide: its say is
bounded by ``rules.second_opinion``, and a rule marked ``decisive`` is never overruled.

The weights of all classes of one sequence are packed into one integer, so that adding up a text is one
addition per sequence.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

OUT = "out"
"""The class of texts that are not about contributions."""

SHIPPED = "second_opinion.json"

_BITS = 44
_SCALE = 10_000
_BIAS = 1 << 20
ONCE = 16
"""How a sequence that stands once is counted; more often counts by the logarithm."""

_TIMES = tuple(round(ONCE * (1 + math.log(count))) for count in [1, *range(1, 65)])
_MASK = (1 << _BITS) - 1
_ROW = itemgetter(0)


def grams_of(text: str) -> Counter[str]:
    """Every character and pair of characters of a text in normal form, with its count."""
    found: Counter[str] = Counter(text)
    found.update([text[place : place + 2] for place in range(len(text) - 1)])
    return found


@dataclass(frozen=True)
class SecondOpinion:
    """Weights per sequence: inverse document frequency first, then one weight per class."""

    classes: tuple[str, ...]
    intercepts: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    learnt_from: str = ""

    @cached_property
    def _finder(self) -> AhoCorasick:
        """Finds every known sequence in one pass; a hit carries the number of its row."""
        return AhoCorasick(list(self.weights))

    @cached_property
    def _packed(self) -> list[int]:
        return [_pack(row[0] * weight for weight in row[1:]) for row in self.weights.values()]

    @cached_property
    def _squares(self) -> list[float]:
        return [row[0] ** 2 for row in self.weights.values()]

    def score(self, text: str) -> dict[str, float]:
        """One value per class, about -1.5 to 1.5; 0 lies on the border of a class."""
        packed, squares = self._packed, self._squares
        found = Counter(map(_ROW, self._finder.find_matches_as_indexes(text, overlapping=True)))
        more = [(row, _TIMES[min(count, 64)]) for row, count in found.items() if count > 1]
        total = ONCE * sum(map(packed.__getitem__, found)) + sum([packed[row] * (times - ONCE) for row, times in more])
        square = ONCE * ONCE * sum(map(squares.__getitem__, found))
        square += sum([squares[row] * (times * times - ONCE * ONCE) for row, times in more])
        weighed = ONCE * len(found) + sum([times - ONCE for _, times in more])
        length = math.sqrt(square) or 1.0
        sums = _unpack(total, len(self.classes), weighed)
        return {
            name: value / length + self.intercepts[place]
            for place, (name, value) in enumerate(zip(self.classes, sums, strict=True))
        }

    def telling(self, text: str, name: str, most: int = 4) -> tuple[str, ...]:
        """The sequences that spoke loudest for a class, longest first where they overlap."""
        place = self.classes.index(name) + 1
        loud = sorted(
            (gram for gram in grams_of(text) if len(gram) > 1 and gram in self.weights),
            key=lambda gram: -self.weights[gram][0] * self.weights[gram][place],
        )
        chosen: list[str] = []
        for gram in loud[: most * 4]:
            if not any(gram in other or other in gram for other in chosen):
                chosen.append(gram)
        return tuple(chosen[:most])


def _pack(values: Iterable[float]) -> int:
    packed = 0
    for place, value in enumerate(values):
        packed |= (round(value * _SCALE) + _BIAS) << (place * _BITS)
    return packed


def _unpack(total: int, count: int, times: int) -> list[float]:
    return [(((total >> (place * _BITS)) & _MASK) - _BIAS * times) / _SCALE for place in range(count)]


def parse(text: str) -> SecondOpinion:
    """Read a model from its JSON."""
    data = json.loads(text)
    return SecondOpinion(
        tuple(data["classes"]),
        tuple(data["intercepts"]),
        {gram: tuple(row) for gram, row in data["weights"].items()},
        data.get("learnt_from", ""),
    )


def render(model: SecondOpinion) -> str:
    """Write a model as JSON, one sequence a line, so that changes can be read."""
    head = {"classes": model.classes, "intercepts": [round(value, 4) for value in model.intercepts]}
    lines = [
        f"{json.dumps(gram, ensure_ascii=False)}:{json.dumps([round(value, 2) for value in row], separators=(',', ':'))}"
        for gram, row in sorted(model.weights.items())
    ]
    body = ",\n".join(lines)
    start = json.dumps({**head, "learnt_from": model.learnt_from}, ensure_ascii=False)[:-1]
    return f'{start},\n"weights":{{\n{body}\n}}}}\n'


def shipped_text() -> str:
    """The JSON of the model shipped with the program."""
    return (files("bridge") / "data" / SHIPPED).read_text(encoding="utf-8")
