"""Requirements of the policy that no story shows by itself (docs/reference/requirements.md)."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from bridge.core.assessment import Assessment
from bridge.core.policy import ReplyRules, RouteFacts, Rules, TicketFacts
from bridge.core.vocabulary import CounterpartyType, Insurance, PeriodStage, TicketKind
from tests.contract.conftest import Retuned, retune
from tests.pipeline.conftest import OFFICE, SINGLE, Ledger

MEMBERS = {"tax", "hrss", "medical", "justice", "court", "finance", "petition", "office"}
NAMES = [
    "登记和关系转移", "登记信息传递", "缴费基数申报", "缴费金额", "人社、医保核定的特殊缴费应征金额", "滞纳金加收",
    "退（抵）费", "待遇核定和支付", "征缴检查、欠费追缴", "其他征缴争议",
]  # fmt: skip


class Broken(Retuned):
    """The shipped rules with a classifier that fails."""

    def assess(self, facts: TicketFacts) -> Assessment:
        raise RuntimeError(facts.feed)


def test_eight_units_have_duties_and_the_office_has_none(shipped_rules: Rules) -> None:
    units = shipped_rules.policy.units
    assert {unit.id for unit in units.values() if unit.duty and not unit.external} == MEMBERS
    assert not units["leading_office"].duty
    assert all(unit.contact_person and unit.contact_phone for unit in units.values())


def test_the_categories_are_the_ten_of_the_policy(shipped_rules: Rules) -> None:
    found = sorted(shipped_rules.policy.categories.values(), key=lambda info: info.number)
    assert [(info.number, info.name) for info in found] == list(enumerate(NAMES, start=1))


def test_whoever_only_assists_never_leads_in_substance(shipped_rules: Rules) -> None:
    insurance = [(), *((kind,) for kind in Insurance)]
    asked = product(shipped_rules.policy.categories, insurance, PeriodStage, TicketKind, CounterpartyType)
    for category, kinds, period, kind, other in asked:
        facts = RouteFacts(insurance=kinds, period=period, kind=kind, counterparty=other)
        assert shipped_rules.route(category, facts).lead in {"tax", "hrss", "medical"}, (category, facts)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_classifier_that_fails_leaves_a_registered_ticket_to_a_person(ledger: Ledger) -> None:
    rules = Broken(ledger.service.runtime.rules())
    ledger.service.runtime.rules = lambda: rules
    case_id = await ledger.ticket(SINGLE)
    assert await ledger.state(case_id) == "triage"
    events = [event["type"] for event in (await ledger.service.history(case_id))["events"]]
    assert events.index("ticket.registered") < events.index("case.classified")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_decision_on_the_category_names_the_rules_it_was_made_under(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.act(case_id, "classify", OFFICE, category="benefits", lead="hrss", reason="核对")
    events: list[dict[str, Any]] = (await ledger.service.history(case_id))["events"]
    named = [event["detail"]["rules"] for event in events if event["type"] == "case.classified"]
    assert named == [ledger.service.runtime.rules().policy.hash] * 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_legal_basis_of_every_reply_is_the_rules_list(ledger: Ledger) -> None:
    retune(ledger, replies=ReplyRules(legal_basis=("《某某规定》第一条",)))
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    (reply,) = [m for m in await ledger.messages(kind="upstream") if m["type"] == "ticket.replied"]
    assert reply["reply"]["legal_basis"][0] == "《某某规定》第一条"
