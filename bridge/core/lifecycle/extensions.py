"""More time: which limit an extension moves, how far at most, and how often.

Owns: the latest admissible date, whether anything is left to ask for, moving the limits, the mark on the request.
Must not: decide who may grant (``receipts``, ``actions`` and ``upstream`` do); an upstream's own grant is not capped.
Source: domain 3.2 (信访工作条例 第三十四条), 3.8; contract section 3, ``extension_requested``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from bridge.core.civil import SHANGHAI, civil_date, iso
from bridge.core.deadline import due_at
from bridge.core.lifecycle import clocks, limits, moves
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.deadline import Deadline
from bridge.core.model.ticket import Ticket
from bridge.core.policy import Extension, LimitUnit
from bridge.core.vocabulary import DeadlineKind, ReceiptType, Role
from bridge.errors import Problem

_UNCAPPED = datetime.max.replace(tzinfo=UTC)
_UNITS = {LimitUnit.WORKING_DAYS: "个工作日", LimitUnit.DAYS: "个自然日", LimitUnit.WORKING_HOURS: "个工作小时"}


def limit(work: Work, assignment: Assignment) -> datetime | None:
    """Return the limit an extension of this assignment would move: the reply for a lead, else the opinion."""
    if assignment.role is Role.LEAD:
        return clocks.reply_due(work)
    clock = work.clock_of(assignment.id, DeadlineKind.OPINION)
    return clock.due_at if clock and ReceiptType.OPINION in assignment.owes else None


def latest(work: Work, assignment: Assignment) -> datetime | None:
    """Return the last instant this assignment's limit may move to; None if the rules set no end to it."""
    bounds = [_bound(work, clock, ticket) for clock, ticket in _moved_by(work, assignment)]
    earliest = min(bounds, default=_UNCAPPED)
    return None if earliest == _UNCAPPED else earliest


def may_ask(work: Work, assignment: Assignment) -> bool:
    """Tell whether more time may be asked for: before expiry, nothing asked already, and something left to ask for."""
    now = limit(work, assignment)
    if now is None or now < work.now or (assignment.extension is not None and assignment.extension.decision is None):
        return False
    return not _ends_at(work, assignment, now)


def is_spent(work: Work, assignment: Assignment) -> bool:
    """Tell whether the limit can move no further: extended already where once is all, or at its cap."""
    now = limit(work, assignment)
    return now is not None and _ends_at(work, assignment, now)


def _ends_at(work: Work, assignment: Assignment, now: datetime) -> bool:
    """Tell whether the rules end a limit at ``now``; one that never moved may always move, by a day at least."""
    if all(clock.due_at >= now and not _moves(clock) for clock, _ in _moved_by(work, assignment)):
        return False
    end = latest(work, assignment)
    return end is not None and end <= now


def why_not(work: Work, assignment: Assignment) -> str:
    """Say why no more time may be asked for."""
    now = limit(work, assignment)
    if now is None:
        return "没有可以延长的时限"
    if work.now > now:
        return f"时限{_said(now)}已逾期，延期只能在期满前申请"
    if is_spent(work, assignment):
        return f"时限{_said(now)}已经延长过，不能再延；{_rule_text(work, assignment)}"
    return "已有一项延期申请等待答复"


def problems(work: Work, assignment: Assignment, until: datetime) -> list[Problem]:
    """Return what is wrong with a date asked for or granted, with the latest date that would do."""
    end = latest(work, assignment)
    if end is None or until <= end:
        return []
    return [Problem("until", f"最迟只能延到{_said(end)}（{_rule_text(work, assignment)}）")]


def grounds(work: Work, assignment: Assignment, ticket: Ticket, until: datetime) -> dict[str, Any]:
    """Return what an upstream needs to judge a request: the limit as it stands, how much more, and the rules' own end."""
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    due = clock.due_at if clock else None
    more = work.policy.calendar.working_days_between(civil_date(due), civil_date(until)) if due else None
    end = latest(work, assignment)
    return {
        "due": iso(due),
        "more_working_days": more,
        "latest": iso(end),
        "clause": _rule_text(work, assignment) or None,
    }


def extend_reply(work: Work, ticket: Ticket, until: datetime, clause: str) -> None:
    """Move a ticket's reply limit to ``until``; another upstream's longer limit stays."""
    clock = work.clock_of(ticket.id, DeadlineKind.REPLY)
    if clock is not None and (len(work.owing_tickets()) == 1 or until > clock.due_at):
        moves.move(work, clock, until, clause)


def extend_opinion(work: Work, assignment: Assignment, until: datetime, clause: str) -> None:
    """Move an assignment's opinion limit to ``until``, if it has one that still runs."""
    clock = work.clock_of(assignment.id, DeadlineKind.OPINION)
    if clock is not None and clock.status in clocks.OPEN:
        moves.move(work, clock, until, clause)


def decide(work: Work, assignment: Assignment, decision: str) -> None:
    """Mark a pending request for more time as decided; a grant nobody asked for leaves no mark."""
    assignment = work.assignments[assignment.id]
    if assignment.extension is not None and assignment.extension.decision is None:
        work.set_assignment(assignment, extension=replace(assignment.extension, decision=decision))


def _moved_by(work: Work, assignment: Assignment) -> Iterator[tuple[Deadline, Ticket | None]]:
    """Yield the clocks that an extension of this assignment is measured by."""
    if assignment.role is Role.LEAD:
        for ticket in work.owing_tickets():
            if clock := work.clock_of(ticket.id, DeadlineKind.REPLY):
                yield clock, ticket
    elif clock := work.clock_of(assignment.id, DeadlineKind.OPINION):
        yield clock, None


def _rules(work: Work, clock: Deadline, ticket: Ticket | None) -> list[tuple[Extension, str]]:
    return [(each.extension, each.clause) for each in limits.of_clock(work, clock.kind, ticket) if each.extension]


def _bound(work: Work, clock: Deadline, ticket: Ticket | None) -> datetime:
    rules = [rule for rule, _ in _rules(work, clock, ticket)]
    if any(rule.once for rule in rules) and _moves(clock):
        return clock.due_at
    base, calendar = _unextended(clock), work.policy.calendar
    return min((due_at(rule.amount, rule.unit, base, calendar).at for rule in rules), default=_UNCAPPED)


def _moves(clock: Deadline) -> bool:
    return any(basis.source == moves.EXTENSION for basis in clock.basis)


def _unextended(clock: Deadline) -> datetime:
    """Return when the limit ended before it was first extended; pauses before that, and the 台账's own date, count."""
    if not _moves(clock):
        return clock.due_at
    before = list(takewhile(lambda basis: basis.source != moves.EXTENSION, clock.basis))
    moved = [basis.due_at for basis in before if basis.source in (moves.PAUSE, moves.LISTED)]
    return moved[-1] if moved else min(basis.due_at for basis in before)


def _rule_text(work: Work, assignment: Assignment) -> str:
    """Name the rules that bind: how much at most, how often, by which clause."""
    found = [pair for clock, ticket in _moved_by(work, assignment) for pair in _rules(work, clock, ticket)]
    told = [
        f"{clause}：自原时限起最长延{rule.amount}{_UNITS[rule.unit]}{'，限一次' if rule.once else ''}"
        for rule, clause in found
    ]
    return "；".join(dict.fromkeys(told))


def _said(instant: datetime) -> str:
    return f" {instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} "
