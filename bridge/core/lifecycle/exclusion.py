"""Taking a case away from units that must have no part in it, however they came to have one.

Owns: what happens when the routing, a revision or a merge gives a case to a unit that is barred from it. Must not:
decide who is barred (``recusal`` does).
"""

from __future__ import annotations

from bridge.core.lifecycle import receipts, recusal, stages, views
from bridge.core.lifecycle.work import ACTIVE, Work
from bridge.core.vocabulary import OPEN_CASE_STATES, AssignmentState, CaseState, Role

EXCLUDED = "unit.excluded"
"""The line of the history that says a unit's part was taken away."""


def enforce(work: Work) -> None:
    """Withdraw every assignment whose unit is shut out; a case that loses its lead waits for the office."""
    shut_out = [
        assignment
        for assignment in work.assignments.values()
        if (assignment.state in ACTIVE or assignment.state is AssignmentState.QUEUED)
        and recusal.shuts_out(work, assignment.unit)
    ]
    if not shut_out:
        return
    lost_lead = any(assignment.role is Role.LEAD for assignment in shut_out)
    why = next(found.why for each in shut_out if (found := recusal.bar(work, each.unit, Role.CO)))
    for assignment in shut_out:
        stages.withdraw(work, assignment)
        work.record(EXCLUDED, unit=assignment.unit, assignment=assignment.id)
    gone = {assignment.unit for assignment in shut_out}
    work.set_case(
        co_units=tuple(unit for unit in work.case.co_units if unit not in gone),
        accepting_unit=None if work.case.accepting_unit in gone else work.case.accepting_unit,
    )
    if work.case.state not in OPEN_CASE_STATES:
        return
    if lost_lead:
        give_to_office(work, why)
    elif work.case.state is not CaseState.REPLYING:
        stages.advance(work)


def give_to_office(work: Work, why: str) -> None:
    """Put a case that no unit may lead before 领导小组办公室, which designates one or passes it to the superior."""
    receipts.to_triage(work, why)
    views.send_office(work, None, "recusal", note=why)
