"""A case with all that belongs to it, and what a command makes of it.

Owns: CaseFile, Decision. Must not: hold anything that is not one case's.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.model.assignment import Assignment
from bridge.core.model.case import Case
from bridge.core.model.deadline import Deadline
from bridge.core.model.event import Event
from bridge.core.model.message import Message
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Ticket
from bridge.core.values import swift


@swift
@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with everything that belongs to it; the unit that :func:`decide` works on."""

    case: Case
    tickets: tuple[Ticket, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command changes: the new file, its history lines and what must be sent."""

    file: CaseFile
    events: tuple[Event, ...] = ()
    messages: tuple[Message, ...] = ()
