"""The connection breaks while a COMMIT is under way: nobody is told what is not known, and a retry does it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bridge.core.commands import UnitReceipt
from bridge.core.vocabulary import ReceiptType
from bridge.errors import OutcomeUnknown
from bridge.pipeline.inbound import Answer
from bridge.testing.fault_proxy import FaultProxy, Loss
from bridge.testing.store_suite import Database
from bridge.testing.store_suite.database import draft, inbound
from bridge.testing.store_suite.replicas import count, joint_case
from tests.conftest import fresh_database

pytestmark = pytest.mark.parametrize("loss", list(Loss))
AT_ONCE = 24
DONE = {Loss.COMMIT: 0, Loss.ANSWER: 1}


@pytest.fixture
async def direct(postgres: str) -> AsyncIterator[Database]:
    async with fresh_database(postgres) as url:
        database = Database(url)
        yield database
        await database.close()


@pytest.fixture
async def proxy(direct: Database) -> AsyncIterator[FaultProxy]:
    with FaultProxy(direct.url) as proxy:
        yield proxy


@pytest.fixture
async def cut(proxy: FaultProxy) -> AsyncIterator[Database]:
    database = Database(proxy.url)
    yield database
    await database.close()


async def test_a_ticket_sent_again_under_its_webhook_id_is_registered_once(
    direct: Database, cut: Database, proxy: FaultProxy, loss: Loss
) -> None:
    service, beside = (await cut.services())[0], await direct.open()
    proxy.cut_next_commit("ZZ-cut", loss)
    with pytest.raises(OutcomeUnknown):
        await service.accept_ticket("hotline", draft("ZZ-cut"), inbound("w1"))
    assert proxy.cuts == 1
    assert await count(beside, "tickets") == DONE[loss]
    answer = await service.accept_ticket("hotline", draft("ZZ-cut"), inbound("w1"))
    assert answer.status == 202
    assert answer.body["duplicate"] is False
    for rows in ("tickets", "cases", "inbound", "outbox WHERE type = 'assignment.dispatched'"):
        assert await count(beside, rows) == 1


async def test_a_receipt_sent_again_under_its_webhook_id_counts_once(
    direct: Database, cut: Database, proxy: FaultProxy, loss: Loss
) -> None:
    service, beside = (await cut.services())[0], await direct.open()
    case_id, assignment = await joint_case(service)
    progress = UnitReceipt(ReceiptType.PROGRESS, text="正在核实")
    proxy.cut_next_commit("progress-key", loss)
    with pytest.raises(OutcomeUnknown):
        await service.accept_receipt("tax", assignment, progress, inbound("progress-key", "unit:tax"))
    events = f"events WHERE case_id = '{case_id}' AND type = 'progress.reported'"
    assert await count(beside, events) == DONE[loss]
    await service.accept_receipt("tax", assignment, progress, inbound("progress-key", "unit:tax"))
    assert await count(beside, events) == 1
    assert (await service.history(case_id))["chain_intact"]


async def test_everybody_of_a_broken_commit_is_told_so_and_can_come_again(
    direct: Database, cut: Database, proxy: FaultProxy, loss: Loss
) -> None:
    """Nobody whose work shared the COMMIT is told that nothing was registered."""
    service, beside = (await cut.services())[0], await direct.open()

    async def bring(number: int) -> Answer:
        return await service.accept_ticket("hotline", draft(f"ZZ-cut-{number}"), inbound(f"w{number}"))

    proxy.cut_next_commit("ZZ-cut-", loss)
    answers = await asyncio.gather(*[bring(number) for number in range(AT_ONCE)], return_exceptions=True)
    lost = [answer for answer in answers if isinstance(answer, BaseException)]
    assert {type(error) for error in lost} == {OutcomeUnknown}
    assert await count(beside, "tickets") == AT_ONCE - len(lost) + DONE[loss] * len(lost)
    again = await asyncio.gather(*[bring(number) for number in range(AT_ONCE)])
    assert {answer.body["duplicate"] for answer in again} == {False}
    for rows in ("tickets", "inbound", "outbox WHERE type = 'assignment.dispatched'"):
        assert await count(beside, rows) == AT_ONCE
