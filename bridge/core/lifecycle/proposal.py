"""Which triggers of a complex case fit a case as it stands.

Owns: the facts of a case file that triggers look at, and how they are shown. Must not: propose; a person does (R27).
"""

from __future__ import annotations

from bridge.core.lifecycle.work import Work
from bridge.core.policy import Policy
from bridge.core.triggers import Facts, Trigger, amount_of, fitting, months_of
from bridge.core.vocabulary import ProcedureId


def of(policy: Policy) -> tuple[Trigger, ...]:
    """Return the triggers of the rules."""
    procedure = policy.procedures.get(ProcedureId.JOINT_COMPLEX)
    return procedure.triggers if procedure else ()


def found(work: Work) -> tuple[Trigger, ...]:
    """Return the triggers that fit the case now; none once it is a complex one."""
    if work.case.approved:
        return ()
    return fitting(of(work.policy), _facts(work))


def view(work: Work) -> list[dict[str, str]]:
    """Return the fitting triggers as operators and the lead are shown them."""
    return [{"id": each.id, "text": each.text} for each in found(work)]


def _facts(work: Work) -> Facts:
    case, bodies = work.case, [ticket.body for ticket in work.tickets.values()]
    return Facts(
        category=case.category,
        flags=case.flags,
        period=case.period,
        units=tuple(unit for unit in dict.fromkeys((case.lead, *case.co_units)) if unit),
        people=sum(body.petitioner.people_count or 1 for body in bodies),
        amount=max((amount_of(body.amount) for body in bodies), default=0.0),
        months=max((months_of(body.period) for body in bodies), default=0),
        returns=case.returns,
        round=case.round,
    )
