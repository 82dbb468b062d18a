"""Rules and panels put the values of several replicas together as the help text of each series says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest

from bridge.series import PREFIX, SERIES, Across, Kind, Series
from tests.ops.watching import all_rules, shown

EXPRESSIONS = sorted({rule.expr for rule in all_rules()} | {query.expr for query in shown()})
ALLOWED: dict[Across, set[str | None]] = {
    Across.SUM: {"sum"},
    Across.MAX: {"max", None},
    Across.MIN: {"min", None},
    Across.COUNT: {"count"},
}
"""None: each instance for itself, which only a value that is not counted in the ledger may be."""


def series_of(name: str) -> Series | None:
    """The line of the table a selector's name belongs to; None for recorded and foreign series."""
    bare = name.removeprefix(PREFIX)
    for suffix in ("", "_bucket", "_sum", "_count"):
        for series in SERIES:
            if name.startswith(PREFIX) and bare == series.name + suffix:
                return series
    return None


def readings(expr: str) -> Iterator[tuple[Series, str | None]]:
    """Every series an expression reads, with the innermost aggregation around it."""
    stack: list[str] = []
    found: list[tuple[Series, str | None]] = []

    def enter(node: Any) -> None:
        if isinstance(node, promql_parser.AggregateExpr):
            stack.append(str(node.op).lower())
        elif isinstance(node, promql_parser.Call) and node.func.name == "absent":
            stack.append("absent")
        elif isinstance(node, promql_parser.VectorSelector) and (series := series_of(str(node.name))):
            found.append((series, stack[-1] if stack else None))

    def leave(node: Any) -> None:
        is_call = isinstance(node, promql_parser.Call) and node.func.name == "absent"
        if is_call or isinstance(node, promql_parser.AggregateExpr):
            stack.pop()

    promql_parser.walk(promql_parser.parse(expr), enter, leave)
    return iter(found)


def fits(series: Series, around: str | None) -> bool:
    if around == "absent":
        return True
    if series.kind is Kind.LEDGER and around is None:
        return False
    return around in ALLOWED[series.across]


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_replicas_are_put_together_as_the_help_says(expr: str) -> None:
    assert [(series.name, around) for series, around in readings(expr) if not fits(series, around)] == []


def test_a_wrong_sum_is_found() -> None:
    ((series, around),) = readings("sum by (state) (ticketbridge_cases)")
    assert (series.name, around, fits(series, around)) == ("cases", "sum", False)


def test_every_help_text_says_how() -> None:
    assert [series.name for series in SERIES if not series.help.endswith(series.across.value)] == []
    assert {series.across for series in SERIES if series.kind is Kind.LEDGER} == {Across.MAX}
    assert {series.across for series in SERIES if series.kind in {Kind.COUNTER, Kind.HISTOGRAM}} == {Across.SUM}
