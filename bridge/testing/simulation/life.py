"""One life from one seed: a county, a storm over it, calm, two months of clocks, and the verdict.

Owns: what is built, when replicas crash, when the storm ends. Must not: judge (``verdict``).
"""

from __future__ import annotations

import asyncio
import itertools
import random
import traceback
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from bridge.core.policy import Rules
from bridge.store.writer import Tx
from bridge.testing.simulation.faults import draw_faults
from bridge.testing.simulation.hotline import Hotline
from bridge.testing.simulation.ledger import SimStore, copy_template, open_database, open_store
from bridge.testing.simulation.line import Line
from bridge.testing.simulation.loop import Groups, SimLoop, Stuck
from bridge.testing.simulation.office import Desk, Office
from bridge.testing.simulation.ports import START, Calendar, SimClock
from bridge.testing.simulation.replica import Replica
from bridge.testing.simulation.trace import Trace
from bridge.testing.simulation.verdict import Judge, Verdict, compare_metrics
from bridge.testing.simulation.wire import Party, Wire, make_registry
from bridge.testing.tickets import tickets

STORM_SECONDS = (10.0, 30.0)
CALM_SECONDS = 600.0
"""Liveness: everything is settled within ten minutes after the last fault."""
AFTERWARDS = timedelta(days=60)
WORLD = "world"
"""The group of whoever survives the bridge's crashes."""
PULLING = frozenset({"finance"})
_QUIET = """
SELECT (SELECT count(*) FROM outbox WHERE state IN ('ready', 'leased')) +
       (SELECT count(*) FROM cases WHERE state IN ('triage', 'awaiting_approval', 'handling', 'consolidating', 'replying'))
"""


@dataclass
class Life:
    """The county of one seed; ``rules`` without review, so that most tickets need no person."""

    seed: int
    rules: Rules
    engine: Engine
    loop: SimLoop
    dice: random.Random
    replicas: list[Replica] = field(default_factory=list)
    lives: list[Replica] = field(default_factory=list)
    crashes: int = 0

    def __post_init__(self) -> None:
        """Draw the county and its faults."""
        self.faults = draw_faults(self.dice)
        self.unlucky = self.faults.crash_every_seconds or self.faults.commit_unknown or self.faults.database_down
        self.trace = Trace(self.loop.time)
        self.groups = Groups(self.loop)
        self.calendar = Calendar()
        self.line = Line(lambda: self.replicas, self.dice, lambda: self.faults, self.trace)
        self.upstream = Party("hotline", self.trace)
        self.hotline = Hotline(self.line, self.upstream)
        self.desks = {unit: self._desk(unit) for unit in self.rules.policy.units}
        self._names = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []

    def _desk(self, unit: str) -> Desk:
        desk = Desk(unit, self.line, Party(unit, self.trace), self._spawn)
        desk.party.hear = desk.hear
        return desk

    def _open_store(self) -> SimStore:
        return open_store(self.engine, self.dice, lambda: self.faults)

    def _start_replica(self, *, alone: bool) -> Replica:
        clock = SimClock(self.loop, self.calendar, timedelta(seconds=self.dice.uniform(-0.5, 0.5)))
        parties = {unit: desk.party for unit, desk in self.desks.items()}
        wire = Wire(self.dice, lambda: self.faults)
        registry = make_registry({"hotline": self.upstream}, parties, PULLING, wire, clock)
        name = f"p{next(self._names)}"
        replica = Replica(name, self._open_store(), clock, self.rules, registry, self.groups, self.dice)
        replica.start(alone=alone)
        self.lives.append(replica)
        self.trace.note("started", replica=name)
        return replica

    async def run(self) -> list[str]:
        """Live; returns the violations."""
        count = self.dice.choice((1, 2))
        self.replicas = [self._start_replica(alone=count == 1) for _ in range(count)]
        self._begin_work()
        await self._storm(self.dice.uniform(*STORM_SECONDS))
        self.faults = self.faults.ended()
        settled = await self._settle()
        self.calendar.ahead += AFTERWARDS
        settled = settled and await self._settle()
        found = [] if settled else [f"not settled {CALM_SECONDS:.0f} s after the last fault"]
        found += self.line.wrong + self._judge()
        await self._end()
        return found + self.trace.bugs

    def _begin_work(self) -> None:
        drafts = tickets(self.dice, "T", START)
        for _ in range(self.dice.randint(2, 6)):
            body = next(drafts).body
            self._spawn(self.hotline.bring(body, self.dice.uniform(0.0, 15.0)))
        self._spawn(Office(self.line).work_for_ever())
        for unit in sorted(PULLING):
            self._spawn(self.desks[unit].fetch_for_ever())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start someone's work; whoever breaks down is a bug of the bridge or of the simulation."""
        task = self.groups.start(WORLD, work)
        task.add_done_callback(self._look_at)
        self._tasks.append(task)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trace.bugs.append("".join(traceback.format_exception(error)))

    async def _storm(self, seconds: float) -> None:
        """Crash replicas and move the calendar at random moments until the storm ends."""
        end, every = self.loop.time() + seconds, self.faults.crash_every_seconds
        while (left := end - self.loop.time()) > 0:
            await asyncio.sleep(min(left, self.dice.expovariate(1 / every) if every else self.dice.uniform(2.0, 8.0)))
            if every:
                await self._replace(self.dice.randrange(len(self.replicas)))
            if self.dice.random() < 0.2:  # noqa: PLR2004 - the calendar moves now and then
                self.calendar.ahead += timedelta(hours=self.dice.uniform(1.0, 40.0))

    async def _replace(self, number: int) -> None:
        replica = self.replicas[number]
        gentle = self.dice.random() < self.faults.gentle
        self.trace.note("terminated" if gentle else "crashed", replica=replica.name)
        self.crashes += 1
        if gentle:
            await replica.terminate()
        else:
            replica.crash()
        await asyncio.sleep(self.dice.uniform(0.0, 1.0))
        self.replicas[number] = self._start_replica(alone=len(self.replicas) == 1)

    async def _settle(self) -> bool:
        """Wait until nothing is under way and nothing is owed; False if that takes too long."""
        end = self.loop.time() + CALM_SECONDS
        while self.loop.time() < end:
            await asyncio.sleep(2.0)
            if not self.hotline.busy and self.replicas[0].store.look(self._is_quiet):
                return True
        return False

    def _is_quiet(self, tx: Tx) -> bool:
        if tx.read(text(_QUIET)).scalar_one():
            return False
        runtime = self.replicas[0].service.runtime
        return not runtime.store.queries.due_steps(tx, runtime.now(), 1)

    def _judge(self) -> list[str]:
        replica = self.replicas[0]
        units = {unit: desk.party for unit, desk in self.desks.items()}
        judge = Judge(replica.service.runtime, self.hotline.acked, self.upstream, units)
        found = replica.store.look(judge.examine)
        metrics = [life.metrics for life in self.lives]
        return found + replica.store.look(partial(compare_metrics, lives=metrics, exact=not self.unlucky))

    async def _end(self) -> None:
        for replica in self.replicas:
            replica.crash()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def numbers(self) -> dict[str, int]:
        """How much happened."""
        parties = [self.upstream, *(desk.party for desk in self.desks.values())]
        return {
            "tickets": len(self.hotline.acked),
            "crashes": self.crashes,
            "effects": sum(len(party.effects) for party in parties),
            "sends": sum(party.sends for party in parties),
            "seconds": int(self.loop.time()),
        }


def simulate(seed: int, rules: Rules, template: Path, directory: Path) -> Verdict:
    """Live the life of ``seed`` on a copy of ``template`` in ``directory``."""
    path = directory / f"life-{seed}.db"
    copy_template(template, path)
    dice = random.Random(seed)
    with _opened(path) as engine, _loop(dice) as loop:
        life = Life(seed, rules, engine, loop, dice)
        loop.set_exception_handler(life.trace.unfetched)
        with life.trace.listening():
            try:
                violations = loop.run_until_complete(life.run())
            except Stuck as stuck:
                violations = [str(stuck)]
        violations += [bug for bug in life.trace.bugs if bug not in violations]
    return Verdict(seed, tuple(violations), life.trace.digest, life.numbers, tuple(life.trace.lines))


@contextmanager
def _opened(path: Path) -> Iterator[Engine]:
    engine = open_database(path)
    try:
        yield engine
    finally:
        engine.dispose()
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()


@contextmanager
def _loop(dice: random.Random) -> Iterator[SimLoop]:
    loop = SimLoop(dice)
    try:
        yield loop
    finally:
        loop.close()
