"""Category and facets to lead, co-units, procedure and clauses.

Owns: the first route that fits, what ``agency`` stands for, 咨询 without joint handling, 自办 where the
accepting unit leads. Must not: read texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bridge.core.assessment import Classification, Route
from bridge.core.policy import RouteFacts, TicketFacts, Unit
from bridge.core.vocabulary import Insurance, ProcedureId, TicketKind
from bridge.rules.document_flow import AGENCY, RouteEntry, RouteWhen
from bridge.rules.second_opinion import ASKED

LIGHT_KINDS = frozenset({TicketKind.CONSULT, TicketKind.SUGGESTION})
"""咨询和建议: answered or passed on, no opinions of others. Source: domain A10."""

ALL_KINDS = "all_kinds"
"""A text on 社保 as a whole concerns every agency, whichever kind it also names (domain 2: 五险 ⇒ both)."""

CO_FLAGS = {
    "ask_finance": "finance", "ask_petition": "petition", "ask_justice": "justice", "ask_court": "court", **ASKED,
}  # fmt: skip
"""Flags of the rules, or of the second opinion, that add a unit to a joint handling of any category."""


@dataclass(frozen=True)
class Router:
    """The routes by category, and who runs which insurance kind."""

    routes: Mapping[str, Sequence[RouteEntry]]
    agencies: Mapping[Insurance, str]
    units: Mapping[str, Unit]

    def route(self, category: str, facts: RouteFacts) -> Route:
        """The first route of the category that fits; a route without lead if none does."""
        agencies = self._concerned(facts)
        entry = self._entry(category, facts, agencies)
        return self._apply(entry, facts, agencies) if entry else Route(lead=None)

    def lead(self, category: str, facts: RouteFacts) -> str | None:
        """Who leads by that route."""
        agencies = self._concerned(facts)
        entry = self._entry(category, facts, agencies)
        return _lead(entry, agencies) if entry else None

    def agencies_of(self, kinds: Sequence[Insurance]) -> tuple[str, ...]:
        """The agencies of these kinds; all of them if no kind is known (A4, A5)."""
        known = dict.fromkeys([self.agencies[kind] for kind in kinds if kind in self.agencies])
        return tuple(known) or self._every_agency

    @cached_property
    def _every_agency(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.agencies.values()))

    def _concerned(self, facts: RouteFacts) -> tuple[str, ...]:
        agencies = self.agencies_of(facts.insurance)
        return tuple(dict.fromkeys((*self._every_agency, *agencies))) if ALL_KINDS in facts.flags else agencies

    def _entry(self, category: str, facts: RouteFacts, agencies: tuple[str, ...]) -> RouteEntry | None:
        for entry in self.routes.get(category, ()):
            if _fits(entry.when, facts, agencies):
                return entry
        return None

    def _apply(self, entry: RouteEntry, facts: RouteFacts, agencies: tuple[str, ...]) -> Route:
        lead = _lead(entry, agencies)
        asked: list[str] = []
        for unit in (*entry.co_units, *(CO_FLAGS[flag] for flag in facts.flags if flag in CO_FLAGS)):
            asked += agencies if unit == AGENCY else (unit,)
        co_units = tuple(unit for unit in dict.fromkeys(asked) if unit != lead)
        if facts.kind in LIGHT_KINDS:
            co_units = ()
        procedure = self._procedure(entry, facts, lead, co_units)
        return Route(lead, co_units, procedure, tuple(entry.clause), entry.id)

    def _procedure(self, entry: RouteEntry, facts: RouteFacts, lead: str, co_units: tuple[str, ...]) -> ProcedureId:
        if co_units:
            joint = {ProcedureId.JOINT_GENERAL, ProcedureId.JOINT_COMPLEX}
            return entry.procedure if entry.procedure in joint else ProcedureId.JOINT_GENERAL
        return ProcedureId.DIRECT if facts.accepting_unit == lead else ProcedureId.TRANSFER


def route_facts(found: Classification, facts: TicketFacts) -> RouteFacts:
    """What routing looks at, from a classification and its ticket."""
    other = facts.body.counterparty
    return RouteFacts(
        insurance=found.insurance,
        period=found.period,
        flags=found.flags,
        kind=facts.kind,
        party=facts.body.petitioner.role,
        counterparty=other.type if other else None,
        accepting_unit=facts.accepting_unit,
    )


def _lead(entry: RouteEntry, agencies: tuple[str, ...]) -> str:
    return agencies[0] if entry.lead == AGENCY else entry.lead


def _fits(when: RouteWhen, facts: RouteFacts, agencies: tuple[str, ...]) -> bool:
    return (
        (not when.flags or set(facts.flags).issuperset(when.flags))
        and (not when.period or facts.period in when.period)
        and (not when.insurance or any(kind in when.insurance for kind in facts.insurance))
        and (when.agency is None or when.agency == _agency_word(agencies))
        and (not when.party or facts.party in when.party)
        and (not when.counterparty or facts.counterparty in when.counterparty)
        and (not when.kind or facts.kind in when.kind)
        and (not when.without_flags or set(facts.flags).isdisjoint(when.without_flags))
    )


def _agency_word(agencies: tuple[str, ...]) -> str:
    return f"{agencies[0]}_only" if len(agencies) == 1 else "both"
