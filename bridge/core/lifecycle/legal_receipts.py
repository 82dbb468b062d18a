"""What a unit owes now and what else it may send, from the state of the case.

Owns: the lists ``owed`` and ``allowed``. Must not: change the case. Source: contract section 3, "Units".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.lifecycle import clocks, extensions
from bridge.core.lifecycle.work import ACTIVE, BEFORE_REPLY, Work
from bridge.core.model.assignment import Assignment
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    DeadlineKind,
    ProcedureId,
    ReceiptType,
    Role,
)

_OWED = (ReceiptType.SIGNED, ReceiptType.OPINION, ReceiptType.CONSOLIDATED)
"""What may be owed, in the order it is due."""
_LEAD = Role.LEAD
_ANSWERED = frozenset({CaseState.REPLYING, CaseState.REPLIED})
_TOLD = BEFORE_REPLY | _ANSWERED | {CaseState.CLOSED_CONSULT}


def owed(assignment: Assignment) -> list[str]:
    """Return the receipts this unit owes now, in the order they are due."""
    if assignment.state not in ACTIVE:
        return []
    return [type_.value for type_ in _OWED if type_ in assignment.owes]


def allowed(work: Work, assignment: Assignment) -> list[str]:
    """Return the receipts that are legal now besides those owed."""
    if assignment.state not in ACTIVE:
        return []
    return [type_.value for type_ in _BESIDES if type_ not in assignment.owes and _is_allowed(work, assignment, type_)]


def is_legal(work: Work, assignment: Assignment, type_: ReceiptType) -> bool:
    """Tell whether a receipt is owed or allowed now."""
    if assignment.state not in ACTIVE:
        return False
    return type_.value in owed(assignment) or (type_ not in assignment.owes and _is_allowed(work, assignment, type_))


@dataclass(frozen=True, slots=True)
class Legal:
    """When a receipt is legal without being owed: in which states of the case, from whom, and what else must hold."""

    states: frozenset[CaseState] = BEFORE_REPLY
    lead_only: bool = False
    only_if: Callable[[Work, Assignment], bool] | None = None


def _is_allowed(work: Work, assignment: Assignment, type_: ReceiptType) -> bool:
    legal = LEGAL_WHEN.get(type_)
    if legal is None or work.case.state not in legal.states:
        return False
    if legal.lead_only and assignment.role is not _LEAD:
        return False
    return legal.only_if is None or legal.only_if(work, assignment)


def _may_write(work: Work, assignment: Assignment) -> bool:
    return assignment.role is Role.LEAD or work.case.state in BEFORE_REPLY


def _may_improve(work: Work, assignment: Assignment) -> bool:
    """Tell whether the consolidated opinion that waits for its signature is this unit's."""
    return work.case.sign_off_pending and _wrote_the_last(work, assignment)


def _has_signed(_work: Work, assignment: Assignment) -> bool:
    return assignment.signed_at is not None


def _is_joint(work: Work, _assignment: Assignment) -> bool:
    return work.case.procedure is ProcedureId.JOINT_GENERAL


def _may_propose(work: Work, _assignment: Assignment) -> bool:
    return work.case.procedure is not ProcedureId.JOINT_COMPLEX


def _wrote_the_last(work: Work, assignment: Assignment) -> bool:
    written = [o for o in work.opinions if o.round == work.case.round and o.kind is ReceiptType.CONSOLIDATED]
    return bool(written) and written[-1].assignment_id == assignment.id


def may_return(work: Work, assignment: Assignment) -> bool:
    """Tell whether a unit may still return its assignment: unsigned, in the window, not designated."""
    window = work.clock_of(assignment.id, DeadlineKind.RETURN)
    in_window = window is None or clocks.in_time(work, window, work.now)
    unsigned = assignment.state is AssignmentState.DISPATCHED and assignment.signed_at is None
    return unsigned and assignment.may_return and in_window


LEGAL_WHEN: dict[ReceiptType, Legal] = {
    ReceiptType.PROGRESS: Legal(_TOLD),
    ReceiptType.TOLD: Legal(_TOLD),
    ReceiptType.OPINION: Legal(BEFORE_REPLY | _ANSWERED, only_if=_may_write),
    ReceiptType.CONSOLIDATED: Legal(frozenset({CaseState.CONSOLIDATING}), only_if=_may_improve),
    ReceiptType.RETURNED: Legal(only_if=may_return),
    ReceiptType.TRANSFERRED: Legal(lead_only=True, only_if=_has_signed),
    ReceiptType.INVITED: Legal(lead_only=True, only_if=_is_joint),
    ReceiptType.PROPOSED_COMPLEX: Legal(
        BEFORE_REPLY - {CaseState.AWAITING_APPROVAL}, lead_only=True, only_if=_may_propose
    ),
    ReceiptType.EXTENSION_REQUESTED: Legal(only_if=extensions.may_ask),
}
"""What a unit may send besides what it owes; ``signed`` is only ever owed."""
_BESIDES = tuple(type_ for type_ in ReceiptType if type_ in LEGAL_WHEN)
"""In the order they are told in."""
