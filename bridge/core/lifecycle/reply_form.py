"""What the reply form (``replies.require`` of the rules) asks for, who still owes it, and what others supplied already.

Owns: the list ``missing``, shown before the answer is written, and the check when it comes. Must not: compose the reply.
Source: contract section 3, the reply object; issue "consolidation".
"""

from __future__ import annotations

from typing import Any

from bridge.core import reply as composing
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.opinion import OpinionBody
from bridge.core.values import changed
from bridge.core.vocabulary import Conclusion, ReceiptType, Role, Side, SideStatus
from bridge.errors import InvalidPayload

_UNWRITTEN = OpinionBody(text="-", conclusion=Conclusion.ANSWERED)
"""An answer that supplies nothing but its words."""


def completed(work: Work, body: OpinionBody) -> OpinionBody:
    """Return an answer with the contact that ``told`` reported in this round, if it names none itself."""
    reached = [r for r in work.case.sides if r.side is Side.PAYER and r.status is SideStatus.TOLD]
    if not reached or body.contacted_at is not None:
        return body
    return changed(body, contacted_at=reached[0].at, contacted_by=body.contacted_by or reached[0].by)


def require(work: Work, body: OpinionBody) -> None:
    """Raise InvalidPayload naming every piece that the answer lacks and nobody else supplied."""
    problems = composing.problems(work.policy, _with_others(work, body))
    if problems:
        raise InvalidPayload(problems)


def missing(work: Work, assignment: Assignment) -> list[dict[str, Any]]:
    """Return what the unit that writes the answer must still supply; empty for every other unit."""
    if not work.policy.replies.require or not _answers(work, assignment):
        return []
    problems = composing.problems(work.policy, _with_others(work, _UNWRITTEN))
    return [{"field": problem.path, "unit": assignment.unit, "text": problem.message} for problem in problems]


def _with_others(work: Work, body: OpinionBody) -> OpinionBody:
    """The reply cites every unit's legal basis, so any unit may have supplied it."""
    cited = tuple(basis for opinion in work.standing_opinions() for basis in opinion.body.legal_basis)
    body = completed(work, body)
    return body if body.legal_basis or not cited else changed(body, legal_basis=cited)


def _answers(work: Work, assignment: Assignment) -> bool:
    if ReceiptType.CONSOLIDATED in assignment.owes:
        return True
    procedure = work.policy.procedures[work.case.procedure] if work.case.procedure else None
    alone = procedure is not None and not procedure.consolidate
    accepts = work.case.accepting_unit in (None, assignment.unit)
    return alone and accepts and assignment.role is Role.LEAD and ReceiptType.OPINION in assignment.owes
