"""Runs the cases of ``tests:``: one ticket each, the whole decision against what the operators expect.

Owns: comparing, and the difference shown on failure. Must not: read files, or decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.core.assessment import Assessment
from bridge.core.model.ticket import FeePeriod, Petitioner, TicketBody
from bridge.core.policy import Policy, TicketFacts
from bridge.errors import Problem
from bridge.rules.compile import CompiledRules
from bridge.rules.document import ExpectedDecision, RuleCase
from bridge.rules.due import due_dates, local
from bridge.rules.yaml_reader import YamlText, read_yaml


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case and how its decision differs; right if it does not."""

    case: RuleCase
    differences: tuple[Difference, ...]

    @property
    def right(self) -> bool:
        """Whether everything the case names came out as expected."""
        return not self.differences


def run_cases(rules: CompiledRules) -> tuple[CaseResult, ...]:
    """Run every case of the document; review is judged as if it were enabled."""
    reviewed = rules if rules.policy.review_enabled else rules.with_review(enabled=True)
    return tuple(run_case(reviewed, case) for case in rules.document.tests)


def failures(results: Sequence[CaseResult], data: bytes) -> list[Problem]:
    """One problem per case that does not hold, at the first expectation of it that differs in the text ``data``."""
    wrong = [(number, result) for number, result in enumerate(results) if not result.right]
    source = read_yaml(data) if wrong else YamlText()
    return [_failure(number, result, source) for number, result in wrong]


def _failure(number: int, result: CaseResult, source: YamlText) -> Problem:
    said = ";".join(f"{one.what} 应为 {one.expected},实为 {one.found}" for one in result.differences)
    places = [source.position(("tests", number, "expect", *one.what.split("."))) for one in result.differences]
    return Problem(f"tests.{result.case.id}", f"用例不符:{said}", *min(places))


def run_case(rules: CompiledRules, case: RuleCase) -> CaseResult:
    """Run one case."""
    facts = facts_of_case(case)
    made = rules.assess(facts)
    found = [*_words(case.expect, made), *_lists(case.expect, made), *_clocks(case.expect, made, facts, rules.policy)]
    return CaseResult(case, tuple(found))


def facts_of_case(case: RuleCase) -> TicketFacts:
    """The ticket a case describes."""
    period = FeePeriod(case.fee_period.start, case.fee_period.end) if case.fee_period else None
    return TicketFacts(
        kind=case.kind,
        feed=case.feed,
        adapter=case.adapter,
        received_at=datetime.fromisoformat(case.received_at),
        body=TicketBody(
            title=case.title,
            content=case.text,
            petitioner=Petitioner(role=case.party, people_count=case.people_count),
            insurance=tuple(case.insurance),
            period=period,
        ),
        accepting_unit=case.accepting_unit,
        upstream_unit=case.upstream_unit,
    )


def _words(expect: ExpectedDecision, made: Assessment) -> Iterable[Difference]:
    found, route = made.classification, made.route
    compared: tuple[tuple[str, object, object], ...] = (
        ("in_scope", expect.in_scope, found.in_scope),
        ("out_reason", expect.out_reason, found.out_reason),
        ("category", expect.category, found.category),
        ("second_category", expect.second_category, found.second_category),
        ("lead", expect.lead, route.lead),
        ("procedure", expect.procedure, route.procedure),
        ("period", expect.period, found.period),
        ("review", expect.review, found.review),
    )
    return [_difference(name, wanted, got) for name, wanted, got in compared if wanted is not None and wanted != got]


def _lists(expect: ExpectedDecision, made: Assessment) -> Iterable[Difference]:
    found = made.classification
    if expect.co_units is not None and set(expect.co_units) != set(made.route.co_units):
        yield _difference("co_units", sorted(expect.co_units), sorted(made.route.co_units))
    if expect.insurance is not None and set(expect.insurance) != set(found.insurance):
        yield _difference("insurance", sorted(expect.insurance), sorted(found.insurance))
    if absent := [flag for flag in expect.flags if flag not in found.flags]:
        yield _difference("flags", absent, list(found.flags))
    if present := [flag for flag in expect.without_flags if flag in found.flags]:
        yield _difference("without_flags", present, list(found.flags))


def _clocks(expect: ExpectedDecision, made: Assessment, facts: TicketFacts, policy: Policy) -> Iterable[Difference]:
    if not expect.due and expect.reminders is None:
        return
    dates = due_dates(policy, made, facts)
    ends = {date.kind: local(date.due_at) for date in dates}
    for kind, wanted in expect.due.items():
        if ends.get(kind) is None or datetime.fromisoformat(ends[kind]) != datetime.fromisoformat(wanted):
            yield _difference(f"due.{kind}", wanted, ends.get(kind, "没有这个时限"))
    if expect.reminders is not None:
        steps = [f"{date.kind} {step.name} {local(step.at)}" for date in dates for step in date.steps]
        if sorted(expect.reminders) != sorted(steps):
            yield _difference("reminders", _only(expect.reminders, steps), _only(steps, expect.reminders))


def _only(some: Iterable[str], others: Iterable[str]) -> list[str]:
    known = set(others)
    return [line for line in some if line not in known]


def _difference(what: str, expected: object, found: object) -> Difference:
    return Difference(what, _shown(expected), _shown(found))


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return "、".join(_shown(item) for item in value) or "无"
    show: Callable[[object], str] = str
    return {None: "无", True: "true", False: "false"}.get(value) or show(value)  # type: ignore[call-overload]
