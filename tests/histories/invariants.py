"""What holds after every command, whatever the history, read from the contract and not from the code.

Owns: one check per promise. Must not: change anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bridge.core.lifecycle import legal_receipts, machine, views
from bridge.core.lifecycle.work import ACTIVE, BEFORE_REPLY, Work
from bridge.core.model.file import CaseFile
from bridge.core.model.message import Message
from bridge.core.model.ticket import Ticket
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    DeadlineKind,
    DeadlineStatus,
    MessageType,
    ProcedureId,
    ReceiptType,
    TicketKind,
    TicketState,
)
from bridge.pipeline.commit import Committed

OVER = frozenset(
    {
        CaseState.ARCHIVED, CaseState.WITHDRAWN, CaseState.RETURNED_UPSTREAM, CaseState.CLOSED_CONSULT,
        CaseState.CLOSED_REMEDY_TOLD, CaseState.MERGED,
    }
)  # fmt: skip
RUNS = frozenset({DeadlineStatus.RUNNING, DeadlineStatus.DUE_SOON, DeadlineStatus.OVERDUE})
STEPS = 3
"""The longest way of one command: an opinion ends a stage, the reply is recorded, a counter has it at once."""
View = tuple[list[str], dict[str, str | None], str | None]
"""What a unit is told of itself: owed, due, category."""
JOINT = frozenset({ProcedureId.JOINT_GENERAL, ProcedureId.JOINT_COMPLEX})


@dataclass
class Promises:
    """Watches every change of a county; ``broken`` would be an AssertionError at once."""

    keys: set[str] = field(default_factory=set)
    replied: Counter[tuple[str, int]] = field(default_factory=Counter)
    begun: dict[tuple[str, int], datetime] = field(default_factory=dict)
    accepting: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    heard: dict[str, View] = field(default_factory=dict)
    told: dict[tuple[str, MessageType], str] = field(default_factory=dict)
    homes: dict[str, set[str]] = field(default_factory=dict)

    def see(self, committed: Committed, unit: str | None) -> None:
        """Hold one change against every promise; ``unit`` is whose receipt caused it."""
        file = committed.file
        for message in committed.decision.messages:
            self._once(message)
            assert unit is None or message.type is not MessageType.CASE_UPDATED or message.target != unit, message.key
            if message.type is MessageType.TICKET_REPLIED:
                self._answered(file, message)
                one_voice_each(file, message)
            _says_what_is_owed(file, message)
        self._moves(file)
        self._clocks_stand(file)
        self._acceptance_stands(file)
        one_opinion_each(file)
        over_is_over(file)

    def _moves(self, file: CaseFile) -> None:
        """A case takes only the steps that the table of the case machine has."""
        before, now = self.states.get(file.case.id, machine.BEGINNING), file.case.state
        self.states[file.case.id] = now
        assert now in _reach(before), f"a case went from {before} to {now}"

    def _once(self, message: Message) -> None:
        assert message.key not in self.keys, f"{message.key} was queued twice"
        self.keys.add(message.key)

    def _answered(self, file: CaseFile, message: Message) -> None:
        nothing_is_missing(file)
        key = (message.ticket_id or "", int(message.payload["round"]))
        assert message.payload["supplement"] is (self.replied[key] > 0), (
            f"{key} was answered {self.replied[key]} times, {file.case.state}"
        )
        self.replied[key] += 1

    def _clocks_stand(self, file: CaseFile) -> None:
        """The reply runs from the receipt of the ticket; a later round from its beginning; nothing starts it anew."""
        for ticket in file.tickets:
            for start in _reply_starts(file, ticket):
                begun = self.begun.setdefault((ticket.id, ticket.round), start)
                assert start == begun, f"the clock of {ticket.external_id} began at {begun}, now at {start}"

    def _acceptance_stands(self, file: CaseFile) -> None:
        """The first lead to sign keeps the duty to reply, whoever leads."""
        if file.case.accepting_unit is not None:
            known = self.accepting.setdefault(file.case.id, file.case.accepting_unit)
            assert known == file.case.accepting_unit, f"{file.case.id} was accepted by {known}"

    def knows(self, work: Work, committed: Committed, unit: str | None) -> None:
        """Every unit was told of its view as it stands, every upstream who leads and who accepted."""
        file = committed.file
        for message in committed.decision.messages:
            self._note(file, message)
        for assignment in work.active():
            view = (legal_receipts.owed(assignment), views.due(work, assignment), work.case.category)
            if assignment.unit == unit:
                self.heard[assignment.id] = view
            heard = self.heard.get(assignment.id, view)
            assert heard == view, f"{assignment.unit} was told {heard}, {view} stands"
        for ticket in file.tickets:
            self.homes.setdefault(ticket.id, set()).add(file.case.id)
            self._upstream_knows(file, ticket)
        every_duty_has_its_clock(file)

    def _note(self, file: CaseFile, message: Message) -> None:
        assignment = next((a for a in file.assignments if a.id == message.assignment_id), None)
        said = message.payload
        if assignment is not None and message.target == assignment.unit:
            self.heard[assignment.id] = (said["owed"], said["due"], (said["category"] or {}).get("id"))
        lead = said.get("unit") or said.get("contact", {}).get("unit")
        of_lead = message.type in (MessageType.TICKET_ASSIGNED, MessageType.TICKET_TRANSFERRED)
        if message.ticket_id and of_lead:
            self.told[message.ticket_id, MessageType.TICKET_ASSIGNED] = lead
        if message.ticket_id and message.type is MessageType.TICKET_ACCEPTED:
            self.told[message.ticket_id, message.type] = said["accepting_unit"]

    def _upstream_knows(self, file: CaseFile, ticket: Ticket) -> None:
        """Not of a ticket that went from case to case: its upstream may know the lead of the one before."""
        case, stays = file.case, len(self.homes[ticket.id]) == 1
        waits = ticket.state is TicketState.OPEN and ticket.kind is not TicketKind.PRAISE
        if not stays or not waits or case.state not in BEFORE_REPLY:
            return
        lead = self.told.get((ticket.id, MessageType.TICKET_ASSIGNED))
        assert case.lead in (None, lead), f"{case.lead} leads, the upstream was told {lead}"
        accepted = self.told.get((ticket.id, MessageType.TICKET_ACCEPTED))
        at_once = ticket.feed == "hotline"
        assert not at_once or case.accepting_unit in (None, accepted), (
            f"accepted by {case.accepting_unit}, told {accepted}"
        )


def every_duty_has_its_clock(file: CaseFile) -> None:
    """Whoever owes something has a clock that runs, whoever owes nothing has none; so has a case that waits."""
    running = {(d.owner, d.kind) for d in file.deadlines if d.status in RUNS}
    working = file.case.state in BEFORE_REPLY
    for assignment in file.assignments:
        for type_, kind in CLOCKS.items():
            owes = type_ in assignment.owes and assignment.state in ACTIVE
            runs = (assignment.id, kind) in running
            assert owes or not runs, f"{assignment.unit} owes no {type_} but its clock runs"
            assert runs or not (owes and working) or assignment.overridden, f"{assignment.unit} owes {type_} for ever"
    for ticket in file.tickets:
        if ticket.state is TicketState.OPEN and ticket.kind is not TicketKind.PRAISE:
            assert (ticket.id, DeadlineKind.REPLY) in running, f"{ticket.external_id} is owed a reply for ever"
    awaits = file.case.state is CaseState.AWAITING_APPROVAL
    assert ((file.case.id, DeadlineKind.APPROVAL) in running) is awaits, (
        f"the clock of the consent in {file.case.state}"
    )
    open_window = file.case.state is CaseState.REPLIED and not file.case.objection
    assert not open_window or (file.case.id, DeadlineKind.OBJECTION) in running, "no window to object"


CLOCKS = {
    ReceiptType.SIGNED: DeadlineKind.SIGN,
    ReceiptType.OPINION: DeadlineKind.OPINION,
    ReceiptType.CONSOLIDATED: DeadlineKind.CONSOLIDATE,
}


def _reach(start: str) -> set[str]:
    """Return where one command can take a case: up to three steps of the table, or to an early end."""
    if start == CaseState.MERGED:
        return set(CaseState)
    found = {start} | (set(machine.ENDS_EARLY) if start in BEFORE_REPLY | {machine.BEGINNING} else set())
    for _ in range(STEPS):
        found |= {move.end for move in machine.CASE_MOVES if move.start in found}
    return found


def _reply_starts(file: CaseFile, ticket: Ticket) -> list[datetime]:
    mine = [d for d in file.deadlines if d.owner == ticket.id and d.kind is DeadlineKind.REPLY]
    if ticket.round == 1:
        assert all(d.start_at == ticket.received_at for d in mine), ticket.external_id
    running = [d for d in mine if d.status in RUNS]
    assert len(running) <= 1, f"{ticket.external_id} has {len(running)} clocks of its reply"
    return [d.start_at for d in running]


def nothing_is_missing(file: CaseFile) -> None:
    """No reply without every required opinion of the round, the leader's consent and the minutes, or an override."""
    case = file.case
    given = {opinion.unit for opinion in file.opinions if opinion.round == case.round}
    excused = {a.unit for a in file.assignments if a.overridden or a.state is AssignmentState.RETURNED}
    required = set(case.co_units) if case.procedure in JOINT else {case.lead}
    assert required <= given | excused, f"replied without {required - given - excused}"
    if case.procedure is ProcedureId.JOINT_COMPLEX:
        assert case.approved
        assert case.minutes_round == case.round
    left = [a.unit for a in file.assignments if a.unfilled and not a.overridden]
    assert not left, f"replied although nobody has taken over the part of {left}"


def _says_what_is_owed(file: CaseFile, message: Message) -> None:
    """A message says what its unit owes when the command is done."""
    mine = next((a for a in file.assignments if a.id == message.assignment_id and a.unit == message.target), None)
    at_counter = any(ticket.feed.startswith("counter.") for ticket in file.tickets)
    if mine is not None and not at_counter:
        assert message.payload["owed"] == legal_receipts.owed(mine), message.key


def one_opinion_each(file: CaseFile) -> None:
    """A unit has one assignment under way, and an opinion has one version of each number."""
    live = Counter(a.unit for a in file.assignments if a.state in ACTIVE | {AssignmentState.QUEUED})
    twice = [unit for unit, count in live.items() if count > 1]
    assert not twice, f"{twice} have two assignments under way"
    versions = Counter((o.assignment_id, o.version) for o in file.opinions)
    assert not [key for key, count in versions.items() if count > 1], versions


def one_voice_each(file: CaseFile, message: Message) -> None:
    """A reply lists the newest opinion of each unit in its round, once."""
    newest = {
        o.unit: o.body.text for o in file.opinions if o.round == file.case.round and o.kind is ReceiptType.OPINION
    }
    listed = [(each["unit"], each["summary"]) for each in message.payload["reply"]["opinions"]]
    assert sorted(listed) == sorted(newest.items()), f"{listed} are listed, {newest} stand"


def over_is_over(file: CaseFile) -> None:
    """A case that is over has no clock but of a supplement; one that is replied owes no ticket an answer."""
    supplements = {a.id for a in file.assignments if ReceiptType.CONSOLIDATED in a.owes}
    running = [d.kind.value for d in file.deadlines if d.status in RUNS and d.owner not in supplements]
    if file.case.state in OVER:
        assert not running, f"{file.case.state} and still {running}"
    if file.case.state in OVER | {CaseState.REPLIED}:
        waiting = [t.external_id for t in file.tickets if t.state in (TicketState.OPEN, TicketState.REPLYING)]
        assert not waiting, f"{file.case.state} and {waiting} wait for a reply"
