"""Contract section 4: the states a case passes, what moves it and what does not; and section 3 on returns."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.vocabulary import DeadlineStatus, OutboxState, TicketKind
from bridge.delivery.targets import CONSOLE, HELD, Targets
from bridge.errors import IllegalTransition
from tests.contract.conftest import WHY
from tests.pipeline.conftest import JOINT, OFFICE, REFUND, SINGLE, Ledger

THANKS = "感谢税务局工作人员耐心解答社保缴费问题。"


async def replied(ledger: Ledger, **ticket: Any) -> str:
    case_id = await ledger.ticket(SINGLE, **ticket)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.deliver()
    return case_id


@pytest.mark.parametrize("event", ["urge", "withdraw", "rework", "objection", "extension_denied", "return_refused"])
async def test_praise_owes_nothing_so_no_event_asks_for_anything(ledger: Ledger, event: str) -> None:
    case_id = await ledger.ticket(THANKS, kind=TicketKind.PRAISE)
    with pytest.raises(IllegalTransition):
        await ledger.event(case_id, event)
    assert [m["type"] for m in await ledger.messages()] == ["assignment.dispatched"]


@pytest.mark.parametrize("value", ["satisfied", "basic", "unsatisfied"])
async def test_satisfaction_alone_moves_nothing(ledger: Ledger, value: str) -> None:
    case_id = await replied(ledger)
    await ledger.fresh()
    await ledger.event(case_id, "satisfaction", value=value)
    view = await ledger.view(case_id)
    assert (view["state"], view["round"]) == ("replied", 1)
    assert await ledger.fresh() == []


@pytest.mark.parametrize(
    ("content", "kind", "state"),
    [(SINGLE, TicketKind.SUGGESTION, "closed_consult"), (SINGLE, TicketKind.HELP, "replied")],
)
async def test_suggestions_end_with_the_reply_and_others_wait(
    ledger: Ledger, content: str, kind: TicketKind, state: str
) -> None:
    case_id = await ledger.ticket(content, kind=kind)
    lead = (await ledger.view(case_id))["lead"]
    await ledger.receipt(case_id, lead, "opinion")
    assert await ledger.state(case_id) == "replying"
    await ledger.deliver()
    assert await ledger.state(case_id) == state


async def test_withdrawal_in_the_refund_sequence_reaches_only_the_units_that_were_asked(ledger: Ledger) -> None:
    case_id = await ledger.ticket(REFUND)
    await ledger.receipt(case_id, "tax", "opinion")
    await ledger.fresh()
    await ledger.event(case_id, "withdraw")
    told = {m["target"] for m in await ledger.fresh(kind="unit") if m["type"] == "assignment.withdrawn"}
    assert told == {"tax", "hrss", "medical"}
    view = await ledger.view(case_id)
    assert {a["state"] for a in view["assignments"]} == {"withdrawn"}
    with pytest.raises(IllegalTransition) as refused:
        await ledger.receipt(case_id, "hrss", "opinion")
    assert (refused.value.owed, refused.value.allowed) == ((), ())
    due = await ledger.store.read(ledger.store.queries.next_fire_at)
    assert due is None


@pytest.mark.parametrize("state", ["triage", "awaiting_approval", "consolidating"])
async def test_withdrawal_ends_a_case_in_every_state_before_the_reply(ledger: Ledger, state: str) -> None:
    case_id = await ledger.ticket(JOINT)
    if state == "triage":
        await ledger.receipt(case_id, "tax", "returned", **WHY)
    elif state == "awaiting_approval":
        await ledger.receipt(case_id, "tax", "proposed_complex", reason="疑难")
    else:
        await ledger.receipt(case_id, "hrss", "opinion")
        await ledger.receipt(case_id, "medical", "opinion")
    assert await ledger.state(case_id) == state
    await ledger.event(case_id, "withdraw")
    assert await ledger.state(case_id) == "withdrawn"
    assert (await ledger.messages(kind="upstream"))[-1]["type"] == "ticket.withdrawn"
    clocks = (await ledger.file(case_id)).deadlines
    running = {DeadlineStatus.RUNNING, DeadlineStatus.DUE_SOON, DeadlineStatus.OVERDUE}
    assert not running & {clock.status for clock in clocks}


async def test_returns_are_counted_per_round_and_the_cases_clock_runs_on(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    limit = (await ledger.assignment(case_id, "tax"))["due"]["reply_by"]
    await ledger.receipt(case_id, "tax", "returned", suggested_unit="medical", **WHY)
    assert (await ledger.assignment(case_id, "medical"))["due"]["reply_by"] == limit
    await ledger.receipt(case_id, "medical", "opinion")
    await ledger.deliver()
    await ledger.event(case_id, "rework")
    await ledger.act(case_id, "reroute", unit="hrss", reason="改派")
    await ledger.receipt(case_id, "hrss", "returned", suggested_unit="tax", **WHY)
    view = await ledger.view(case_id)
    assert (view["state"], view["lead"], view["accepting_unit"]) == ("handling", "tax", "medical")


async def test_signing_ends_the_right_to_return_and_opens_the_right_to_transfer(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    before = (await ledger.assignment(case_id, "tax"))["allowed"]
    assert "returned" in before
    assert "transferred" not in before
    answer = await ledger.receipt(case_id, "tax", "signed")
    assert "returned" not in answer.body["allowed"]
    assert "transferred" in answer.body["allowed"]
    with pytest.raises(IllegalTransition):
        await ledger.receipt(case_id, "tax", "signed")


async def test_an_overridden_part_is_not_waited_for_when_its_unit_returns_it_after_all(ledger: Ledger) -> None:
    case_id = await ledger.ticket(JOINT)
    await ledger.receipt(case_id, "hrss", "opinion")
    await ledger.act(case_id, "override", OFFICE, reason="先行")
    assert (await ledger.owed(case_id))["tax"] == ["signed", "consolidated"]
    await ledger.receipt(case_id, "medical", "returned", suggested_unit="finance", **WHY)
    await ledger.receipt(case_id, "tax", "consolidated")
    await ledger.deliver()
    assert await ledger.state(case_id) == "replied"
    await ledger.receipt(case_id, "finance", "opinion")
    assert (await ledger.owed(case_id))["tax"] == ["consolidated"]


def test_in_shadow_every_message_that_would_leave_is_held() -> None:
    from types import SimpleNamespace

    from bridge.core.model.message import Message
    from bridge.core.vocabulary import MessageType

    adapter = SimpleNamespace(delivers=True)
    registry: Any = SimpleNamespace(feeds={"hotline": adapter}, channel=lambda name: adapter if name == "tax" else None)
    rules: Any = SimpleNamespace(policy=SimpleNamespace(units={}))
    targets = Targets(registry, lambda: rules, {}, shadow=True)

    def placed(kind: str, target: str) -> Any:
        return targets.placement(Message("k", kind, target, MessageType.CASE_UPDATED, "c", "g", 1, {}))

    assert placed("upstream", "hotline") == placed("unit", "tax") == HELD
    assert HELD.state is OutboxState.PARKED
    assert placed("unit", "hrss") == CONSOLE
