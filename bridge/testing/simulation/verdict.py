"""What must hold once a life has calmed down, checked against the ledger and the counterparts' own books.

Owns: the invariants of our promise (ADR 0002, 0004). Must not: change anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from bridge.core.model.file import CaseFile
from bridge.core.vocabulary import MessageType, OutboxState, TicketState
from bridge.metrics import Metrics
from bridge.pipeline.runtime import Runtime
from bridge.store.history import RecordedEvent
from bridge.store.writer import Tx
from bridge.testing.simulation.replica import FEED
from bridge.testing.simulation.wire import Json, Party

_ONCE = {"reminder.sent", "deadline.missed", "deadline.escalated", "return.lapsed", "objection.lapsed"}
_ENDED_BY = {TicketState.RETURNED: "ticket.returned", TicketState.WITHDRAWN: "ticket.withdrawn"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a life: what was violated (nothing, one hopes), and the hash of its trace."""

    seed: int
    violations: tuple[str, ...]
    digest: str
    numbers: Mapping[str, int]
    trace: tuple[str, ...] = field(repr=False, default=())

    @property
    def command(self) -> str:
        """The command that repeats this life."""
        return f"python -m bridge.testing.simulation {self.seed}"

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {len(self.violations)} violations; repeat with: {self.command}"]
        return "\n  ".join([*lines, *self.violations[:12]])


@dataclass
class Judge:
    """Looks at everything once."""

    runtime: Runtime
    acked: Mapping[str, Json]
    upstream: Party
    units: Mapping[str, Party]
    found: list[str] = field(default_factory=list)

    def examine(self, tx: Tx) -> list[str]:
        """Return every violation."""
        files = self._files(tx)
        self._tickets(tx, files)
        self._outbox(tx)
        for file in files.values():
            self._case(tx, file)
            self._history(file, self.runtime.store.history.read(tx, file.case.id))
        self.found += [row[0] for row in tx.read(text("SELECT what FROM watched"))]
        return self.found

    def _files(self, tx: Tx) -> dict[str, CaseFile]:
        identifiers = tx.read(text("SELECT id FROM cases ORDER BY id")).scalars().all()
        loaded = {identifier: self.runtime.store.cases.load(tx, identifier) for identifier in identifiers}
        return {identifier: file for identifier, file in loaded.items() if file is not None}

    def _tickets(self, tx: Tx, files: Mapping[str, CaseFile]) -> None:
        for external_id, answer in self.acked.items():
            known = self.runtime.store.tickets.known(tx, FEED, external_id)
            if known is None or known.id != answer["ticket_id"] or known.case_id not in files:
                self.found.append(f"acknowledged ticket {external_id} is not in the ledger as {answer}")
        tickets = [ticket for file in files.values() for ticket in file.tickets]
        self._same("cases", [ticket.external_id for ticket in tickets], sorted(self.acked))
        for ticket in tickets:
            self._replies(ticket)

    def _same(self, what: str, ours: list[str], theirs: list[str]) -> None:
        if sorted(ours) != sorted(theirs):
            self.found.append(f"{what} differ: {sorted(ours)} and {sorted(theirs)}")

    def _replies(self, ticket: Any) -> None:
        """One reply a round, by key, and one message that ends a ticket without a reply."""
        mine = [body for body in self.upstream.effects.values() if body["ticket_id"] == ticket.id]
        replies = Counter(b["round"] for b in mine if b["type"] == "ticket.replied" and not b["supplement"])
        ending = _ENDED_BY.get(ticket.state)
        owed = dict.fromkeys(range(1, ticket.round + (ending is None)), 1)
        if dict(replies) != owed:
            self.found.append(f"{ticket.external_id} ({ticket.state}) got replies {dict(replies)}, was owed {owed}")
        if ending and sum(body["type"] == ending for body in mine) != 1:
            self.found.append(f"{ticket.external_id} was not ended by one {ending}")

    def _outbox(self, tx: Tx) -> None:
        """Every message was delivered, and what was delivered is exactly what the counterparts took."""
        rows = tx.read(text("SELECT key, kind, target, state, type FROM outbox ORDER BY key")).all()
        for row in rows:
            if row.state != OutboxState.DELIVERED.value:
                self.found.append(f"message {row.key} is {row.state}")
        for kind, target, party in self._parties():
            ours = [row.key for row in rows if row.kind == kind and row.target == target]
            missing, unknown = sorted(set(ours) - set(party.effects)), sorted(set(party.effects) - set(ours))
            self.found += [f"{target} never took {key}" for key in missing]
            self.found += [f"{target} took {key}, which nobody queued" for key in unknown]
            self._dispatches(target, party)

    def _parties(self) -> Iterable[tuple[str, str, Party]]:
        yield "upstream", FEED, self.upstream
        for name, party in self.units.items():
            yield "unit", name, party

    def _dispatches(self, target: str, party: Party) -> None:
        wanted = MessageType.ASSIGNMENT_DISPATCHED.value
        effects = [b for b in party.effects.values() if b["type"] == wanted]
        for (assignment, round_), count in Counter((b["assignment_id"], b["round"]) for b in effects).items():
            if count != 1:
                self.found.append(f"{target} was sent {assignment} {count} times in round {round_}")

    def _case(self, tx: Tx, file: CaseFile) -> None:
        owing = [f"{a.unit}:{','.join(a.owes)}" for a in file.assignments if a.owes and a.state in _ACTIVE]
        if owing:
            self.found.append(f"case {file.case.id} ({file.case.state}) is still owed {owing}")
        if broken := self.runtime.store.history.first_break(tx, file.case.id):
            self.found.append(f"the history of {file.case.id} is broken at {broken}")
        if any(ticket.state in (TicketState.OPEN, TicketState.REPLYING) for ticket in file.tickets):
            self.found.append(f"case {file.case.id} ({file.case.state}) has an open ticket")

    def _history(self, file: CaseFile, events: list[RecordedEvent]) -> None:
        """Each rung of each clock fired once at most."""
        fired = Counter((e.type, e.detail["deadline"], e.detail.get("step")) for e in events if e.type in _ONCE)
        self.found += [f"{file.case.id}: {rung} fired {count} times" for rung, count in fired.items() if count > 1]


_ACTIVE = ("dispatched", "signed", "answered")


def compare_metrics(tx: Tx, lives: Iterable[Metrics], *, exact: bool) -> list[str]:
    """Hold the counters of every process against the ledger.

    A process that dies between a commit and its answer has not counted it, so with crashes the counters may
    only be lower (``exact`` False); nothing is ever counted that did not happen.
    """
    facts = {
        "replies_pushed_total": _count(tx, "events WHERE type = 'reply.delivered'"),
        "opinions_recorded_total": _count(tx, "events WHERE type = 'opinion.recorded'"),
        "deadlines_missed_total": _count(tx, "events WHERE type = 'deadline.missed'"),
        "tickets_accepted_total": _count(tx, "tickets"),
    }
    counted = dict.fromkeys(facts, 0.0)
    for metrics in lives:
        for family in metrics.registry.collect():
            for sample in family.samples:
                name = sample.name.removeprefix("ticketbridge_")
                if name in counted:
                    counted[name] += sample.value
    wrong = [n for n, fact in facts.items() if counted[n] > fact or (exact and counted[n] != fact)]
    return [f"{name} says {counted[name]:.0f}, the ledger {facts[name]}" for name in wrong]


def _count(tx: Tx, rows: str) -> int:
    return int(tx.read(text(f"SELECT count(*) FROM {rows}")).scalar_one())  # noqa: S608 - constant texts of this module
