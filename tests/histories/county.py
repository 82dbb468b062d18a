"""A county on one SQLite connection and a virtual clock: each command is a real unit of work of the pipeline.

Owns: committing a command or leaving no trace of it, delivering, letting the clocks fire. Must not: judge.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from bridge.core.commands import OperatorAction, UnitReceipt, UpstreamEvent
from bridge.core.model.event import Actor
from bridge.core.model.file import CaseFile
from bridge.core.model.ticket import TicketDraft
from bridge.core.policy import Rules
from bridge.pipeline import deadlines, intake, operate, receipts, settle
from bridge.pipeline.commit import Committed
from bridge.ports import Ports, UlidIds
from bridge.store.store import Store
from bridge.store.writer import Phased, Phases, Tx, Unit, whole
from bridge.testing.clock import FixedClock
from bridge.testing.simulation.ports import SimRng
from tests.conftest import REGION, vault
from tests.pipeline.conftest import MONDAY, make_runtime

T = TypeVar("T")
LEASE = timedelta(seconds=30)


@dataclass
class County:
    """Commands on the real store; whoever watches is shown every change with the unit that caused it, if one did."""

    connection: Connection
    rules: Rules
    watch: Callable[[Committed, str | None], None]
    decided: dict[str, CaseFile] = field(default_factory=dict)
    clock: FixedClock = field(default_factory=lambda: FixedClock(MONDAY.astimezone(UTC)))

    def __post_init__(self) -> None:
        """Open the store on the connection's database."""
        self.store = Store(self.connection.engine.url, REGION, vault())
        self.runtime = make_runtime(self.store, self.clock, self.rules)
        dice = SimRng(random.Random(1))
        self.runtime.ports = Ports(self.clock, UlidIds(self.clock.wall, dice.token), dice)

    def ticket(self, feed: str, draft: TicketDraft) -> str:
        """Push a ticket, or push it again; returns its case."""
        actor = Actor("upstream", feed)
        found = intake.assess(feed, draft, self.runtime.context(actor))

        def unit(tx: Tx) -> Phases[intake.Taken]:
            return intake.accept_ticket(tx, self.runtime, feed, draft, found, actor=actor, inbound=None)

        taken = self._phased(unit)
        self._show(taken.committed)
        return str(taken.answer.body["case_id"])

    def tell(self, feed: str, event: UpstreamEvent) -> None:
        """Send an upstream's event."""
        actor = Actor("upstream", feed)
        self._show(
            self._do(lambda tx: intake.accept_event(tx, self.runtime, feed, event, actor=actor, inbound=None)).committed
        )

    def receipt(self, unit: str, assignment_id: str, receipt: UnitReceipt) -> None:
        """Send a unit's receipt."""
        actor = Actor("unit", unit)

        def work(tx: Tx) -> Phases[intake.Taken]:
            return receipts.accept_receipt(tx, self.runtime, unit, assignment_id, receipt, actor=actor, inbound=None)

        self._show(self._phased(work).committed, unit)

    def act(self, case_id: str, action: OperatorAction, actor: Actor) -> None:
        """Do what an operator does."""
        self._show(self._do(lambda tx: operate.act(tx, self.runtime, case_id, action, actor, None)))

    def deliver(self) -> int:
        """Deliver everything that waits, in the order of the outbox."""
        count, outbox, wall = 0, self.store.outbox, self.clock.wall()
        while claimed := self._do(lambda tx: outbox.claim(tx, owner="test", count=50, wall=wall, until=wall + LEASE)):
            for each in claimed:
                self._show(self._do(lambda tx, each=each: settle.delivered(tx, self.runtime, each)))  # type: ignore[misc]
                count += 1
        return count

    def pass_time(self, hours: float) -> None:
        """Move the business clock, stopping wherever a rung is due."""
        target = self.clock.now() + timedelta(hours=hours)
        while True:
            self._fire_due()
            due = self._do(self.store.queries.next_fire_at)
            if due is None or due > target:
                break
            self.clock.move_to(due)
        self.clock.move_to(target)
        self._fire_due()

    def _fire_due(self) -> None:
        while steps := self._do(lambda tx: deadlines.due(tx, self.runtime)):
            fired = [self._do(lambda tx, step=step: deadlines.fire(tx, self.runtime, step)) for step in steps]  # type: ignore[misc]
            for committed in fired:
                self._show(committed)
            assert any(fired), f"these rungs stay due for ever: {steps}"

    def files(self) -> list[CaseFile]:
        """Return every case as it was decided last, in the order they were opened."""
        return list(self.decided.values())

    def stored(self) -> list[CaseFile]:
        """Return every case as the store has it."""
        return self._do(lambda tx: [*self._load(tx)])

    def _load(self, tx: Tx) -> Iterator[CaseFile]:
        for case_id in self.decided:
            file = self.store.cases.load(tx, case_id)
            assert file is not None
            yield file

    def first_break(self, case_id: str) -> int | None:
        """Return where a case's chain breaks."""
        return self._do(lambda tx: self.store.history.first_break(tx, case_id))

    def _phased(self, unit: Phased[T]) -> T:
        return self._do(lambda tx: whole(unit(tx)))

    def _do(self, unit: Unit[T]) -> T:
        """Commit a unit; one that raises leaves nothing behind."""
        tx = Tx(self.connection)
        with self.connection.begin_nested():
            result = unit(tx)
            tx.flush()
        for call in tx.then:
            call()
        return result

    def _show(self, committed: Committed | None, unit: str | None = None) -> None:
        if committed is None:
            return
        for other in committed.also:
            self._show(other, unit)
        self.decided[committed.file.case.id] = committed.file
        self.watch(committed, unit)

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.clock.now()
