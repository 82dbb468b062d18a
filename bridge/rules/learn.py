"""Learns the second opinion from labelled examples: TF-IDF and one linear separator per class and per lead.

Owns: reading examples, the optimiser (dual coordinate descent for the squared hinge loss, as in liblinear), and
keeping only the sequences that matter. Must not: run inside the daemon.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter, mul
from pathlib import Path
from typing import Any

from bridge.errors import ConfigError, Problem
from bridge.rules.asking import facets_of
from bridge.rules.compile import CompiledRules
from bridge.rules.decision import EPOCH, facts_of_row
from bridge.rules.route import route_facts
from bridge.rules.second_opinion import ASKED, OUT, SecondOpinion, grams_of

PENALTY = 1.0
ROUNDS = 30
KEPT = 12_000
"""So many sequences are kept, by how loud they can be."""

LEAST = 20
"""A unit that leads fewer examples is not learnt: too few to tell it from the others."""

FACET = 0.3
"""How loud a facet is beside a text of length 1. Source: of 0.3 and 0.6, the better where whole sets were left out."""

Row = list[tuple[int, float]]
Column = tuple[list[float], float]
"""The weights of a class, and its intercept."""
Facets = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text: its class is a category, or :data:`OUT`; ``lead`` the unit whose matter it is, if any's.

    ``units``: everybody who had a part in it, where that is known; ``facets``: what is known of it besides its words.
    """

    id: str
    text: str
    label: str
    lead: str | None = None
    units: frozenset[str] | None = None
    facets: tuple[str, ...] = ()


def read_examples(path: Path, rules: CompiledRules) -> tuple[Example, ...]:
    """Read labelled examples (JSON Lines: ``id``, ``title``, ``text``, ``in_scope``, ``category``).

    Perhaps with ``lead``, and with ``units``: the lead and everybody else who must have a part in it.
    Where no lead is written, it is the one the rules route the labelled category to.

    Raises:
        ConfigError: a line that is not such an object; every bad line.
    """
    examples, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            examples.append(_example(json.loads(line), rules))
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(Problem("-", "每行应当是带 text、in_scope、category 的 JSON 对象", number, 1))
    if problems:
        raise ConfigError(str(path), problems)
    return tuple(examples)


def _example(row: dict[str, Any], rules: CompiledRules) -> Example:
    text = rules.classifier.heard(str(row.get("title") or ""), str(row["text"]))
    if not row["in_scope"]:
        return Example(str(row["id"]), text, OUT)
    category, facts = str(row["category"]), facts_of_row(row, EPOCH)
    found = rules.classifier.under(facts, category)
    lead = str(row.get("lead") or "") or rules.router.lead(category, route_facts(found, facts))
    if row.get("units") is None:
        return Example(str(row["id"]), text, category, lead)
    return Example(str(row["id"]), text, category, lead, frozenset(row["units"]), facets_of(found))


def learn(examples: Sequence[Example], kept: int = KEPT) -> SecondOpinion:
    """Learn a model; the same examples in the same order give the same model."""
    texts = [grams_of(example.text) for example in examples]
    vocabulary, idf = _vocabulary(texts)
    rows = [_row(grams, vocabulary, idf) for grams in texts]
    classes, leads = tuple(sorted({example.label for example in examples})), _leads(examples)
    chosen = [[example.label == name for example in examples] for name in classes]
    chosen += [[example.lead == name for example in examples] for name in leads]
    columns = [_separate(rows, [1.0 if one else -1.0 for one in column], len(vocabulary)) for column in chosen]
    asked, facets = _learn_asked(examples, rows, len(vocabulary))
    columns += asked.values()
    grams = {gram: (idf[place], *(weights[place] for weights, _ in columns)) for gram, place in vocabulary.items()}
    loud = sorted(grams, key=lambda gram: -max(abs(weight) for weight in grams[gram][1:]) * grams[gram][0])[:kept]
    source = hashlib.sha256(
        "\n".join(f"{example.text}{example.lead or ''}" for example in examples).encode()
    ).hexdigest()[:12]
    biases = tuple(bias for _, bias in columns)
    weights = {gram: grams[gram] for gram in loud}
    return SecondOpinion(classes, biases, weights, source, leads, tuple(asked), facets)


def _learn_asked(examples: Sequence[Example], rows: Sequence[Row], width: int) -> tuple[dict[str, Column], Facets]:
    """One separator for each unit that may be asked, from the examples that say who had a part; none without any."""
    told = [(one.units, row, one.facets) for one, row in zip(examples, rows, strict=True) if one.units is not None]
    if not told:
        return {}, {}
    places = {name: width + at for at, name in enumerate(sorted({name for *_, names in told for name in names}))}
    known = [row + [(places[name], FACET) for name in names] for _, row, names in told]
    asked = {
        flag: _separate(known, [1.0 if unit in units else -1.0 for units, *_ in told], width + len(places))
        for flag, unit in ASKED.items()
    }
    facets = {
        name: {flag: FACET * weights[place] for flag, (weights, _) in asked.items()} for name, place in places.items()
    }
    return asked, facets


def _leads(examples: Sequence[Example]) -> tuple[str, ...]:
    counts = Counter(example.lead for example in examples if example.lead)
    return tuple(sorted(name for name, count in counts.items() if count >= LEAST))


def _vocabulary(texts: Sequence[Counter[str]]) -> tuple[dict[str, int], list[float]]:
    """Sequences that occur in at least two texts, with their inverse document frequency."""
    found: Counter[str] = Counter()
    for grams in texts:
        found.update(grams.keys())
    kept = sorted(gram for gram, count in found.items() if count > 1 and "\n" not in gram)
    idf = [math.log((1 + len(texts)) / (1 + found[gram])) + 1 for gram in kept]
    return {gram: place for place, gram in enumerate(kept)}, idf


def _row(grams: Counter[str], vocabulary: dict[str, int], idf: list[float]) -> Row:
    row = [
        (vocabulary[gram], (1 + math.log(count)) * idf[vocabulary[gram]])
        for gram, count in grams.items()
        if gram in vocabulary
    ]
    length = math.sqrt(sum(value * value for _, value in row)) or 1.0
    return [(place, value / length) for place, value in row]


def _separate(rows: Sequence[Row], signs: Sequence[float], width: int) -> tuple[list[float], float]:
    """Weights and intercept of one class against the rest.

    Source: Hsieh et al., A Dual Coordinate Descent Method for Large-scale Linear SVM (ICML 2008), algorithm 1.
    """
    weights, bias = [0.0] * width, 0.0
    alphas = [0.0] * len(rows)
    diagonal = 1 / (2 * PENALTY)
    values = [tuple([value for _, value in row]) for row in rows]
    taken = [itemgetter(*[place for place, _ in row], 0, 0) for row in rows]
    curvature = [sum(map(mul, value, value)) + 1.0 + diagonal for value in values]
    for turn in range(ROUNDS):
        moved = 0.0
        for number in _order(len(rows), turn):
            sign = signs[number]
            margin = sum(map(mul, values[number], taken[number](weights))) + bias
            gradient = sign * margin - 1 + diagonal * alphas[number]
            if gradient >= 0 and alphas[number] == 0:
                continue
            updated = max(alphas[number] - gradient / curvature[number], 0.0)
            step = (updated - alphas[number]) * sign
            alphas[number] = updated
            moved = max(moved, abs(gradient))
            for place, value in rows[number]:
                weights[place] += step * value
            bias += step
        if moved < 0.01:  # noqa: PLR2004 - liblinear's default is 0.1
            break
    return weights, bias


def _order(count: int, turn: int) -> list[int]:
    """A different order each turn, the same every time the model is learnt."""
    return sorted(range(count), key=lambda number: (number * 2_654_435_761 + turn * 40_503) % 4_294_967_291)
