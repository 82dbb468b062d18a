"""A small linear model over short character sequences, learnt from labelled examples: the second opinion.

Owns: scoring a text, naming the sequences that spoke. Must not: learn (``learn`` does), or decide: its say is
bounded by ``rules.second_opinion``, and a rule marked ``decisive`` is never overruled.

The weights of all classes of one sequence are packed into one integer, so that adding up a text is one addition per
sequence. Sequences that stand equally often are added up together: how often they count is one multiplication then.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

OUT = "out"
"""The class of texts that are not about contributions."""

ASKED = {"also_hrss": "hrss", "also_medical": "medical", "also_tax": "tax"}
"""The units that may be asked beside the route's own, by the flag that asks them; enough examples had a part of them."""

SHIPPED = "second_opinion.json"

_BITS = 44
_SCALE = 10_000
_MASK = (1 << _BITS) - 1
_HALF = 1 << (_BITS - 1)
ONCE = 16
"""How a sequence that stands once is counted; more often counts by the logarithm."""

_TIMES = tuple(round(ONCE * (1 + math.log(count))) for count in [1, *range(1, 65)])


def grams_of(text: str) -> Counter[str]:
    """Every character and pair of characters of a text in normal form, with its count."""
    found: Counter[str] = Counter(text)
    found.update([text[place : place + 2] for place in range(len(text) - 1)])
    return found


class Advice(NamedTuple):
    """What the model says of a text: a value for each category and :data:`OUT`, and one for each unit that leads.

    ``asked``: one for each unit that may be asked as well, by the words alone; by its flag.

    A value is about -1.5 to 1.5; 0 lies on the border of a class.
    """

    categories: dict[str, float]
    leads: dict[str, float]
    asked: dict[str, float]


@dataclass(frozen=True)
class SecondOpinion:
    """Weights per sequence: inverse document frequency first, then one weight per class, one per lead, one per asked.

    ``facets``: what the category, the kinds and the period add to the say on a unit asked, by facet and flag.
    """

    classes: tuple[str, ...]
    intercepts: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    learnt_from: str = ""
    leads: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    facets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @cached_property
    def _finder(self) -> AhoCorasick:
        """Finds every known sequence in one pass."""
        return AhoCorasick(list(self._packed), store_patterns=True)

    @cached_property
    def _packed(self) -> dict[str, int]:
        """Of every sequence: its square in the lowest field, then a field for each class.

        What is common comes first, so that it lies together in memory.
        """
        rows = sorted(self.weights.items(), key=lambda item: item[1][0])
        return {gram: _pack((row[0] ** 2, *(row[0] * weight for weight in row[1:]))) for gram, row in rows}

    def prepare(self) -> None:
        """Build now what scoring takes, instead of at the first text."""
        _ = (self._finder, self._halves)

    def score(self, text: str) -> Advice:
        """What the model says of a text in normal form."""
        packed = self._packed
        by_count: dict[int, int] = {}
        for gram, count in Counter(self._finder.find_matches_as_strings(text, overlapping=True)).items():
            by_count[count] = by_count.get(count, 0) + packed[gram]
        total = square = 0
        for count, value in by_count.items():
            times = _TIMES[min(count, len(_TIMES) - 1)]
            total += value * times
            square += (value & _MASK) * times * times
        length = math.sqrt(square * _SCALE) or 1.0
        values = [
            value / length + intercept for intercept, value in zip(self.intercepts, self._unpack(total), strict=True)
        ]
        return Advice(
            dict(zip(self.classes, values, strict=False)),
            dict(zip(self.leads, values[len(self.classes) :], strict=False)),
            dict(zip(self.asked, values[len(self.classes) + len(self.leads) :], strict=True)),
        )

    def _unpack(self, total: int) -> list[int]:
        total += self._halves
        end = (len(self.intercepts) + 1) * _BITS
        return [((total >> field) & _MASK) - _HALF for field in range(_BITS, end, _BITS)]

    @cached_property
    def _halves(self) -> int:
        """Makes every field positive, so that none borrows from the next."""
        return sum(_HALF << place * _BITS for place in range(1, len(self.intercepts) + 1))

    def telling(self, text: str, name: str, most: int = 4) -> tuple[str, ...]:
        """The sequences that spoke loudest for a class, longest first where they overlap."""
        return self._loudest(text, self.classes.index(name) + 1, most)

    def telling_lead(self, text: str, name: str, most: int = 4) -> tuple[str, ...]:
        """The sequences that spoke loudest for a lead."""
        return self._loudest(text, len(self.classes) + self.leads.index(name) + 1, most)

    def telling_asked(self, text: str, flag: str, most: int = 4) -> tuple[str, ...]:
        """The sequences that spoke loudest for asking a unit as well."""
        return self._loudest(text, len(self.classes) + len(self.leads) + self.asked.index(flag) + 1, most)

    def _loudest(self, text: str, place: int, most: int) -> tuple[str, ...]:
        loud = sorted(
            (gram for gram in grams_of(text) if len(gram) > 1 and gram in self.weights),
            key=lambda gram: -self.weights[gram][0] * self.weights[gram][place],
        )
        chosen: list[str] = []
        for gram in loud[: most * 4]:
            if not any(gram in other or other in gram for other in chosen):
                chosen.append(gram)
        return tuple(chosen[:most])


def _pack(values: Sequence[float]) -> int:
    packed = 0
    for value in reversed(values):
        packed = (packed << _BITS) + round(value * _SCALE)
    return packed


def parse(text: str) -> SecondOpinion:
    """Read a model from its JSON."""
    data = json.loads(text)
    return SecondOpinion(
        tuple(data["classes"]),
        tuple(data["intercepts"]),
        {gram: tuple(row) for gram, row in data["weights"].items()},
        data.get("learnt_from", ""),
        tuple(data.get("leads", ())),
        tuple(data.get("asked", ())),
        data.get("facets", {}),
    )


def render(model: SecondOpinion) -> str:
    """Write a model as JSON, one sequence a line, so that changes can be read."""
    head = {
        "classes": model.classes,
        "leads": model.leads,
        "asked": model.asked,
        "intercepts": [round(value, 4) for value in model.intercepts],
    }
    lines = [
        f"{json.dumps(gram, ensure_ascii=False)}:{json.dumps([round(value, 2) for value in row], separators=(',', ':'))}"
        for gram, row in sorted(model.weights.items())
    ]
    body = ",\n".join(lines)
    start = json.dumps({**head, "learnt_from": model.learnt_from, "facets": _rounded(model)}, ensure_ascii=False)[:-1]
    return f'{start},\n"weights":{{\n{body}\n}}}}\n'


def _rounded(model: SecondOpinion) -> dict[str, dict[str, float]]:
    return {
        facet: {flag: round(value, 3) for flag, value in said.items()} for facet, said in sorted(model.facets.items())
    }


def shipped_text() -> str:
    """The JSON of the model shipped with the program."""
    return (files("bridge") / "data" / SHIPPED).read_text(encoding="utf-8")
