"""More time has an end: how far, how often, and what a unit is told that asks for more (domain 3.2, 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from bridge.core.lifecycle.takeover import PaperCase
from bridge.core.model.ticket import TicketBody, TicketDraft
from bridge.core.policy import Extension, LimitUnit, TimeLimit
from bridge.core.vocabulary import DeadlineKind, TicketKind
from bridge.errors import IllegalTransition, InvalidPayload
from tests.contract.conftest import retune
from tests.pipeline.conftest import JOINT, MONDAY, OFFICE, OPERATOR, SINGLE, Ledger

CAP = "2026-03-23T23:59:59+08:00"
"""The reply is due on 9 March; ten working days later."""


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}+08:00")


async def signed(ledger: Ledger, content: str = SINGLE, feed: str = "hotline") -> str:
    case_id = await ledger.ticket(content, feed=feed)
    await ledger.receipt(case_id, "tax", "signed")
    return case_id


async def ask(ledger: Ledger, case_id: str, until: str, unit: str = "tax") -> None:
    await ledger.receipt(case_id, unit, "extension_requested", until=at(until), reason="调取流水")


def change_limits(ledger: Ledger, kind: DeadlineKind, change: Callable[[TimeLimit], TimeLimit]) -> None:
    limits = ledger.service.runtime.rules().policy.limits
    retune(ledger, limits=tuple(change(limit) if limit.kind is kind else limit for limit in limits))


async def reply(ledger: Ledger, case_id: str) -> dict[str, str]:
    return next(d for d in (await ledger.view(case_id))["deadlines"] if d["kind"] == "reply")


async def test_more_than_the_cap_is_refused_with_the_latest_date(ledger: Ledger) -> None:
    case_id = await signed(ledger)
    with pytest.raises(InvalidPayload) as refused:
        await ask(ledger, case_id, "2026-03-24T00:00:00")
    (problem,) = refused.value.problems
    assert problem.path == "until"
    assert "2026-03-23 23:59:59" in problem.message
    assert "最长延10个工作日，限一次" in problem.message
    assert "ticket.extension_requested" not in [m["type"] for m in await ledger.messages(kind="upstream")]
    await ask(ledger, case_id, "2026-03-23T23:59:59")
    asked = (await ledger.messages(kind="upstream"))[-1]
    assert {name: asked[name] for name in ("type", "due", "more_working_days", "latest", "clause")} == {
        "type": "ticket.extension_requested", "due": "2026-03-09T23:59:59+08:00", "more_working_days": 10, "latest": CAP,
        "clause": "四（三）：自原时限起最长延10个工作日，限一次",
    }  # fmt: skip
    assert (await ledger.assignment(case_id, "tax"))["extension"] == {
        "until": CAP, "reason": "调取流水", "decision": None, "latest": CAP,
    }  # fmt: skip


async def test_once_is_once_whoever_gave_it_and_whoever_leads_afterwards(ledger: Ledger) -> None:
    case_id = await signed(ledger)
    tax = await ledger.assignment(case_id, "tax")
    await ledger.act(case_id, "extend", OFFICE, assignment_id=tax["id"], until=at("2026-03-16T18:00:00"), reason="同意")
    clock = await reply(ledger, case_id)
    assert (clock["original_due_at"], clock["due_at"]) == ("2026-03-09T23:59:59+08:00", "2026-03-16T18:00:00+08:00")
    with pytest.raises(IllegalTransition, match="延长过"):
        await ask(ledger, case_id, "2026-03-18T18:00:00")
    with pytest.raises(IllegalTransition, match="延长过"):
        await ledger.act(case_id, "extend", OFFICE, assignment_id=tax["id"], until=at("2026-03-18T18:00:00"))
    await ledger.receipt(case_id, "tax", "transferred", to_unit="hrss", reason="职责")
    assert "extension_requested" not in (await ledger.assignment(case_id, "hrss"))["allowed"]


async def test_twice_where_the_rules_allow_it_but_no_further_than_the_cap(ledger: Ledger) -> None:
    more = Extension(10, LimitUnit.WORKING_DAYS, once=False)
    change_limits(ledger, DeadlineKind.REPLY, lambda limit: replace(limit, extension=more))
    case_id = await signed(ledger)
    await ask(ledger, case_id, "2026-03-16T18:00:00")
    await ledger.event(case_id, "extension_granted", until=at("2026-03-16T18:00:00"))
    with pytest.raises(InvalidPayload, match="until"):
        await ask(ledger, case_id, "2026-03-25T18:00:00")
    await ask(ledger, case_id, "2026-03-23T18:00:00")


async def test_a_limit_of_the_paper_register_is_what_a_second_extension_is_measured_from(ledger: Ledger) -> None:
    """The rules' own date, 9 March, stays visible beside the listed 16 March; the end is ten working days after the latter."""
    more = Extension(10, LimitUnit.WORKING_DAYS, once=False)
    change_limits(ledger, DeadlineKind.REPLY, lambda limit: replace(limit, extension=more))
    draft = TicketDraft("P-1", MONDAY, TicketKind.COMPLAINT, TicketBody(content=SINGLE), b"{}", "digest")
    listed = PaperCase(draft, 3, lead="tax", dispatched_at=MONDAY, respond_by=at("2026-03-16T18:00:00"))
    case_id = (await ledger.service.take_over("hotline", listed, OPERATOR, held=False, dry=False)).case_id
    latest = "2026-03-30T23:59:59+08:00"
    await ask(ledger, case_id, "2026-03-20T18:00:00")
    assert (await ledger.assignment(case_id, "tax"))["extension"]["latest"] == latest
    await ledger.event(case_id, "extension_granted", until=at("2026-03-20T18:00:00"))
    await ask(ledger, case_id, "2026-03-30T18:00:00")
    assert (await ledger.assignment(case_id, "tax"))["extension"]["latest"] == latest


async def test_rules_that_set_no_end_set_none(ledger: Ledger) -> None:
    change_limits(ledger, DeadlineKind.REPLY, lambda limit: replace(limit, extension=None))
    case_id = await signed(ledger)
    await ask(ledger, case_id, "2026-12-01T18:00:00")
    assert (await ledger.assignment(case_id, "tax"))["extension"]["latest"] is None


async def test_a_petition_is_extended_by_thirty_natural_days_at_most(ledger: Ledger) -> None:
    case_id = await signed(ledger, feed="petition")
    assert (await reply(ledger, case_id))["due_at"] == "2026-05-06T23:59:59+08:00"
    with pytest.raises(
        InvalidPayload, match="2026-06-05 23:59:59 （《信访工作条例》第三十四条：自原时限起最长延30个自然日，限一次"
    ):
        await ask(ledger, case_id, "2026-06-06T00:00:00")
    await ask(ledger, case_id, "2026-06-05T18:00:00")


async def test_what_the_upstream_grants_itself_is_taken_and_noted_and_is_the_once(ledger: Ledger) -> None:
    case_id = await signed(ledger)
    await ledger.event(case_id, "extension_granted", until=at("2026-05-20T18:00:00"))
    assert (await reply(ledger, case_id))["due_at"] == "2026-05-20T18:00:00+08:00"
    history = (await ledger.service.history(case_id))["events"]
    granted = next(event for event in history if event["type"] == "extension.granted")
    assert "2026-03-23" in granted["detail"]["beyond_rules"][0]
    assert "extension_requested" not in (await ledger.assignment(case_id, "tax"))["allowed"]


async def test_a_co_unit_has_its_own_cap_and_a_late_request_is_called_late(ledger: Ledger) -> None:
    case_id = await signed(ledger, JOINT)
    with pytest.raises(InvalidPayload, match="2026-03-23"):
        await ask(ledger, case_id, "2026-03-24T09:00:00", "hrss")
    await ask(ledger, case_id, "2026-03-20T09:00:00", "hrss")
    await ledger.until("2026-03-10T10:00:00+08:00")
    with pytest.raises(IllegalTransition, match="已逾期"):
        await ask(ledger, case_id, "2026-03-20T09:00:00", "medical")


async def test_a_new_round_may_be_extended_again(ledger: Ledger) -> None:
    case_id = await signed(ledger)
    await ledger.event(case_id, "extension_granted", until=at("2026-03-16T18:00:00"))
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    await ledger.event(case_id, "rework", respond_by=at("2026-03-12T18:00:00"))
    assert "extension_requested" in (await ledger.assignment(case_id, "tax"))["allowed"]
    with pytest.raises(InvalidPayload, match="2026-03-26 23:59:59"):
        await ask(ledger, case_id, "2026-03-27T18:00:00")
