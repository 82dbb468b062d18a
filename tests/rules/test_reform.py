"""R36: the reform is judged for each insurance kind, and what lies on both sides is a joint matter (A3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.core.model.ticket import FeePeriod, TicketBody
from bridge.core.policy import RouteFacts, TicketFacts
from bridge.core.vocabulary import CounterpartyType, Insurance, PeriodStage, TicketKind
from bridge.rules.load import load_rules

RULES = load_rules(Path(__file__).parents[2] / "routing_rules.yaml")
EMPLOYEE, RESIDENT = Insurance.PENSION_EMPLOYEE, Insurance.PENSION_RESIDENT


@pytest.mark.parametrize(
    ("kinds", "start", "end", "stage"),
    [
        ((EMPLOYEE,), "2021-01", "2021-12", PeriodStage.PRE),
        ((RESIDENT,), "2021-01", "2021-12", PeriodStage.POST),
        ((EMPLOYEE, RESIDENT), "2021-01", "2021-12", PeriodStage.STRADDLE),
        ((EMPLOYEE, RESIDENT), "2018-01", "2018-12", PeriodStage.PRE),
        ((EMPLOYEE, RESIDENT), "2024-01", "2024-12", PeriodStage.POST),
        ((EMPLOYEE,), "2023-01", "2024-12", PeriodStage.STRADDLE),
    ],
)
def test_each_kind_is_compared_with_its_own_reform(
    kinds: tuple[Insurance, ...], start: str, end: str, stage: PeriodStage
) -> None:
    body = TicketBody(
        title="",
        content="企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。",
        insurance=kinds,
        period=FeePeriod(start, end),
    )
    facts = TicketFacts(TicketKind.HELP, "hotline", "hotline_12345", datetime(2026, 3, 2, tzinfo=UTC), body)
    assert RULES.assess(facts).classification.period is stage


def test_an_amount_that_straddles_the_reform_is_joint() -> None:
    facts = RouteFacts((EMPLOYEE,), PeriodStage.STRADDLE, (), TicketKind.HELP, None, CounterpartyType.EMPLOYER, None)
    route = RULES.route("contribution_amount", facts)
    assert (route.lead, route.co_units) == ("tax", ("hrss",))
    assert RULES.route("contribution_amount", replace(facts, period=PeriodStage.POST)).co_units == ()
