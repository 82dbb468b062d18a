"""The rules with a second opinion that has not seen the text it is asked about.

A text that is among the examples the shipped model learnt from is judged by a model learnt without it (and without
the rest of its fold); any other text by the shipped model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bridge.rules.compile import CompiledRules
from bridge.rules.learn import Example, learn, read_examples
from tests.evaluation.data import Row, answer_of
from tests.evaluation.scoring import Answer

EXAMPLES = Path(__file__).parents[2] / "examples" / "labelled.jsonl"
FOLDS = 5


class CrossValidated:
    """Answers rows by the fold that has not seen them."""

    def __init__(self, rules: CompiledRules, examples: Path = EXAMPLES) -> None:
        """Learn nothing yet; a fold's model is learnt when its first text comes."""
        self._rules = rules
        self._examples = read_examples(examples, rules) if rules.opinion else ()
        self._seen = {example.text: _fold(example) for example in self._examples}
        self._of_fold = cache(self._learn)

    def answers(self, rows: Iterable[Row]) -> list[tuple[Row, Answer]]:
        """Each row with its answer."""
        return [(row, answer_of(self._for(row), row)) for row in rows]

    def _for(self, row: Row) -> CompiledRules:
        heard = self._rules.classifier.heard(row.get("title") or "", row.get("text") or "")
        fold = self._seen.get(heard)
        return self._rules if fold is None else self._of_fold(fold)

    def _learn(self, fold: int) -> CompiledRules:
        return self._rules.with_opinion(learn([one for one in self._examples if _fold(one) != fold])).prepare()


def _fold(example: Example) -> int:
    return int(hashlib.sha256(example.id.encode()).hexdigest()[8:16], 16) % FOLDS
