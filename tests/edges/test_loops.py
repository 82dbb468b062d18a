"""A loop whose database is lost looks for it again often enough that readiness soon hears it is back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from structlog.testing import capture_logs

from bridge.errors import Unavailable
from bridge.loops import DATABASE_REST_SECONDS, LONGEST_REST_SECONDS, Heartbeats, repeat
from bridge.metrics import Metrics
from bridge.testing.clock import FixedClock

WHY = "数据库暂时不可用（连接被拒绝）"
TIMES = 8


class Resting(FixedClock):
    """A clock that lets nobody wait, and remembers how long each wanted to."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 3, 2, tzinfo=UTC))
        self.rests: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        if len(self.rests) == TIMES:
            raise asyncio.CancelledError


async def rests(error: Exception | None) -> tuple[list[float], list[str]]:
    clock = Resting()

    async def step() -> None:
        if error is not None:
            raise error

    with capture_logs() as logs:
        task = repeat("a", step, clock, Heartbeats(clock, Metrics()), every_seconds=1)
        await asyncio.gather(task, return_exceptions=True)
    return clock.rests, [entry["why"] for entry in logs if "why" in entry]


async def test_a_lost_database_is_looked_for_often_and_the_log_says_why() -> None:
    waited, told = await rests(Unavailable(WHY))
    assert waited[0] < waited[-1] == DATABASE_REST_SECONDS
    assert told == [WHY] * TIMES


async def test_a_bug_is_given_more_time_and_good_work_none() -> None:
    assert (await rests(ZeroDivisionError()))[0][-1] == LONGEST_REST_SECONDS
    assert set((await rests(None))[0]) == {1.0}


async def test_a_database_that_refuses_to_be_written_is_told_at_once_and_forgotten_when_it_takes_again() -> None:
    clock, refusals = Resting(), iter([Unavailable(WHY)] * (TIMES - 1))
    beats, told = Heartbeats(clock, Metrics()), []

    async def step() -> None:
        told.append(beats.lacking())
        if (error := next(refusals, None)) is not None:
            raise error

    await asyncio.gather(repeat("a", step, clock, beats, every_seconds=1), return_exceptions=True)
    assert told == [[], *([[WHY]] * (TIMES - 1))]
    assert beats.lacking() == []
