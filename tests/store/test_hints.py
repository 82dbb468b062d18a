"""A word between replicas wakes them; without it, and whatever becomes of it, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from bridge.delivery.worker import Worker
from bridge.metrics import Metrics
from bridge.store import hints
from bridge.store.engine import parse
from bridge.store.hints import Hints
from bridge.testing.clock import FixedClock
from bridge.testing.store_suite import Database
from bridge.testing.store_suite.database import NOW, REGION, draft, inbound, service_on
from tests.conftest import fresh_database

PATIENCE_SECONDS = 60
OTHER = "140526"


class Ear:
    """Counts the words it hears."""

    def __init__(self) -> None:
        self.words: asyncio.Queue[None] = asyncio.Queue()

    def __call__(self) -> None:
        self.words.put_nowait(None)

    async def word(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.words.get()


class Arriving:
    """Targets that take everything."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, claimed: Any) -> None:
        self.sent.put_nowait(claimed.key)

    def adapter_name(self, _kind: str, _target: str) -> str:
        return "http_json"

    def uncertain_targets(self) -> list[str]:
        return []


Line = Callable[..., Awaitable[Hints]]


@pytest.fixture
async def url(postgres: str) -> AsyncIterator[str]:
    async with fresh_database(postgres) as url:
        yield url


@asynccontextmanager
async def lines(url: str) -> AsyncIterator[Line]:
    """Opens processes' lines to one database and closes them."""
    tasks: list[asyncio.Task[None]] = []

    async def open_line(ear: Ear | None = None, *, region: str = REGION, clock: FixedClock | None = None) -> Hints:
        line = Hints(parse(url), region, clock or FixedClock(NOW), heard=ear)
        tasks.append(asyncio.create_task(line.run()))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await line.connected.wait()
        return line

    try:
        yield open_line
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_word_wakes_the_other_processes_of_the_county_and_nobody_else(url: str) -> None:
    one, two, foreign = Ear(), Ear(), Ear()
    async with lines(url) as line:
        for ear in (one, two):
            await line(ear)
            await ear.word()
        await line(foreign, region=OTHER)
        await foreign.word()
        speaker, stranger = await line(), await line(region=OTHER)
        speaker.tell()
        await asyncio.gather(one.word(), two.word())
        stranger.tell()
        await foreign.word()
        assert [ear.words.qsize() for ear in (one, two, foreign)] == [0, 0, 0]


async def test_a_crowd_of_tickets_is_one_word(url: str) -> None:
    ear = Ear()
    async with lines(url) as line:
        await line(ear)
        await ear.word()
        clock = FixedClock(NOW)
        speaker = await line(clock=clock)
        for _ in range(100):
            speaker.tell()
        await ear.word()
        speaker.tell()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not clock.sleepers:  # noqa: ASYNC110 - the pause is the event
                await asyncio.sleep(0.01)
        assert ear.words.empty()
        clock.tick(hints.PAUSE_SECONDS)
        await ear.word()


async def test_who_was_cut_off_looks_at_once_when_it_hears_again(url: str) -> None:
    ear, clock = Ear(), FixedClock(NOW)
    database = Database(url)
    beside = await database.open()
    async with lines(url) as line:
        await line(ear, clock=clock)
        await ear.word()
        others = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
            "AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
        )
        assert await beside.read(lambda tx: tx.read(others).scalar_one()) == 1
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not clock.sleepers:  # noqa: ASYNC110 - asleep until the next try is the event
                await asyncio.sleep(0.01)
        assert ear.words.empty()
        clock.tick(hints.AGAIN_SECONDS)
        await ear.word()
    await database.close()


async def test_behind_a_pooler_in_transaction_mode_nobody_listens_or_speaks(url: str) -> None:
    ear = Ear()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await Hints(parse(f"{url}{'&' if '?' in url else '?'}pooler=transaction"), REGION, FixedClock(NOW), ear).run()
    assert ear.words.empty()


async def test_without_a_word_a_message_of_another_process_is_found_by_polling(url: str) -> None:
    database, targets = Database(url), Arriving()
    web, deliverer = [service_on(await database.open()) for _ in range(2)]
    worker = Worker(deliverer.runtime, targets, Metrics(), "w", deliverer.after)  # type: ignore[arg-type]
    loop = asyncio.create_task(worker.run())
    answer = await web.accept_ticket("hotline", draft("POLLED"), inbound("w1"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert answer.body["case_id"] in await targets.sent.get()
    await worker.stop()
    await loop
    await database.close()
