"""The workspace of one decision: the case file being changed, and what the change says and sends.

Owns: reading and replacing parts of a case file, numbering, collecting events and messages.
Must not: decide anything; the modules beside it do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Case
from bridge.core.model.deadline import Deadline
from bridge.core.model.event import SYSTEM, Actor, Event
from bridge.core.model.file import CaseFile, Decision
from bridge.core.model.message import Message
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Ticket
from bridge.core.policy import Policy, Rules
from bridge.core.values import changed, swift
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    DeadlineKind,
    DeadlineStatus,
    MessageType,
    Role,
    TicketState,
)

ACTIVE = frozenset({AssignmentState.DISPATCHED, AssignmentState.SIGNED, AssignmentState.ANSWERED})
"""Assignment states in which a unit takes part in the case."""

BEFORE_REPLY = frozenset({CaseState.TRIAGE, CaseState.AWAITING_APPROVAL, CaseState.HANDLING, CaseState.CONSOLIDATING})
"""States in which a case is still being worked on."""

_LIVE = ACTIVE | {AssignmentState.QUEUED}
_OWING = (TicketState.OPEN, TicketState.REPLYING)
_LEAD, _CANCELLED = Role.LEAD, DeadlineStatus.CANCELLED
"""Asked for again and again; Python 3.11 takes a hundred times as long to find a member in its class."""

_NOTHING: tuple[object, ...] = (None, "", (), [])
"""What a history need not say."""


@dataclass(frozen=True, slots=True)
class FeedTerms:
    """What the core must know of a feed: its adapter's name, which pushes it wants, who accepts there and when.

    ``accepted_by_notice``: a ticket counts as accepted when the petitioner was told (告知), not when it was signed (签收).
    """

    adapter: str
    push: frozenset[str] | None = None
    accepting_unit: str | None = None
    honour_upstream_unit: bool = False
    accepted_by_notice: bool = False

    def wants(self, type_: MessageType) -> bool:
        """Tell whether the feed wants a push of this type; the reply is always wanted."""
        return self.push is None or type_ is MessageType.TICKET_REPLIED or type_.value in self.push


_FORGOTTEN = FeedTerms(adapter="")


@swift
@dataclass(frozen=True, slots=True)
class Context:
    """Everything a decision may look at besides the case file.

    ``now`` is business time (aware UTC); ``respond_base`` is the public URL receipts are posted under;
    ``cause`` names the request, receipt or sweep that led here. ``reaches`` tells whether a message gets to anybody:
    a unit without a channel is served by its clerk, who sees the case itself.
    """

    now: datetime
    rules: Rules
    feeds: Mapping[str, FeedTerms]
    respond_base: str
    actor: Actor = SYSTEM
    cause: str = ""
    reaches: Callable[[Message], bool] = lambda _message: True

    @property
    def policy(self) -> Policy:
        """The policy of the rules snapshot this decision is made under."""
        return self.rules.policy

    def terms(self, feed: str) -> FeedTerms:
        """Return the terms of a feed; a feed no longer configured wants every push."""
        return self.feeds.get(feed, _FORGOTTEN)


@dataclass(slots=True)
class Work:
    """A case file under change. Parts are replaced, never mutated."""

    context: Context
    case: Case
    tickets: dict[str, Ticket]
    assignments: dict[str, Assignment]
    opinions: list[Opinion]
    deadlines: dict[str, Deadline]
    events: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    _drawn: int = 0

    @classmethod
    def on(cls, file: CaseFile, context: Context) -> Work:
        """Open a case file for change."""
        return cls(
            context=context,
            case=file.case,
            tickets={ticket.id: ticket for ticket in file.tickets},
            assignments={assignment.id: assignment for assignment in file.assignments},
            opinions=list(file.opinions),
            deadlines={deadline.id: deadline for deadline in file.deadlines},
        )

    @property
    def now(self) -> datetime:
        """Business time of this decision."""
        return self.context.now

    @property
    def policy(self) -> Policy:
        """The policy this decision is made under."""
        return self.context.rules.policy

    @property
    def procedure(self) -> str | None:
        """The case's procedure as histories and messages write it."""
        return self.case.procedure.value if self.case.procedure else None

    def decision(self) -> Decision:
        """Close the workspace into a value."""
        file = CaseFile(
            case=changed(self.case, updated_at=self.now, serial=self.case.serial + self._drawn),
            tickets=tuple(self.tickets.values()),
            assignments=tuple(self.assignments.values()),
            opinions=tuple(self.opinions),
            deadlines=tuple(self.deadlines.values()),
        )
        return Decision(file=file, events=tuple(self.events), messages=tuple(self.messages))

    def next_serial(self) -> int:
        """Draw the next serial number of the case."""
        self._drawn += 1
        return self.case.serial + self._drawn

    def set_case(self, **changes: Any) -> None:
        """Replace fields of the case."""
        self.case = changed(self.case, **changes)

    def set_ticket(self, ticket: Ticket, **changes: Any) -> Ticket:
        """Replace fields of a ticket and return the new value."""
        self.tickets[ticket.id] = replacement = changed(ticket, **changes)
        return replacement

    def set_assignment(self, assignment: Assignment, **changes: Any) -> Assignment:
        """Replace fields of an assignment and return the new value."""
        self.assignments[assignment.id] = replacement = changed(assignment, **changes)
        return replacement

    def set_deadline(self, deadline: Deadline, **changes: Any) -> Deadline:
        """Replace fields of a deadline and return the new value."""
        self.deadlines[deadline.id] = replacement = changed(deadline, **changes)
        return replacement

    def record(self, type_: str, *, at: datetime | None = None, **detail: Any) -> None:
        """Append a line to the history; ``detail`` must be JSON-ready."""
        kept = {key: value for key, value in detail.items() if value or value not in _NOTHING}
        self.events.append(Event(type_, self.context.actor, self.context.cause, kept, at or self.now))

    def active(self) -> Iterable[Assignment]:
        """Return the assignments whose units take part now."""
        return [assignment for assignment in self.assignments.values() if assignment.state in ACTIVE]

    def active_of(self, unit: str | None) -> Assignment | None:
        """Return a unit's assignment that is active, if there is one."""
        return next((assignment for assignment in self.active() if assignment.unit == unit), None)

    def live_of(self, unit: str) -> Assignment | None:
        """Return a unit's assignment that is active or queued, if there is one."""
        return next((a for a in self.assignments.values() if a.unit == unit and a.state in _LIVE), None)

    def lead(self) -> Assignment | None:
        """Return the lead's active assignment, if the case has one."""
        return next((assignment for assignment in self.active() if assignment.role is _LEAD), None)

    def owing_tickets(self) -> list[Ticket]:
        """Return the tickets that are still owed a reply."""
        return [t for t in self.tickets.values() if t.state in _OWING]

    def standing_opinions(self) -> list[Opinion]:
        """Return the newest opinion of each unit in the present round, in the order given.

        A unit that was asked again under another assignment (the upstream refused the return) has one opinion all the same.
        """
        newest: dict[str, Opinion] = {}
        for opinion in self.opinions:
            if opinion.round == self.case.round and opinion.kind.value == "opinion":
                newest.pop(opinion.unit, None)
                newest[opinion.unit] = opinion
        return list(newest.values())

    def opinion_of(self, assignment: Assignment) -> Opinion | None:
        """Return an assignment's standing opinion of the present round."""
        return next((o for o in self.standing_opinions() if o.assignment_id == assignment.id), None)

    def clock_of(self, owner: str, kind: DeadlineKind) -> Deadline | None:
        """Return the newest uncancelled deadline of this kind that an owner has in the present round.

        A ticket's clocks are its own: a round that another ticket of the case asked for does not end them.
        """
        for deadline in reversed(self.deadlines.values()):
            if deadline.kind is kind and deadline.owner == owner and self._is_present(deadline):
                return deadline
        return None

    def clocks_of(self, owner: str) -> dict[DeadlineKind, Deadline]:
        """Return what :meth:`clock_of` says of every kind of clock an owner has."""
        return {each.kind: each for each in self.deadlines.values() if each.owner == owner and self._is_present(each)}

    def _is_present(self, deadline: Deadline) -> bool:
        present = deadline.round == self.case.round or deadline.owner in self.tickets
        return present and deadline.status is not _CANCELLED
