"""Merging and unmerging: two case files changed in one unit of work.

Owns: finding both cases, taking back what has not left yet, writing both. Must not: decide (``core.lifecycle.matters``).
"""

from __future__ import annotations

from dataclasses import replace

from bridge.core.commands import ActionName, OperatorAction
from bridge.core.lifecycle import decide
from bridge.core.lifecycle.work import Context
from bridge.core.model import CaseFile, Decision
from bridge.core.vocabulary import MessageType
from bridge.errors import InvalidPayload, Problem
from bridge.pipeline.commit import Committed, load, write
from bridge.pipeline.runtime import Runtime
from bridge.store.writer import Tx

OF_TWO_CASES = frozenset({ActionName.MERGE, ActionName.UNMERGE})
"""Actions that change two cases at once."""


def act(tx: Tx, runtime: Runtime, case_id: str, action: OperatorAction, context: Context) -> Committed:
    """Merge a case into another, or undo that. Raises NotFound, InvalidPayload, IllegalTransition."""
    source = load(tx, runtime, case_id)
    if action.action is ActionName.MERGE:
        return merge(tx, runtime, source, _target(tx, runtime, action.into), action, context)
    holder = _holder(tx, runtime, source)
    returning, giving = decide.unmerge(source, holder, action, context)
    given = write(tx, runtime, holder, giving.decision())
    return replace(write(tx, runtime, source, returning.decision()), also=(given,))


def merge(
    tx: Tx, runtime: Runtime, source: CaseFile, target: CaseFile, action: OperatorAction, context: Context
) -> Committed:
    """Write a merge: messages of the merged case that no unit has seen are never sent."""
    leaving, joining = decide.merge(source, target, action, context)
    heard = runtime.store.outbox.cancel_for_units(tx, source.case.id)
    left = write(tx, runtime, source, _without_unheard(leaving.decision(), heard))
    return replace(left, also=(write(tx, runtime, target, joining.decision()),))


def _target(tx: Tx, runtime: Runtime, case_id: str | None) -> CaseFile:
    file = runtime.store.cases.load(tx, case_id) if case_id else None
    if file is None:
        raise InvalidPayload([Problem("into", "本地区没有这个案件；只能并入本地区的案件，请核对编号")])
    return file


def _holder(tx: Tx, runtime: Runtime, source: CaseFile) -> CaseFile:
    """Return the case that has the tickets of a merged case now: the end of the chain of merges."""
    file = source
    while file.case.merged_into is not None:
        file = load(tx, runtime, file.case.merged_into)
    return file


def _without_unheard(decision: Decision, heard: set[str]) -> Decision:
    """Take back nothing from a unit that was never told of it."""
    withdrawn = MessageType.ASSIGNMENT_WITHDRAWN
    messages = tuple(m for m in decision.messages if m.type is not withdrawn or m.assignment_id in heard)
    return replace(decision, messages=messages)
