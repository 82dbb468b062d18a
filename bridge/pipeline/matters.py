"""Merging and unmerging: two case files changed in one unit of work.

Owns: finding both cases, taking back what has not left yet, writing both. Must not: decide (``core.lifecycle.matters``).
"""

from __future__ import annotations

from dataclasses import replace

from bridge.core.commands import ActionName, OperatorAction
from bridge.core.lifecycle import decide, legal_actions, parts
from bridge.core.lifecycle.work import Context, Work
from bridge.core.model.file import CaseFile
from bridge.errors import IllegalTransition, InvalidPayload, Problem
from bridge.pipeline.commit import Committed, holder, load, wholes, without_unheard, write
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

OF_SEVERAL_CASES = frozenset({ActionName.MERGE, ActionName.UNMERGE, ActionName.SPLIT})
"""Actions that change more cases than one."""


def act(tx: Tx, runtime: Runtime, case_id: str, action: OperatorAction, context: Context) -> Committed:
    """Merge a case into another, undo that, or split it. Raises NotFound, InvalidPayload, IllegalTransition."""
    runtime.store.cases.lock(tx, case_id, action.into or case_id)
    source = load(tx, runtime, case_id)
    if action.action is ActionName.SPLIT:
        return split(tx, runtime, source, action, context)
    if action.action is ActionName.MERGE:
        return merge(tx, runtime, source, _target(tx, runtime, action.into), action, context)
    runtime.store.cases.lock(tx, holder(tx, runtime, source).case.id)
    having = holder(tx, runtime, source)
    _refuse_circle(tx, runtime, source, context, of=source.case.id)
    returning, giving = decide.unmerge(source, having, action, context)
    given = write(tx, runtime, having, giving.decision())
    return replace(write(tx, runtime, source, returning.decision()), also=(given,))


def merge(
    tx: Tx, runtime: Runtime, source: CaseFile, target: CaseFile, action: OperatorAction, context: Context
) -> Committed:
    """Write a merge: messages of the merged case that no unit has seen are never sent."""
    leaving, joining = decide.merge(source, target, action, context)
    _refuse_circle(tx, runtime, target, context, of=source.case.id)
    _refuse_circle(tx, runtime, source, context, of=target.case.id)
    heard = runtime.store.outbox.cancel_for_units(tx, source.case.id)
    left = write(tx, runtime, source, without_unheard(leaving.decision(), heard))
    return replace(left, also=(write(tx, runtime, target, joining.decision()),))


def _refuse_circle(tx: Tx, runtime: Runtime, part: CaseFile, context: Context, *, of: str) -> None:
    """A case waits for the answers of its parts, so it cannot be one with them. Raises IllegalTransition."""
    if of in wholes(tx, runtime, part):
        raise IllegalTransition(
            f"案件 {part.case.id} 办理的是（或含有）从案件 {of} 拆分出来的事项，其结果要写入该案的答复，两案不能合并办理",
            allowed_actions=legal_actions.allowed(Work.on(part, context)),
        )


def split(tx: Tx, runtime: Runtime, file: CaseFile, action: OperatorAction, context: Context) -> Committed:
    """Write a split: the case, and a case for each part that is handled on its own."""
    new = runtime.ports.ids.new
    ids = [(new("t"), new("c")) for _ in parts.apart(action)]
    work, opened = decide.split(file, action, context, ids)
    written = []
    for part in opened:
        written.append(write(tx, runtime, None, part.decision()))
        ticket = written[-1].file.tickets[0]
        runtime.store.similar.keep(tx, ticket)
        runtime.store.tickets.keep_raw(tx, ticket.id, 1, ticket.body.content.encode(), runtime.wall())
    return replace(write(tx, runtime, file, work.decision()), also=tuple(written))


def _target(tx: Tx, runtime: Runtime, case_id: str | None) -> CaseFile:
    file = runtime.store.cases.load(tx, case_id) if case_id else None
    if file is None:
        raise InvalidPayload([Problem("into", "本地区没有这个案件；只能并入本地区的案件，请核对编号")])
    return file
