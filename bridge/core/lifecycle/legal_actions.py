"""Which of the operators' actions are legal now, in one table with the states each is legal in.

Owns: the list ``allowed_actions``. Must not: change the case. Source: contract section 3, "Operators".
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.commands import ActionName
from bridge.core.lifecycle import sides, stages, telling
from bridge.core.lifecycle.work import BEFORE_REPLY, Work
from bridge.core.model.assignment import Assignment
from bridge.core.vocabulary import CaseState
from bridge.errors import IllegalTransition

_WORKING = frozenset({CaseState.HANDLING, CaseState.CONSOLIDATING})
_REPLIED = frozenset({CaseState.REPLIED})
_ENDED_WELL = frozenset({CaseState.ARCHIVED, CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD})
_ALL = frozenset(CaseState) - {CaseState.MERGED}

LEGAL_IN: dict[ActionName, frozenset[CaseState]] = {
    ActionName.CLASSIFY: BEFORE_REPLY,
    ActionName.REROUTE: BEFORE_REPLY,
    ActionName.DESIGNATE: BEFORE_REPLY,
    ActionName.ADD_UNIT: _WORKING | {CaseState.AWAITING_APPROVAL},
    ActionName.APPROVE: frozenset({CaseState.AWAITING_APPROVAL}),
    ActionName.DENY: _WORKING | {CaseState.AWAITING_APPROVAL},
    ActionName.MINUTES: frozenset({CaseState.HANDLING}),
    ActionName.EXTEND: _WORKING | {CaseState.AWAITING_APPROVAL},
    ActionName.OVERRIDE: frozenset({CaseState.HANDLING}),
    ActionName.RETURN_UPSTREAM: BEFORE_REPLY,
    ActionName.TOLD: _WORKING
    | _REPLIED
    | _ENDED_WELL
    | {CaseState.AWAITING_APPROVAL, CaseState.REPLYING, CaseState.RETURNED_UPSTREAM},
    ActionName.OBJECTION: _REPLIED,
    ActionName.MERGE: BEFORE_REPLY,
    ActionName.UNMERGE: frozenset({CaseState.MERGED}),
    ActionName.SPLIT: BEFORE_REPLY,
    ActionName.LINK: BEFORE_REPLY | _REPLIED | _ENDED_WELL | {CaseState.REPLYING},
    ActionName.SUSPEND: BEFORE_REPLY,
    ActionName.RESUME: _ALL,
    ActionName.REOPEN: _REPLIED | _ENDED_WELL,
    ActionName.SEND_REPLY: frozenset({CaseState.CONSOLIDATING}),
    ActionName.CLOSE: _REPLIED,
    ActionName.ARCHIVE: _REPLIED | {CaseState.CLOSED_CONSULT, CaseState.CLOSED_REMEDY_TOLD},
    ActionName.RECEIPT: _ALL - {CaseState.ARCHIVED, CaseState.WITHDRAWN, CaseState.RETURNED_UPSTREAM},
}
"""The states each action is legal in; an action not listed here is not offered."""


def allowed(work: Work) -> list[str]:
    """Return the actions that are legal now."""
    return [name.value for name in LEGAL_IN if _is_legal(work, name)]


def require(work: Work, name: ActionName) -> None:
    """Raise IllegalTransition with what is allowed, unless an action is legal now."""
    if _is_legal(work, name):
        return
    merged = f"已并入 {work.case.merged_into}，请在该案上办理；" if work.case.state is CaseState.MERGED else ""
    raise IllegalTransition(
        f"{merged}案件状态为 {work.case.state.value}，现在不能执行 {name.value}{_why(work, name)}",
        allowed_actions=allowed(work),
    )


def _why(work: Work, name: ActionName) -> str:
    """Say what stands against an action besides the state; empty where the state says all."""
    match name:
        case ActionName.UNMERGE:
            return "：请在被并走的那个案件上撤销"
        case ActionName.MINUTES if not work.case.approved:
            return "：纪要只用于批准了的复杂专案"
        case ActionName.MINUTES if missing := stages.opinions_missing(work):
            return f"：还缺{_named(work, missing)}的意见，收齐后再登记"
        case ActionName.SPLIT if work.case.parts:
            return "：本案已经拆分过"
        case ActionName.SUSPEND | ActionName.MERGE if work.case.suspended:
            return "：本案已中止，请先 resume"
        case ActionName.RESUME if not work.case.suspended:
            return "：本案没有中止"
        case ActionName.SEND_REPLY if not work.case.sign_off_pending:
            return "：没有待签发的答复"
        case _:
            return ""


def _named(work: Work, assignments: Sequence[Assignment]) -> str:
    units = dict.fromkeys(assignment.unit for assignment in assignments)
    known = work.policy.units
    return "、".join(known[unit].name if unit in known else unit for unit in units)


def _is_legal(work: Work, name: ActionName) -> bool:
    if work.case.state not in LEGAL_IN.get(name, frozenset()):
        return False
    match name:
        case ActionName.RESUME:
            return work.case.suspended
        case ActionName.SPLIT:
            return not work.case.parts
        case ActionName.SUSPEND | ActionName.MERGE:
            return not work.case.suspended
        case ActionName.SEND_REPLY:
            return work.case.sign_off_pending
        case ActionName.MINUTES:
            return stages.awaits_minutes(work)
        case ActionName.OVERRIDE:
            return bool(stages.opinions_missing(work)) and stages.consolidator(work) is not None
        case ActionName.DENY:
            waits = work.case.sign_off_pending or work.case.state is CaseState.AWAITING_APPROVAL
            return waits or any(_pending(a) for a in work.active())
        case ActionName.ARCHIVE:
            return work.case.state is not CaseState.REPLIED or (sides.settled(work) and not telling.open_(work))
        case _:
            return True


def _pending(assignment: Assignment) -> bool:
    return assignment.extension is not None and assignment.extension.decision is None
