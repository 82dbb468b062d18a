"""Learns the second opinion from labelled examples: TF-IDF and one linear separator per class.

Owns: reading examples, the optimiser (dual coordinate descent for the squared hinge loss, as in liblinear), and
keeping only the sequences that matter. Must not: run inside the daemon.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ConfigError, Problem
from bridge.rules.second_opinion import OUT, SecondOpinion, grams_of

PENALTY = 1.0
ROUNDS = 30
KEPT = 9_000
"""So many sequences are kept, by how loud they can be."""

Row = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text: its class is a category, or :data:`OUT`."""

    id: str
    text: str
    label: str


Hear = Callable[[str, str], str]
"""Title and content to what the model hears (``Classifier.heard``)."""


def read_examples(path: Path, hear: Hear) -> tuple[Example, ...]:
    """Read labelled examples (JSON Lines: ``id``, ``title``, ``text``, ``in_scope``, ``category``).

    Raises:
        ConfigError: a line that is not such an object; every bad line.
    """
    examples, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            examples.append(_example(json.loads(line), hear))
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(Problem("-", "每行应当是带 text、in_scope、category 的 JSON 对象", number, 1))
    if problems:
        raise ConfigError(str(path), problems)
    return tuple(examples)


def _example(row: dict[str, object], hear: Hear) -> Example:
    text = hear(str(row.get("title") or ""), str(row["text"]))
    label = str(row["category"]) if row["in_scope"] else OUT
    return Example(str(row["id"]), text, label)


def learn(examples: Sequence[Example], kept: int = KEPT) -> SecondOpinion:
    """Learn a model; the same examples in the same order give the same model."""
    texts = [grams_of(example.text) for example in examples]
    vocabulary, idf = _vocabulary(texts)
    rows = [_row(grams, vocabulary, idf) for grams in texts]
    classes = tuple(sorted({example.label for example in examples}))
    columns = [
        _separate(rows, [1.0 if example.label == name else -1.0 for example in examples], len(vocabulary))
        for name in classes
    ]
    grams = {gram: (idf[place], *(weights[place] for weights, _ in columns)) for gram, place in vocabulary.items()}
    loud = sorted(grams, key=lambda gram: -max(abs(weight) for weight in grams[gram][1:]) * grams[gram][0])[:kept]
    source = hashlib.sha256("\n".join(example.text for example in examples).encode()).hexdigest()[:12]
    return SecondOpinion(classes, tuple(bias for _, bias in columns), {gram: grams[gram] for gram in loud}, source)


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
    curvature = [sum(value * value for _, value in row) + 1.0 + diagonal for row in rows]
    for turn in range(ROUNDS):
        moved = 0.0
        for number in _order(len(rows), turn):
            row, sign = rows[number], signs[number]
            margin = sum([weights[place] * value for place, value in row]) + bias
            gradient = sign * margin - 1 + diagonal * alphas[number]
            if gradient >= 0 and alphas[number] == 0:
                continue
            updated = max(alphas[number] - gradient / curvature[number], 0.0)
            step = (updated - alphas[number]) * sign
            alphas[number] = updated
            moved = max(moved, abs(gradient))
            for place, value in row:
                weights[place] += step * value
            bias += step
        if moved < 0.01:  # noqa: PLR2004 - liblinear's default is 0.1
            break
    return weights, bias


def _order(count: int, turn: int) -> list[int]:
    """A different order each turn, the same every time the model is learnt."""
    return sorted(range(count), key=lambda number: (number * 2_654_435_761 + turn * 40_503) % 4_294_967_291)
