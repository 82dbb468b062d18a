"""Candidate rules against recorded tickets: who would go where now, every ticket that moves, and why it does.

Owns: comparing two snapshots on the same tickets, the flow matrix. Must not: know where the tickets come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.core.assessment import Assessment
from bridge.core.policy import Policy, TicketFacts
from bridge.core.verdict import OUT, UNJUDGED, Verdict
from bridge.rules.compile import CompiledRules
from bridge.rules.due import due_dates, local

NOWHERE = "不派件"
COMPARED = ("in_scope", "category", "lead", "co_units", "procedure", "review", "due")
REASONS = 6
"""So many rules are named, at most, for one change."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded ticket: its id, what the rules look at, and what people made of it (if they did)."""

    id: Any
    facts: TicketFacts
    verdict: Verdict = UNJUDGED


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket whose decision differs: per field old and new, the rules that spoke differently, what people had said.

    ``right``: whether the old and the new decision agree with the people; None where nobody said.
    """

    id: Any
    fields: dict[str, tuple[Any, Any]]
    why: tuple[str, ...]
    right: tuple[bool | None, bool | None]


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

    @property
    def better(self) -> int:
        """Tickets that people had corrected or confirmed and that only the candidate judges so."""
        return sum(one.right == (False, True) for one in self.changed)

    @property
    def worse(self) -> int:
        """Tickets that people had corrected or confirmed and that only the old rules judge so."""
        return sum(one.right == (True, False) for one in self.changed)


def compare(
    old: CompiledRules,
    new: CompiledRules,
    samples: Iterable[Sample],
    seen: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Assess every ticket by both snapshots; ``seen`` is told the count after each."""
    result = Comparison()
    policies = (old.policy, new.policy) if _other_limits(old.policy, new.policy) else None
    for sample in samples:
        made = old.assess(sample.facts), new.assess(sample.facts)
        before, after = map(_outcome, made)
        if policies and before["procedure"] == after["procedure"]:
            before["due"], after["due"] = _moved_limits(policies, made, sample.facts)
        result.tickets += 1
        result.flow[before["lead"] or NOWHERE, after["lead"] or NOWHERE] += 1
        fields = {name: (before[name], after[name]) for name in COMPARED if before[name] != after[name]}
        if fields:
            right = agrees(made[0], sample.verdict), agrees(made[1], sample.verdict)
            result.changed.append(Changed(sample.id, fields, _why(*made, late="due" in fields), right))
        seen(result.tickets)
    return result


def agrees(made: Assessment, verdict: Verdict) -> bool | None:
    """Whether a decision is what people made of the ticket; None where nobody said."""
    if verdict.category is None and verdict.lead is None:
        return None
    category = verdict.category in (None, label_of(made))
    return category and (verdict.category == OUT or verdict.lead in (None, made.route.lead))


def label_of(made: Assessment) -> str | None:
    """The category decided on, or :data:`OUT`; None if the rules could not say."""
    return made.classification.category if made.classification.in_scope else OUT


def _outcome(made: Assessment) -> dict[str, Any]:
    found, route = made.classification, made.route
    return {
        "in_scope": found.in_scope,
        "category": found.category,
        "lead": route.lead,
        "co_units": sorted(route.co_units),
        "procedure": route.procedure.value if route.procedure else None,
        "review": found.review,
        "due": {},
    }


def _other_limits(old: Policy, new: Policy) -> bool:
    """Whether two rules count time differently."""
    return (old.limits, old.calendar.version) != (new.limits, new.calendar.version)


def _moved_limits(
    policies: tuple[Policy, Policy], made: tuple[Assessment, Assessment], facts: TicketFacts
) -> tuple[dict[str, str], dict[str, str]]:
    """The ends, by kind of limit, that only one of the rules gives."""
    before, after = (
        {date.kind.value: local(date.due_at) for date in due_dates(policy, one, facts)}
        for policy, one in zip(policies, made, strict=True)
    )
    differ = [kind for kind in before.keys() | after.keys() if before.get(kind) != after.get(kind)]
    return (
        {kind: at for kind, at in before.items() if kind in differ},
        {kind: at for kind, at in after.items() if kind in differ},
    )


def _why(old: Assessment, new: Assessment, *, late: bool) -> tuple[str, ...]:
    """The evidence that came, went or weighs otherwise, the weightiest first, then the route, then other limits."""
    before, after = _weights(old), _weights(new)
    names = sorted(before.keys() | after.keys(), key=lambda name: (-_moved(before, after, name), name))
    said = [_said(before, after, name) for name in names if _moved(before, after, name)][:REASONS]
    if old.route.route_id != new.route.route_id:
        said.append(f"路由 {old.route.route_id or '无'} → {new.route.route_id or '无'}")
    elif _sent(old) != _sent(new):
        said.append(f"路由 {new.route.route_id} 改了写法")
    if late:
        said.append("时限或日历改了")
    return tuple(said)


def _sent(made: Assessment) -> tuple[object, ...]:
    return made.route.lead, sorted(made.route.co_units), made.route.procedure


def _weights(made: Assessment) -> dict[str, tuple[float, str]]:
    return {one.rule: (one.weight, one.matched) for one in made.classification.evidence}


def _moved(before: Mapping[str, tuple[float, str]], after: Mapping[str, tuple[float, str]], name: str) -> float:
    nothing = (0.0, "")
    return abs(before.get(name, nothing)[0] - after.get(name, nothing)[0])


def _said(before: Mapping[str, tuple[float, str]], after: Mapping[str, tuple[float, str]], name: str) -> str:
    if name not in before:
        return f"新命中 {name}“{after[name][1]}”{after[name][0]:+g}"
    if name not in after:
        return f"不再命中 {name}“{before[name][1]}”{before[name][0]:+g}"
    return f"{name} {before[name][0]:+g} → {after[name][0]:+g}"


def matrix(comparison: Comparison) -> list[list[str]]:
    """The flow matrix as rows of cells, from (rows) to (columns)."""
    names = sorted({name for pair in comparison.flow for name in pair})
    header = ["原主办 \\ 新主办", *names]
    return [header, *([old, *(str(comparison.flow.get((old, new), 0)) for new in names)] for old in names)]
