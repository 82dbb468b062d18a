"""The real clock moves on and never back; the fixed one stands until it is told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bridge.clock import SystemClock
from bridge.ports import Clock
from bridge.testing.clock import FixedClock

NOON = datetime(2026, 1, 19, 4, 0, tzinfo=UTC)


async def everyone_ran():
    for _ in range(10):
        await asyncio.sleep(0)


def test_both_satisfy_the_port():
    clocks: list[Clock] = [SystemClock(), FixedClock(NOON)]
    assert all(clock.now().tzinfo is UTC and clock.wall().tzinfo is UTC for clock in clocks)


def test_business_time_runs_ahead_of_the_wall_by_the_offset():
    clock = SystemClock(timedelta(days=3))
    before, now, after = clock.wall(), clock.now(), clock.wall()
    assert before <= now - timedelta(days=3) <= after


def test_business_time_is_moved_on_and_the_wall_stays():
    clock = SystemClock()
    wall = clock.wall()
    clock.advance(timedelta(days=1))
    target = wall + timedelta(days=5)
    assert target <= clock.move_to(target) < target + timedelta(minutes=1)
    assert clock.wall() < wall + timedelta(minutes=1)
    assert clock.offset > timedelta(days=4)


def test_business_time_never_goes_back():
    clock = SystemClock(timedelta(days=3))
    with pytest.raises(ValueError, match="only moves on"):
        clock.advance(timedelta(seconds=-1))
    clock.move_to(clock.wall())
    assert clock.offset == timedelta(days=3)


async def test_the_real_clock_sleeps_on_the_wall():
    clock = SystemClock()
    begin = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() >= begin + 0.001


def test_the_fixed_clock_stands_still_until_it_ticks():
    clock = FixedClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.tick(1.5)
    later = NOON + timedelta(seconds=1.5)
    assert (clock.now(), clock.wall(), clock.monotonic()) == (later, later, 1.5)


def test_the_two_times_of_the_fixed_clock_move_apart():
    clock = FixedClock(NOON, wall=NOON - timedelta(hours=1))
    clock.advance(timedelta(days=2))
    assert (clock.now(), clock.wall()) == (NOON + timedelta(days=2), NOON - timedelta(hours=1))
    clock.set_wall(NOON)
    clock.move_to(NOON)
    assert (clock.now(), clock.wall()) == (NOON, NOON)


async def test_sleepers_of_the_fixed_clock_wake_when_their_time_has_come():
    clock = FixedClock(NOON)
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("long", 10))
        group.create_task(sleep("short", 1))
        group.create_task(sleep("none", 0))
        await everyone_ran()
        clock.tick(1)
        await everyone_ran()
        assert (woken, clock.sleepers) == (["none", "short"], 1)
        clock.tick(9)
    assert woken == ["none", "short", "long"]


async def test_a_cancelled_sleeper_is_forgotten():
    clock = FixedClock(NOON)
    task = asyncio.create_task(clock.sleep(5))
    await everyone_ran()
    assert clock.sleepers == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert clock.sleepers == 0
    clock.tick(5)
