"""Scores assessments against labels as the data's README says; knows no rule and no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Label = Mapping[str, Any]

NUMBERS = {
    "registration_transfer": 1,
    "registration_information": 2,
    "contribution_base": 3,
    "contribution_amount": 4,
    "special_assessment": 5,
    "late_fee": 6,
    "refund_offset": 7,
    "benefits": 8,
    "inspection_arrears": 9,
    "other": 10,
}


@dataclass(frozen=True)
class Answer:
    """What was decided about one text; a baseline may leave out what it does not decide.

    ``confidence``: how sure the lead is.
    """

    in_scope: bool
    category: int | None = None
    lead: str | None = None
    co_units: tuple[str, ...] = ()
    procedure: str | None = None
    review: bool = False
    confidence: float = 0.0


@dataclass
class Score:
    """Sums over one set of labelled texts."""

    graded: int = 0
    category: float = 0.0
    lead: int = 0
    procedure: int = 0
    required: int = 0
    found: int = 0
    true_in: int = 0
    false_in: int = 0
    missed: int = 0
    automatic: int = 0
    automatic_right: int = 0
    confusion: Counter[tuple[int, int]] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of texts taken in scope that are."""
        return _share(self.true_in, self.true_in + self.false_in)

    @property
    def recall(self) -> float:
        """Share of texts in scope that were taken."""
        return _share(self.true_in, self.true_in + self.missed)

    @property
    def scope_f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.true_in, 2 * self.true_in + self.false_in + self.missed)

    def row(self) -> dict[str, float]:
        """The figures of the table."""
        return {
            "category": _share(self.category, self.graded),
            "lead": _share(self.lead, self.graded),
            "procedure": _share(self.procedure, self.graded),
            "co_recall": _share(self.found, self.required),
            "scope_precision": self.precision,
            "scope_recall": self.recall,
            "scope_f1": self.scope_f1,
            "coverage": _share(self.automatic, self.graded),
            "automatic_lead": _share(self.automatic_right, self.automatic),
        }


def score(pairs: Iterable[tuple[Label, Answer]], *, minimum: tuple[str, ...] = ("high", "med")) -> Score:
    """Score answers; real letters whose label is a judgement call count for scope only."""
    total = Score()
    for label, answer in pairs:
        _scope(total, label, answer)
        if label["in_scope"] and label.get("confidence", "high") in minimum:
            _case(total, label, answer)
    return total


def _scope(total: Score, label: Label, answer: Answer) -> None:
    if label["in_scope"] and answer.in_scope:
        total.true_in += 1
    elif label["in_scope"]:
        total.missed += 1
    elif answer.in_scope:
        total.false_in += 1


def _case(total: Score, label: Label, answer: Answer) -> None:
    total.graded += 1
    points = category_points(label, answer.category if answer.in_scope else None)
    right = lead_is_right(label, answer.lead)
    total.category += points
    total.lead += right
    total.procedure += procedure_is_right(label, answer.procedure)
    required = _required(label)
    total.required += len(required)
    total.found += len(required & {*answer.co_units, answer.lead})
    total.confusion[label["category"], answer.category if answer.in_scope and answer.category else 0] += 1
    if answer.in_scope and not answer.review:
        total.automatic += 1
        total.automatic_right += right
    if points < 1 or not right:
        total.wrong.append((str(label["id"]), f"{label['category']}→{answer.category} {label['lead']}→{answer.lead}"))


def category_points(label: Label, category: int | None) -> float:
    """1 for the label or an alternative, one half for the second category."""
    if category is not None and category in {label["category"], *label.get("category_alt", ())}:
        return 1.0
    return 0.5 if category is not None and category == label.get("category2") else 0.0


def lead_is_right(label: Label, lead: str | None) -> bool:
    """The label, an alternative, or (letters without a period) the lead before the reform."""
    return lead is not None and lead in {label["lead"], *label["lead_alt"], label.get("lead_pre_reform")}


def procedure_is_right(label: Label, procedure: str | None) -> bool:
    """The written set names procedures; the letters name a disposal."""
    if "procedure" in label:
        return procedure in {label["procedure"], *label["procedure_alt"]}
    accepted = {
        "consult": {"transfer", "direct"},
        "single": {"transfer", "direct"},
        "joint": {"joint_general"},
        "complex": {"joint_complex", "joint_general"},
    }
    return procedure in accepted.get(label["disposal"], set())


def _required(label: Label) -> set[str]:
    light = label.get("disposal") == "consult" or label.get("kind") in {"consult", "suggestion"}
    return set() if light else set(label["co_units"])


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
