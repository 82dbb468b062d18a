"""What a unit owes now and what else it may send, from the state of the case.

Owns: the lists ``owed`` and ``allowed``. Must not: change the case. Source: contract section 3, "Units".
"""

from __future__ import annotations

from bridge.core.lifecycle import clocks, extensions
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.model import Assignment
from bridge.core.vocabulary import (
    AssignmentState,
    CaseState,
    DeadlineKind,
    ProcedureId,
    ReceiptType,
    Role,
)

BEFORE_REPLY = frozenset({CaseState.TRIAGE, CaseState.AWAITING_APPROVAL, CaseState.HANDLING, CaseState.CONSOLIDATING})
"""States in which units still work on the answer."""
_ANSWERED = frozenset({CaseState.REPLYING, CaseState.REPLIED})


def owed(assignment: Assignment) -> list[str]:
    """Return the receipts this unit owes now, in the order they are due."""
    if assignment.state not in ACTIVE:
        return []
    order = (ReceiptType.SIGNED, ReceiptType.OPINION, ReceiptType.CONSOLIDATED)
    return [type_.value for type_ in order if type_ in assignment.owes]


def allowed(work: Work, assignment: Assignment) -> list[str]:
    """Return the receipts that are legal now besides those owed."""
    if assignment.state not in ACTIVE:
        return []
    legal = [type_ for type_ in ReceiptType if _is_legal(work, assignment, type_)]
    return [type_.value for type_ in legal if type_ not in assignment.owes]


def _is_legal(work: Work, assignment: Assignment, type_: ReceiptType) -> bool:
    state = work.case.state
    is_lead = assignment.role is Role.LEAD
    before_reply = state in BEFORE_REPLY
    match type_:
        case ReceiptType.TOLD | ReceiptType.PROGRESS:
            return before_reply or state in _ANSWERED or state is CaseState.CLOSED_CONSULT
        case ReceiptType.OPINION:
            return (before_reply or state in _ANSWERED) if is_lead else before_reply
        case ReceiptType.CONSOLIDATED:
            return work.case.sign_off_pending and _wrote_the_last(work, assignment)
        case ReceiptType.RETURNED:
            return before_reply and may_return(work, assignment)
        case ReceiptType.TRANSFERRED:
            return before_reply and is_lead and assignment.signed_at is not None
        case ReceiptType.INVITED:
            return before_reply and is_lead and work.case.procedure is ProcedureId.JOINT_GENERAL
        case ReceiptType.PROPOSED_COMPLEX:
            return (
                before_reply
                and is_lead
                and work.case.procedure is not ProcedureId.JOINT_COMPLEX
                and (state is not CaseState.AWAITING_APPROVAL)
            )
        case ReceiptType.EXTENSION_REQUESTED:
            return before_reply and extensions.may_ask(work, assignment)
        case _:
            return False


def _wrote_the_last(work: Work, assignment: Assignment) -> bool:
    """Tell whether the consolidated opinion that waits for its signature is this unit's."""
    written = [o for o in work.opinions if o.round == work.case.round and o.kind is ReceiptType.CONSOLIDATED]
    return bool(written) and written[-1].assignment_id == assignment.id


def may_return(work: Work, assignment: Assignment) -> bool:
    """Tell whether a unit may still return its assignment: unsigned, in the window, not designated."""
    window = work.clock_of(assignment.id, DeadlineKind.RETURN)
    in_window = window is None or clocks.in_time(work, window, work.now)
    unsigned = assignment.state is AssignmentState.DISPATCHED and assignment.signed_at is None
    return unsigned and assignment.may_return and in_window
