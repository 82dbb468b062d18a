"""One row, case or message that cannot be handled holds up nobody else, and is neither lost nor sent for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text, update

from bridge.core.model.message import Message
from bridge.core.retry import Park, RetryAfter, next_attempt
from bridge.core.vocabulary import MessageType, OutboxState
from bridge.delivery.targets import Targets
from bridge.delivery.worker import Worker
from bridge.errors import FailureReason, InvalidPayload, Unavailable
from bridge.metrics import Metrics
from bridge.store.codec import CASES, TICKETS, table_of
from bridge.store.tables import InboundRow, OutboxRow
from tests.pipeline.conftest import SINGLE, Ledger

OUTBOX = table_of(OutboxRow)


class EveryMessageArrives:
    """Targets that take everything at once."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, claimed: Any) -> None:
        self.sent.append(claimed.key)

    def adapter_name(self, _kind: str, _target: str) -> str:
        return "http_json"

    def is_idempotent(self, _claimed: Any) -> bool:
        return True

    def uncertain_targets(self) -> list[str]:
        return []


class SlowTargets(EveryMessageArrives):
    """Targets that take their time."""

    async def send(self, claimed: Any) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        await super().send(claimed)


def worker(ledger: Ledger, targets: EveryMessageArrives) -> Worker:
    return Worker(ledger.service.runtime, targets, Metrics(), "w", ledger.service.after)  # type: ignore[arg-type]


async def spoil(ledger: Ledger, statement: Any) -> None:
    """Change rows past the store; the new version makes the writer read them instead of what it kept."""
    version = CASES.table.c.version
    await ledger.store.write(lambda tx: tx.write(statement))
    await ledger.store.write(lambda tx: tx.write(update(CASES.table).values({version: version + 1})))


async def test_a_message_that_cannot_be_opened_is_parked_and_the_others_leave(ledger: Ledger) -> None:
    await ledger.ticket(SINGLE, external_id="P1")
    first = (await ledger.messages())[0]["key"]
    await spoil(ledger, update(OUTBOX).where(OUTBOX.c.key == first).values(payload=b"spoiled"))
    await ledger.ticket(SINGLE, external_id="P2")
    assert await ledger.deliver() == 3
    rows = await ledger.store.read(lambda tx: ledger.store.outbox.listing(tx, state="parked", target=None, limit=10))
    assert [(row["key"], row["reason"]) for row in rows] == [(first, "bug")]


async def test_a_case_that_cannot_be_read_does_not_stop_the_other_clocks(ledger: Ledger) -> None:
    spoiled = await ledger.ticket(SINGLE, external_id="P3")
    healthy = await ledger.ticket(SINGLE, external_id="P4")
    table = TICKETS.table
    await spoil(ledger, update(table).where(table.c.case_id == spoiled).values(body=b"spoiled"))
    ledger.clock.move_to(ledger.clock.now() + timedelta(days=3))
    while await ledger.service.sweep():
        pass
    events = (await ledger.service.history(healthy))["events"]
    assert any(event["type"] == "deadline.missed" for event in events)


async def test_a_reply_whose_case_cannot_be_read_is_parked_not_sent_for_ever(ledger: Ledger) -> None:
    case_id = await ledger.ticket(SINGLE)
    await ledger.receipt(case_id, "tax", "opinion")
    table, targets = TICKETS.table, EveryMessageArrives()
    await spoil(ledger, update(table).where(table.c.case_id == case_id).values(body=b"spoiled"))
    at_work = worker(ledger, targets)
    loop = asyncio.create_task(at_work.run())
    async with asyncio.timeout(30):
        while not (parked := await parked_keys(ledger)):  # noqa: ASYNC110 - the outbox row is the event
            await asyncio.sleep(0.01)
    await at_work.stop()
    await loop
    assert parked == [key for key in targets.sent if "replied" in key]
    assert len(targets.sent) == len(set(targets.sent))


async def test_a_worker_told_to_stop_amid_a_claim_leaves_nothing_leased(ledger: Ledger) -> None:
    """Whatever its claim still brought is sent; else it would wait for its lease to end."""
    rounds = 24
    for number in range(rounds):
        await ledger.ticket(SINGLE, external_id=f"S{number}")
        at_work = worker(ledger, SlowTargets())
        loop = asyncio.create_task(at_work.run())
        for _ in range(number):
            await asyncio.sleep(0)
        await at_work.stop()
        assert (
            await ledger.store.read(lambda tx: ledger.store.outbox.listing(tx, state="leased", target=None, limit=9))
            == []
        )
        await loop


async def parked_keys(ledger: Ledger) -> list[str]:
    rows = await ledger.store.read(lambda tx: ledger.store.outbox.listing(tx, state="parked", target=None, limit=10))
    return [row["key"] for row in rows]


async def test_a_unit_of_work_with_values_the_database_refuses_fails_alone(ledger: Ledger) -> None:
    refused = text(f"INSERT INTO {table_of(InboundRow).name} (webhook_id) VALUES ('x')")
    good = [ledger.ticket(SINGLE, external_id=f"G{number}") for number in range(6)]
    bad = [ledger.store.write(lambda tx: tx.write(refused)) for _ in range(4)]
    results = await asyncio.gather(*good[:3], *bad, *good[3:], return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    assert len(failed) == 4
    assert all(isinstance(error, Unavailable) for error in failed)


async def test_a_push_to_a_feed_that_is_gone_is_a_persons_matter_and_a_counters_is_not() -> None:
    registry: Any = SimpleNamespace(feeds={}, channel=lambda _name: None)
    targets = Targets(registry, lambda: SimpleNamespace(policy=SimpleNamespace(units={})), {})

    def placed(kind: str, target: str) -> OutboxState:
        message = Message("k", kind, target, MessageType.TICKET_REPLIED, "c", "g", 1, {})
        return targets.placement(message).state

    assert placed("upstream", "gone") is OutboxState.PARKED
    assert placed("upstream", "counter.tax") is OutboxState.DELIVERED
    assert placed("unit", "tax") is OutboxState.DELIVERED


async def test_a_cursor_no_fetch_could_have_given_is_refused(ledger: Ledger) -> None:
    for cursor in ("9" * 40, "-1", "x"):
        with pytest.raises(InvalidPayload):
            await ledger.service.messages("tax", cursor, 10)


@pytest.mark.parametrize("reason", [r for r in FailureReason if r is not FailureReason.BUG])
def test_every_first_failure_is_tried_again_within_five_seconds(reason: FailureReason) -> None:
    verdict = next_attempt(reason, 1, idempotent=True, jitter=1.0)
    assert isinstance(verdict, RetryAfter)
    assert verdict.seconds + 1.0 <= 5.0


def test_lost_answers_are_asked_about_less_and_less_often_and_end_with_a_person() -> None:
    late = next_attempt(FailureReason.UNCERTAIN, 50, idempotent=True, jitter=0.0)
    assert isinstance(late, RetryAfter)
    assert late.seconds == 300
    assert isinstance(next_attempt(FailureReason.UNCERTAIN, 1_000, idempotent=True, jitter=0.0), Park)
