"""Random histories: whoever may say something says it, in any order, and in the end everybody does their duty.

Owns: the rules by which a history grows, and driving it to its end. Must not: know what a command does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine

from bridge.core.commands import ActionName, OperatorAction, UnitReceipt
from bridge.core.lifecycle import legal_actions, matters
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.model.deadline import Deadline
from bridge.core.model.event import Actor
from bridge.core.model.file import CaseFile
from bridge.core.model.opinion import OpinionBody
from bridge.core.model.ticket import TicketDraft
from bridge.core.policy import Rules
from bridge.core.vocabulary import CaseState, Conclusion, ReceiptType
from bridge.errors import IllegalTransition, InvalidPayload
from bridge.pipeline.commit import Committed
from tests.histories import commands
from tests.histories.county import County
from tests.histories.invariants import OVER, Promises
from tests.pipeline.conftest import LEADER, OFFICE

FEEDS = ("hotline", "petition")
HOURS = (0.5, 5, 26, 80, 400)
PATIENCE = 60
"""So many visits to every case see any history to its end."""


class Histories(RuleBasedStateMachine):
    """A county in which every command that is offered is accepted, and no promise is ever broken."""

    engine: Engine
    shipped: Rules

    @initialize()
    def open(self) -> None:
        """Start with an empty county; the transaction of a history is never committed."""
        self.promises = Promises()
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.county = County(self.connection, self.shipped, self._watch)
        self.sent: list[tuple[str, TicketDraft]] = []
        self.serial = 0

    @rule(data=st.data())
    @precondition(lambda self: len(self.sent) < 3)
    def a_ticket_comes(self, data: st.DataObject) -> None:
        """An upstream pushes a ticket."""
        feed, draft = commands.ticket(data, len(self.sent) + 1, self.county.now)
        self.sent.append((feed, draft))
        self.county.ticket(feed, draft)

    @rule(data=st.data(), changed=st.booleans())
    @precondition(lambda self: self.sent)
    def a_ticket_comes_again(self, data: st.DataObject, changed: bool) -> None:
        """An upstream pushes a ticket again, as it was or with other content."""
        number = data.draw(st.integers(0, len(self.sent) - 1), label="again")
        feed, draft = self.sent[number]
        if changed:
            self.serial += 1
            draft = replace(draft, digest=f"{draft.external_id}-{self.serial}")
            self.sent[number] = (feed, draft)
        self.county.ticket(feed, draft)

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def a_unit_speaks(self, data: st.DataObject) -> None:
        """A unit sends something it owes or may send: it is taken."""
        file = self._case(data)
        work = self._work(file)
        choices = commands.offered(work)
        if choices:
            assignment, type_ = commands.one(data, choices, "receipt", lambda pair: f"{pair[0].unit} {pair[1]}")
            self.serial += 1
            receipt = commands.receipt(data, work, assignment, type_, self.serial)
            self.county.receipt(assignment.unit, assignment.id, receipt)

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def a_unit_speaks_out_of_turn(self, data: st.DataObject) -> None:
        """A unit sends anything: it is taken, or refused without a trace."""
        file = self._case(data)
        if file.assignments:
            assignment = commands.one(data, file.assignments, "part", lambda a: f"{a.unit} {a.state}")
            type_ = commands.one(data, tuple(ReceiptType), "type")
            self.serial += 1
            receipt = commands.receipt(data, self._work(file), assignment, type_, self.serial)
            self._maybe(lambda: self.county.receipt(assignment.unit, assignment.id, receipt))

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def a_person_acts(self, data: st.DataObject) -> None:
        """An operator does what the case offers: it is done."""
        file = self._case(data)
        work = self._work(file)
        names = [ActionName(name) for name in legal_actions.allowed(work) if name not in _OF_TWO_CASES]
        if not names:
            return
        name = commands.one(data, names, "action")
        action = commands.action(data, work, name)
        if action is None:
            return
        self._office(file, action)

    @rule(data=st.data())
    @precondition(lambda self: len(self.sent) > 1)
    def two_cases_become_one(self, data: st.DataObject) -> None:
        """An operator finds that two cases are one matter; each upstream keeps its clock."""
        source = self._case(data)
        others = [o for o in self.county.files() if o.case.id != source.case.id and matters.takes_tickets(o.case)]
        if others:
            into = commands.one(data, others, "into", commands.state)
            self._join(source, OperatorAction(ActionName.MERGE, reason="同一诉求", into=into.case.id))

    @rule(data=st.data())
    @precondition(lambda self: any(file.case.merged_into for file in self.county.files()))
    def a_merge_is_undone(self, data: st.DataObject) -> None:
        """An operator takes a merge back."""
        joined = [file for file in self.county.files() if file.case.merged_into]
        source = commands.one(data, joined, "joined", commands.state)
        self._join(source, OperatorAction(ActionName.UNMERGE, reason="并错了"))

    def _join(self, file: CaseFile, action: OperatorAction) -> None:
        clocks = _clocks_of_tickets(self.county.files())
        if self._maybe(lambda: self._office(file, action)):
            assert _clocks_of_tickets(self.county.files()).items() >= clocks.items(), (
                "a merge touched an upstream's clock"
            )

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def an_upstream_speaks(self, data: st.DataObject) -> None:
        """An upstream says anything of a ticket: it is heard, or refused without a trace."""
        feed, draft = commands.one(data, self.sent, "ticket", lambda pair: pair[1].external_id)
        self.serial += 1
        event = commands.event(data, draft.external_id, self.county.now, self.serial)
        self._maybe(lambda: self.county.tell(feed, event))

    @rule()
    @precondition(lambda self: self.sent)
    def everything_arrives(self) -> None:
        """The outbox is emptied."""
        self.county.deliver()

    @rule(hours=st.sampled_from(HOURS))
    @precondition(lambda self: self.sent)
    def time_passes(self, hours: float) -> None:
        """The clocks run; whatever is due fires."""
        self.county.pass_time(hours)

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def everybody_does_their_duty(self, data: st.DataObject) -> None:
        """What one case waits for is done, so that histories get far."""
        self._see_to(self._case(data))

    @invariant()
    def every_ticket_is_in_one_case(self) -> None:
        """No command loses or doubles a ticket."""
        if hasattr(self, "county"):
            held = sorted(t.external_id for file in self.county.files() for t in file.tickets if t.feed in FEEDS)
            assert held == sorted(draft.external_id for _, draft in self.sent)

    def teardown(self) -> None:
        """Drive the history to its end and look at what is left, unless it went wrong already."""
        if not hasattr(self, "county"):
            return
        try:
            if sys.exc_info()[0] is None:
                self.finish()
        finally:
            self.close()

    def close(self) -> None:
        """Leave nothing behind."""
        self.transaction.rollback()
        self.connection.close()

    def finish(self) -> None:
        """Let everybody do their duty until nothing is waited for; nothing may be left, nothing stored wrongly."""
        for _ in range(PATIENCE):
            for file in filter(_is_waited_for, self.county.files()):
                self._see_to(file)
            self.county.deliver()
        left = [(file.case.state, file.case.lead) for file in self.county.files() if _is_waited_for(file)]
        assert not left, f"{left} never came to an end"
        stored, decided = map(_unordered, (self.county.stored(), self.county.files()))
        assert stored == decided, "what is stored is not what was decided"
        self.county.pass_time(24 * 90)
        for file in self.county.files():
            assert file.case.state in OVER, file.case.state
            assert self.county.first_break(file.case.id) is None, "the chain of a history is broken"

    def _watch(self, committed: Committed, unit: str | None) -> None:
        self.promises.see(committed, unit)
        self.promises.knows(self._work(committed.file), committed, unit)

    def _case(self, data: st.DataObject) -> CaseFile:
        return commands.one(data, self.county.files(), "case", commands.state)

    def _see_to(self, file: CaseFile) -> None:
        """Do the next thing a case waits for."""
        work = self._work(file)
        allowed = legal_actions.allowed(work)
        if file.case.state is CaseState.TRIAGE and not file.case.suspended:
            free = [unit for unit in commands.UNITS if unit != file.case.lead]
            self._office(file, OperatorAction(ActionName.DESIGNATE, reason="裁定", unit=free[0]))
            return
        for name in (ActionName.RESUME, ActionName.APPROVE, ActionName.MINUTES, ActionName.SEND_REPLY):
            if name.value in allowed:
                self._office(file, OperatorAction(name, reason="经研究", number="1号"))
                return
        owing = [a for a in file.assignments if a.owes and a.state in ACTIVE]
        if owing:
            self._discharge(work, owing[0].id)
        elif any(a.unfilled and not a.overridden for a in file.assignments) and "override" in allowed:
            self._office(file, OperatorAction(ActionName.OVERRIDE, reason="退单部分不再征求"))
        elif not file.case.invited and (lead := work.lead()) is not None:
            self.county.receipt(lead.unit, lead.id, UnitReceipt(ReceiptType.INVITED))
        elif file.case.state is CaseState.REPLIED:
            self._finish(file)

    def _discharge(self, work: Work, assignment_id: str) -> None:
        assignment = work.assignments[assignment_id]
        self.serial += 1
        words = OpinionBody(f"{assignment.unit}第{self.serial}号意见", Conclusion.SUBSTANTIATED, note="以本意见为准")
        self.county.receipt(assignment.unit, assignment.id, UnitReceipt(assignment.owes[0], opinion=words))

    def _finish(self, file: CaseFile) -> None:
        for who in ("payer", "other_side"):
            self._office(file, OperatorAction(ActionName.TOLD, who=who, channel="书面"))
        current = next(f for f in self.county.files() if f.case.id == file.case.id)
        if current.case.state is CaseState.REPLIED:
            self._office(file, OperatorAction(ActionName.OBJECTION, none=True))

    def _office(self, file: CaseFile, action: OperatorAction) -> None:
        self.county.act(file.case.id, action, LEADER if action.action in _LEADERS else OFFICE)

    def _work(self, file: CaseFile) -> Work:
        return Work.on(file, self.county.runtime.context(Actor("operator", "看", "auditor")))

    def _maybe(self, command: Callable[[], None]) -> bool:
        """Give a command that may be refused; a refusal leaves every case as it was."""
        before = self.county.files()
        try:
            command()
        except (IllegalTransition, InvalidPayload):
            assert self.county.files() == before
            return False
        return True


_LEADERS = frozenset({ActionName.APPROVE})
_OF_TWO_CASES = frozenset({ActionName.MERGE, ActionName.UNMERGE})


def _is_waited_for(file: CaseFile) -> bool:
    owes = any(a.owes for a in file.assignments if a.state in ACTIVE)
    return file.case.state not in OVER or owes


def _unordered(files: list[CaseFile]) -> list[CaseFile]:
    """Forget the order in which a file lists its clocks, and opinions of one instant: only what they say counts."""
    return [
        replace(
            file,
            opinions=tuple(sorted(file.opinions, key=lambda opinion: opinion.id)),
            deadlines=tuple(sorted(file.deadlines, key=lambda deadline: deadline.id)),
        )
        for file in files
    ]


def _clocks_of_tickets(files: list[CaseFile]) -> dict[str, tuple[object, ...]]:
    """Return what must not change of a ticket's clocks when it moves to another case."""
    found: dict[str, tuple[object, ...]] = {}
    for file in files:
        tickets = {ticket.id for ticket in file.tickets}
        found |= {d.id: _stands(d) for d in file.deadlines if d.owner in tickets}
    return found


def _stands(deadline: Deadline) -> tuple[object, ...]:
    return (deadline.owner, deadline.kind, deadline.start_at, deadline.due_at, deadline.original_due_at)
