"""Candidate rules against recorded tickets: who would go where now, and every ticket that moves.

Owns: comparing two snapshots on the same tickets, the flow matrix. Must not: know where the tickets come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bridge.core.assessment import Assessment
from bridge.core.policy import TicketFacts
from bridge.rules.compile import CompiledRules

NOWHERE = "不派件"
COMPARED = ("in_scope", "category", "lead", "co_units", "procedure", "review")


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket whose decision differs: its id and, per field, old and new."""

    id: Any
    fields: dict[str, tuple[Any, Any]]


@dataclass
class Comparison:
    """What a candidate changes; ``flow`` counts tickets by (old lead, new lead)."""

    tickets: int = 0
    flow: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: list[Changed] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """Tickets that another unit would lead."""
        return sum(count for (old, new), count in self.flow.items() if old != new)


def compare(old: CompiledRules, new: CompiledRules, tickets: Iterable[tuple[Any, TicketFacts]]) -> Comparison:
    """Assess every ticket by both snapshots."""
    result = Comparison()
    for identity, facts in tickets:
        before, after = _outcome(old.assess(facts)), _outcome(new.assess(facts))
        result.tickets += 1
        result.flow[before["lead"] or NOWHERE, after["lead"] or NOWHERE] += 1
        fields = {name: (before[name], after[name]) for name in COMPARED if before[name] != after[name]}
        if fields:
            result.changed.append(Changed(identity, fields))
    return result


def _outcome(made: Assessment) -> dict[str, Any]:
    found, route = made.classification, made.route
    return {
        "in_scope": found.in_scope,
        "category": found.category,
        "lead": route.lead,
        "co_units": sorted(route.co_units),
        "procedure": route.procedure.value if route.procedure else None,
        "review": found.review,
    }


def matrix(comparison: Comparison) -> list[list[str]]:
    """The flow matrix as rows of cells, from (rows) to (columns)."""
    names = sorted({name for pair in comparison.flow for name in pair})
    header = ["原主办 \\ 新主办", *names]
    return [header, *([old, *(str(comparison.flow.get((old, new), 0)) for new in names)] for old in names)]
