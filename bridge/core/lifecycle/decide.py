"""The one entry to the core: a case file, a command, a context; out comes a decision.

Every function here is pure: no I/O, no clock, no randomness. Each command runs in a fresh
workspace; afterwards the units whose own view changed are told (``case.updated``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.core import outside
from bridge.core.commands import ActionName, OperatorAction, UnitReceipt, UpstreamEvent
from bridge.core.lifecycle import actions, exclusion, matters, parts, receipts, replying, ticks, upstream, views
from bridge.core.lifecycle import recount as recounting
from bridge.core.lifecycle.recount import Recounted
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.file import CaseFile, Decision
from bridge.core.model.ticket import TicketDraft
from bridge.errors import NotFound


def _changed(
    file: CaseFile, context: Context, change: Callable[[Work], object], *, except_unit: str | None = None
) -> Work:
    work = Work.on(file, context)
    before = views.shown(work, except_unit=except_unit)
    change(work)
    exclusion.enforce(work)
    views.tell_changed(work, before, except_unit=except_unit)
    views.complete_messages(work)
    return work


def receive(file: CaseFile, assignment_id: str, receipt: UnitReceipt, context: Context) -> Work:
    """Apply a unit's receipt. Raises NotFound, IllegalTransition (with owed and allowed), InvalidPayload."""
    assignment = next((a for a in file.assignments if a.id == assignment_id), None)
    if assignment is None:
        raise NotFound("没有这个交办件，请核对 assignment_id")
    return _changed(
        file, context, lambda work: receipts.receive(work, assignment, receipt), except_unit=assignment.unit
    )


def hear(file: CaseFile, ticket_id: str, event: UpstreamEvent, context: Context) -> Work:
    """Apply an upstream's event to one ticket of the case."""
    return _changed(file, context, lambda work: upstream.hear(work, work.tickets[ticket_id], event))


def revise(file: CaseFile, ticket_id: str, draft: TicketDraft, context: Context) -> Work:
    """Record changed content of a ticket that was pushed again."""
    return _changed(file, context, lambda work: upstream.revise(work, work.tickets[ticket_id], draft))


def act(file: CaseFile, action: OperatorAction, context: Context) -> Work:
    """Apply an operator's action. Raises IllegalTransition with the allowed actions."""
    handler = parts.link if action.action is ActionName.LINK else actions.act
    return _changed(file, context, lambda work: handler(work, action))


def split(
    file: CaseFile, action: OperatorAction, context: Context, ids: Sequence[parts.Ids]
) -> tuple[Work, list[Work]]:
    """Split a case into its matters; returns it and the cases opened, one with each of ``ids``."""
    opened: list[Work] = []
    work = _changed(file, context, lambda work: opened.extend(parts.split(work, action, ids)))
    return work, opened


def part_answered(file: CaseFile, case_id: str, answer: Mapping[str, Any], context: Context) -> Work:
    """Note on a split case how a part's own case was answered (the push that case would have sent upstream)."""
    return parts.answered(file, case_id, outside.answer_text(answer), context)


def merge(source: CaseFile, target: CaseFile, action: OperatorAction, context: Context) -> tuple[Work, Work]:
    """Merge ``source`` into ``target``: both case files change. Raises IllegalTransition, InvalidPayload."""
    return matters.merge(source, target, context, action.reason)


def unmerge(source: CaseFile, target: CaseFile, action: OperatorAction, context: Context) -> tuple[Work, Work]:
    """Undo a merge; ``target`` is the case that has the tickets now. Raises IllegalTransition."""
    return matters.unmerge(source, target, context, action.reason)


def tick(file: CaseFile, deadline_id: str, step: str, context: Context) -> Decision | None:
    """Fire a rung of a deadline; None if it is no longer the next one."""
    deadline = next((d for d in file.deadlines if d.id == deadline_id), None)
    if deadline is None:
        return None
    fired: list[bool] = []
    work = _changed(file, context, lambda work: fired.append(ticks.fire(work, deadline, step)))
    return work.decision() if fired == [True] else None


def recount(file: CaseFile, context: Context) -> tuple[Work, list[Recounted]]:
    """Count the open limits again by the calendar of the context; with what changed."""
    found: list[Recounted] = []
    return _changed(file, context, lambda work: found.extend(recounting.recount(work))), found


def reply_delivered(file: CaseFile, ticket_id: str, key: str, context: Context) -> Decision:
    """Note that the reply of this key reached its upstream."""
    return _changed(file, context, lambda work: replying.delivered(work, work.tickets[ticket_id], key)).decision()
