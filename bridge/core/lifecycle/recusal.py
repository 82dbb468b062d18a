"""Who may have no part in a case, or not lead it: a report never reaches the accused, nobody judges a complaint of itself.

Owns: the one question every path that gives a unit an assignment asks (routing, classify, reroute, designate, add_unit,
a return's suggestion, a transfer, a complex case, a revision, a merge). Must not: change a case; ``enforce`` lives in
``exclusion``. Source: 信访工作条例 28, 30, 31, 46(5); 社会保险法 92; domain 5.2; ADR 0008.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core import accused
from bridge.core.lifecycle.work import Work
from bridge.core.model.ticket import Ticket
from bridge.core.policy import Unit
from bridge.core.vocabulary import Role, TicketKind
from bridge.errors import IllegalTransition, InvalidPayload, Problem

STAFF_CONDUCT = "staff_conduct"
"""The flag of the rules for a complaint about how an office's people behave."""

MAY_SET_ASIDE = frozenset({"office", "leader"})
"""Roles that may let a unit handle a complaint of itself, with a reason, where the law leaves it to them."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a unit stands aside. ``wholly``: it has no part and sees nothing; ``final``: nobody may set this aside."""

    why: str
    wholly: bool
    final: bool


def bar(work: Work, unit_id: str | None, role: Role) -> Bar | None:
    """Return why a unit may not take this role in the case; None if it may."""
    unit = work.policy.units.get(unit_id or "")
    if unit is None:
        return None
    found = [each for ticket in work.tickets.values() if (each := _bar_of(work, ticket, unit))]
    worst = max(found, key=lambda each: (each.final, each.wholly), default=None)
    if worst is None or (role is Role.CO and not worst.wholly):
        return None
    return None if not worst.final and unit.id in work.case.recusal_set_aside else worst


def shuts_out(work: Work, unit_id: str) -> bool:
    """Tell whether a unit has no part in the case and must see nothing of it."""
    return bar(work, unit_id, Role.CO) is not None


def _bar_of(work: Work, ticket: Ticket, unit: Unit) -> Bar | None:
    if ticket.kind is TicketKind.REPORT:
        return _of_report(ticket, unit)
    if ticket.kind is not TicketKind.COMPLAINT:
        return None
    if accused.names_supervised(ticket, unit):
        return Bar(f"{unit.name}是被投诉单位的主管单位,不得单独办理", wholly=False, final=False)
    if STAFF_CONDUCT in work.case.flags and accused.names_unit(ticket, unit):
        return Bar(f"投诉的是{unit.name}工作人员的作风,{unit.name}应当回避,不得主办", wholly=False, final=False)
    return None


def _of_report(ticket: Ticket, unit: Unit) -> Bar | None:
    law = "检举、揭发材料不得转给被举报的单位(《信访工作条例》第三十条、第四十六条)"
    if accused.names_unit(ticket, unit) or accused.names_supervised(ticket, unit):
        return Bar(f"举报的是{unit.name}或者由它主管的单位,{law}", wholly=True, final=True)
    if accused.words_accuse(ticket, unit):
        return Bar(f"举报文字指向{unit.name},{law}", wholly=True, final=False)
    return None


def fit(work: Work, units: tuple[str, ...]) -> tuple[str, ...]:
    """Return the units of a list that may take part as co-units."""
    return tuple(unit for unit in units if bar(work, unit, Role.CO) is None)


def require(work: Work, unit: str, role: Role, field: str, reason: str | None) -> None:
    """Refuse a person's choice of a unit that must stand aside, unless that person may set the bar aside and says why.

    Raises:
        InvalidPayload: the law leaves no choice; another unit must be chosen.
        IllegalTransition: only the office may choose it, with a reason.
    """
    found = bar(work, unit, role)
    if found is None:
        return
    superior = work.policy.units[unit].remedy_authority
    instead = f"请另选单位,或者退回上游转{superior}处理" if superior else "请另选单位,或者退回上游"
    if found.final:
        raise InvalidPayload([Problem(field, f"{found.why}。{instead}")])
    if work.context.actor.role not in MAY_SET_ASIDE or not reason:
        raise IllegalTransition(f"{found.why}。{instead};确需由它办理的,由领导小组办公室(office)写明理由后指定")
    work.set_case(recusal_set_aside=tuple(dict.fromkeys((*work.case.recusal_set_aside, unit))))
    work.record("recusal.set_aside", unit=unit, why=found.why, reason=reason)


def refuse_accused(work: Work, name: str | None, field: str) -> None:
    """Refuse to name the accused as whom a report should go to (the C130 mistake)."""
    if name is None:
        return
    unit = work.policy.unit_named(name)
    shut_out = unit is not None and shuts_out(work, unit.id)
    reports = [ticket for ticket in work.tickets.values() if ticket.kind is TicketKind.REPORT]
    if shut_out or any(accused.is_accused(ticket, name) for ticket in reports):
        raise InvalidPayload([Problem(field, "不得把举报转给被举报的单位,请改填其上级或者有权处理的机关")])


def view(work: Work) -> list[dict[str, object]]:
    """Return who stands aside in this case and why, as operators see it."""
    found = [(unit, bar(work, unit, Role.LEAD)) for unit in work.policy.units]
    return [{"unit": unit, "why": each.why, "wholly": each.wholly, "final": each.final} for unit, each in found if each]
