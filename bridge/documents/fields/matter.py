"""What every field maker is given: the case, its history, the office, and who must stay hidden.

Owns: names of units and categories on paper, hiding a petitioner. Must not: know a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from bridge.core.lifecycle import secrecy
from bridge.core.lifecycle.work import Work
from bridge.core.model.assignment import Assignment
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import FeePeriod, Ticket
from bridge.core.policy import Unit
from bridge.core.vocabulary import ReceiptType
from bridge.documents.fields import words

HIDDEN = "（保密）"

Fields = dict[str, Any]
"""Texts, lists and mappings of texts, by the names templates use."""


@dataclass(frozen=True)
class Office:
    """Who issues: ``county`` stands before a unit's name, ``issuer`` is 领导小组办公室 in full."""

    county: str = "泽州县"
    issuer: str = "泽州县社会保险费征缴争议联合处置领导小组办公室"

    def full_name(self, unit: str) -> str:
        """Return a unit's name with the county before it."""
        return unit if not unit or unit.startswith(self.county) else f"{self.county}{unit}"


@dataclass(frozen=True, slots=True)
class PastEvent:
    """A line of the history, as far as papers quote it."""

    seq: int
    type: str
    occurred_at: datetime
    detail: dict[str, Any]


@dataclass(frozen=True)
class Matter:
    """A case as a paper sees it. ``hidden``: every petitioner is blanked out of every word."""

    work: Work
    office: Office
    history: Sequence[PastEvent]
    numbers: dict[tuple[str, str], str]
    hidden: bool = False

    def blanked(self) -> Matter:
        """Return the same matter for a reader who may not learn who the petitioner is."""
        return replace(self, hidden=True)

    @cached_property
    def _blanks(self) -> list[Callable[[str], str]]:
        return [secrecy.blanker(ticket.body.petitioner) for ticket in self.tickets] if self.hidden else []

    def say(self, text: str | None) -> str:
        """Return a free text, blanked where the reader may not know the petitioner."""
        said = text or ""
        for blank in self._blanks:
            said = blank(said)
        return said

    def person(self, value: str | None) -> str:
        """Return something that tells who the petitioner is, or that it is kept secret."""
        return HIDDEN if self.hidden else value or ""

    @property
    def tickets(self) -> list[Ticket]:
        """The tickets the case answers."""
        return list(self.work.tickets.values())

    @property
    def ticket(self) -> Ticket:
        """The first ticket, which the case began with."""
        return self.tickets[0]

    def unit(self, unit_id: str | None) -> Unit | None:
        """Return a unit of the rules."""
        return self.work.policy.units.get(unit_id or "")

    def unit_name(self, unit_id: str | None) -> str:
        """Return a unit's name as the rules have it."""
        unit = self.unit(unit_id)
        return unit.name if unit else unit_id or ""

    def unit_names(self, unit_ids: Sequence[str]) -> str:
        """Return several units' names."""
        return words.joined(self.unit_name(unit_id) for unit_id in unit_ids)

    @property
    def category(self) -> str:
        """The category's name."""
        info = self.work.policy.categories.get(self.work.case.category or "")
        return info.name if info else ""

    @property
    def insurances(self) -> str:
        """The insurance kinds in words."""
        return words.joined(words.INSURANCES[kind] for kind in self.work.case.insurance)

    @property
    def procedure(self) -> str:
        """The procedure in words."""
        return words.PROCEDURES[self.work.case.procedure] if self.work.case.procedure else ""

    @property
    def answering_unit(self) -> str | None:
        """The unit that owes the reply: the accepting one, before that the lead (R25)."""
        return self.work.case.accepting_unit or self.work.case.lead

    def contact(self, unit_id: str | None) -> Fields:
        """Return whom to reach at a unit (R23)."""
        unit = self.unit(unit_id)
        known = (unit.name, unit.contact_person, unit.contact_phone) if unit else ("", "", "")
        return dict(zip(("单位", "联系人", "电话"), known, strict=True))

    def events(self, type_: str) -> list[PastEvent]:
        """Return the events of a type, oldest first."""
        return [event for event in self.history if event.type == type_]

    def newest(self, kind: ReceiptType) -> list[Opinion]:
        """Return the newest opinion of this kind of each unit in the present round, in the order given."""
        found: dict[str, Opinion] = {}
        for opinion in self.work.opinions:
            if opinion.kind is kind and opinion.round == self.work.case.round:
                found.pop(opinion.unit, None)
                found[opinion.unit] = opinion
        return list(found.values())

    def role(self, opinion: Opinion) -> str:
        """Return the role an opinion's unit has by now."""
        assignment = self.work.assignments.get(opinion.assignment_id)
        return words.ROLES[assignment.role if assignment else opinion.role]

    def handlers(self) -> list[Assignment]:
        """Return the assignments of the units that take part, the lead first."""
        return sorted(self.work.active(), key=lambda assignment: assignment.role.value != "lead")


def fee_period(period: FeePeriod | None) -> str:
    """Return a fee period in words."""
    if period is None or not (period.start or period.end):
        return ""
    return f"{period.start or ''}至{period.end or ''}" if period.start != period.end else period.start or ""
