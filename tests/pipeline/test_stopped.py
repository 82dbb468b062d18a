"""Messages that wait for a person: chosen, sent again, dropped, settled by hand, corrected; each with its line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bridge.core.vocabulary import OutboxState
from bridge.errors import IllegalTransition, InvalidPayload
from bridge.pipeline import stopped
from bridge.store.outbox import Placement
from bridge.store.stopped import SHADOW, Choice
from tests.pipeline.conftest import OPERATOR, SINGLE, Ledger


def placing(ledger: Ledger, placement: Placement, *, shadow: bool = False) -> None:
    ledger.service.runtime = replace(ledger.service.runtime, placement=lambda _message: placement, shadow=shadow)


@pytest.fixture
async def held(ledger: Ledger) -> str:
    """A case whose every message shadow mode held."""
    placing(ledger, Placement(OutboxState.PARKED, sent=False, reason=SHADOW), shadow=True)
    return await ledger.ticket(SINGLE)


async def listed(ledger: Ledger, **equal: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ledger.service.outbox(500, **equal))["messages"]
    return found


async def lines(ledger: Ledger, case_id: str, type_: str) -> list[dict[str, Any]]:
    return [e["detail"] for e in (await ledger.service.history(case_id))["events"] if e["type"] == type_]


async def test_nothing_leaves_in_shadow_and_the_case_shows_what_is_held(ledger: Ledger, held: str) -> None:
    shown = (await ledger.view(held))["stopped"]
    assert {each["type"] for each in shown} == {"assignment.dispatched", "ticket.transferred"}
    assert {each["reason"] for each in shown} == {SHADOW}
    assert await ledger.deliver() == 0
    assert await ledger.service.messages("tax", None, 10) == {"messages": [], "cursor": None}
    keys = await ledger.service.stopped(Choice(reason=SHADOW))
    with pytest.raises(stopped.InShadow, match="live"):
        await ledger.service.settle_stopped(stopped.resend, keys, OPERATOR, None)
    assert {row["state"] for row in await listed(ledger)} == {"parked"}


async def test_after_going_live_only_what_a_person_names_is_sent_and_stale_nags_are_not(
    ledger: Ledger, held: str
) -> None:
    await ledger.until("2026-03-12T12:00:00+08:00")
    placing(ledger, Placement())
    assert await ledger.deliver() == 0
    assert {row["type"] for row in await listed(ledger)} >= {"assignment.reminder", "assignment.escalated"}
    keys = await ledger.service.stopped(Choice(reason=SHADOW, nags=False))
    rows = await ledger.service.settle_stopped(stopped.resend, keys, OPERATOR, "转正式")
    assert [row["type"] for row in rows] == ["ticket.transferred", "assignment.dispatched"]
    assert await ledger.deliver() == 2
    assert {each["type"] for each in (await ledger.view(held))["stopped"]} == {
        "assignment.reminder",
        "assignment.escalated",
    }
    assert [line["reason"] for line in await lines(ledger, held, "message.resent")] == ["转正式", "转正式"]


async def test_a_message_to_be_fetched_is_fetched_again_and_never_sent(ledger: Ledger, held: str) -> None:
    placing(ledger, Placement(OutboxState.READY, sent=False))
    keys = await ledger.service.stopped(Choice(target="tax"))
    await ledger.service.settle_stopped(stopped.resend, keys, OPERATOR, None)
    assert await ledger.deliver() == 0
    fetched = await ledger.service.messages("tax", None, 10)
    assert [message["case_id"] for message in fetched["messages"]] == [held]


async def test_a_reply_told_by_hand_ends_the_case_without_being_sent(ledger: Ledger, held: str) -> None:
    await ledger.receipt(held, "tax", "opinion", resolved=True)
    assert await ledger.state(held) == "replying"
    keys = await ledger.service.stopped(Choice(case_id=held, type="ticket.replied"))
    await ledger.service.settle_stopped(stopped.by_hand, keys, OPERATOR, "原系统已答复")
    assert await ledger.state(held) == "replied"
    assert await ledger.deliver() == 0
    assert len(await lines(ledger, held, "message.settled_by_hand")) == 1


async def test_what_is_dropped_stays_dropped(ledger: Ledger, held: str) -> None:
    keys = await ledger.service.stopped(Choice(reason=SHADOW, until=ledger.clock.wall()))
    await ledger.service.settle_stopped(stopped.drop, keys, OPERATOR, None)
    assert await ledger.service.stopped(Choice()) == []
    assert await ledger.service.settle_stopped(stopped.resend, keys, OPERATOR, None) == []
    assert {row["state"] for row in await listed(ledger, case_id=held)} == {"cancelled"}


async def test_a_body_is_corrected_with_both_versions_kept_and_its_subject_fixed(ledger: Ledger, held: str) -> None:
    [key] = await ledger.service.stopped(Choice(type="ticket.transferred"))
    body = json.loads(await ledger.service.message_body(key))
    better = body | {"contact": {**body["contact"], "phone": "0356-3032000"}}
    changed = await ledger.service.edit_message(key, json.dumps(better).encode(), OPERATOR, "电话有误")
    assert changed == ["contact"]
    assert json.loads(await ledger.service.message_body(key)) == better
    [line] = await lines(ledger, held, "message.edited")
    assert (line["before"], line["after"]) == ({"contact": body["contact"]}, {"contact": better["contact"]})
    with pytest.raises(InvalidPayload, match="case_id"):
        await ledger.service.edit_message(key, json.dumps(body | {"case_id": "other"}).encode(), OPERATOR, None)
    await ledger.service.settle_stopped(stopped.drop, [key], OPERATOR, None)
    with pytest.raises(IllegalTransition, match="搁置"):
        await ledger.service.edit_message(key, json.dumps(body).encode(), OPERATOR, None)


async def test_a_hold_takes_back_what_was_ready_before(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    assert await ledger.store.write(ledger.store.stopped.hold) == 2
    assert await ledger.deliver() == 0
    assert {each["reason"] for each in (await ledger.view(case_id))["stopped"]} == {SHADOW}
    assert await ledger.store.read(ledger.store.stopped.held) == 2


async def test_what_reaches_nobody_is_noted_without_a_body(ledger: Ledger) -> None:
    placing(ledger, Placement(OutboxState.DELIVERED, sent=False, reason="console"))
    case_id = await ledger.ticket(SINGLE)
    noted = {each["type"]: each for each in await ledger.messages(target="tax")}
    assert set(noted["assignment.dispatched"]) == {"key", "target", "type", "notice"}
    assert (await ledger.assignment(case_id, "tax"))["owed"] == ["signed", "opinion"]
