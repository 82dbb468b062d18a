"""What the core needs of the operators' rules: units, procedures, limits, reply and return rules.

Owns: the pure value types that ``bridge.rules`` compiles a ``routing_rules.yaml`` into, and the
:class:`Rules` protocol by which the core asks for an assessment. Must not: parse, load, match.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from bridge.core.assessment import Assessment, Route
from bridge.core.model.ticket import TicketBody
from bridge.core.remedy import Remedy
from bridge.core.retention import Retention
from bridge.core.triggers import Trigger
from bridge.core.values import swift
from bridge.core.vocabulary import (
    CounterpartyType,
    DeadlineKind,
    Insurance,
    PartyRole,
    PeriodStage,
    ProcedureId,
    ReceiptType,
    TicketKind,
    Word,
)

if TYPE_CHECKING:
    from bridge.core.calendar import WorkCalendar


class LimitUnit(Word):
    """How a limit counts: 工作日, 自然日 (rolls past holidays), 工作小时."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    WORKING_HOURS = "working_hours"


class LimitSource(Word):
    """Who set a limit; the earliest of all sources is effective."""

    UPSTREAM = "upstream"
    STATUTE = "statute"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the mechanism (or an outside body) with whom to call; ``duty`` is False for 领导小组办公室."""

    id: str
    name: str
    contact_person: str
    contact_phone: str
    channel: str
    duty: bool = True
    external: bool = False
    coordinators: tuple[str, ...] = ()
    insurance: tuple[Insurance, ...] = ()
    remedy_authority: str | None = None
    aliases: tuple[str, ...] = ()
    supervises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """One of the ten categories, with the policy's wording and the legal basis it carries."""

    id: str
    number: int
    name: str
    clause: str
    legal_basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """How far a limit may be extended, counted from where it ended unextended; ``once``: no second time."""

    amount: int
    unit: LimitUnit
    once: bool = True


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A limit of the rules or of a statute. Empty filters match everything; the first match of source rules wins.

    ``extension``: None sets no end to more time.
    """

    id: str
    kind: DeadlineKind
    amount: int
    unit: LimitUnit
    clause: str
    source: LimitSource = LimitSource.RULES
    decided: bool = False
    procedures: tuple[ProcedureId, ...] = ()
    ticket_kinds: tuple[TicketKind, ...] = ()
    adapters: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    reminded: bool = True
    extension: Extension | None = None


class Who(Word):
    """Selectors of a stage besides a list of units."""

    LEAD = "lead"
    CO = "co"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Duty:
    """Who owes which receipts when a stage opens; ``units`` narrows ``co`` to these units."""

    who: Who
    owes: tuple[ReceiptType, ...]
    units: tuple[str, ...] = ()


class Gate(Word):
    """An act of a person that must happen before the next stage opens."""

    APPROVE = "approve"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a procedure: the duties it opens, and the gate that closes it (if any)."""

    id: str
    name: str
    duties: tuple[Duty, ...]
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """An ordered list of stages, then (where ``consolidate``) the lead's 总处理意见, then the reply.

    ``triggers`` speak for this procedure (复杂专案 only).
    """

    id: ProcedureId
    name: str
    stages: tuple[Stage, ...]
    consolidate: bool
    clause: str = ""
    variants: Mapping[str, tuple[Stage, ...]] = field(default_factory=dict)
    retention: Retention | None = None
    triggers: tuple[Trigger, ...] = ()

    def stages_for(self, category: str | None) -> tuple[Stage, ...]:
        """Return the stages for a category; a variant (the refund sequence) replaces the whole list."""
        return self.variants.get(category or "", self.stages)


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """How replies are composed and what must be in them; ``templates`` are Chinese ``str.format`` texts.

    ``same_amounts``: names under which units state one and the same amount, by that amount's name.
    ``remedies``: what may be printed as 救济途径.
    """

    sign_off: bool = False
    require: tuple[str, ...] = ()
    legal_basis: tuple[str, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    same_amounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """The return protocol: from the ``adjudicate_after``th return on, the office decides."""

    adjudicate_after: int = 2


@dataclass(frozen=True, slots=True)
class Confidentiality:
    """Which units may see a confidential petitioner, and the ticket kinds that are always confidential."""

    visible_to: tuple[str, ...] = ()
    kinds: tuple[TicketKind, ...] = ()


@swift
@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What the rules may look at when they assess a ticket."""

    kind: TicketKind
    feed: str
    adapter: str
    received_at: datetime
    body: TicketBody
    accepting_unit: str | None = None
    upstream_unit: str | None = None


@swift
@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What routing depends on once a category is known (for re-routing by a person)."""

    insurance: tuple[Insurance, ...] = ()
    period: PeriodStage = PeriodStage.UNKNOWN
    flags: tuple[str, ...] = ()
    kind: TicketKind = TicketKind.HELP
    party: PartyRole | None = None
    counterparty: CounterpartyType | None = None
    accepting_unit: str | None = None


@dataclass(frozen=True, eq=False)
class Policy:
    """An immutable snapshot of everything the core may ask of the rules, with its content hash.

    Equal to itself only, so that what was worked out under a snapshot can be kept by it.
    """

    hash: str
    units: Mapping[str, Unit]
    categories: Mapping[str, CategoryInfo]
    procedures: Mapping[ProcedureId, Procedure]
    limits: tuple[TimeLimit, ...]
    calendar: WorkCalendar
    replies: ReplyRules = ReplyRules()
    returns: ReturnRules = ReturnRules()
    confidentiality: Confidentiality = Confidentiality()
    review_enabled: bool = True
    invite_by_lead: bool = False
    merge_automatic: bool = False

    def unit_named(self, reference: str | None) -> Unit | None:
        """Find a unit by id or by its Chinese name; None if the rules do not know it."""
        if reference is None:
            return None
        if reference in self.units:
            return self.units[reference]
        return next((unit for unit in self.units.values() if unit.name == reference), None)

    @cached_property
    def _limits_by_kind(self) -> dict[DeadlineKind, list[TimeLimit]]:
        found: dict[DeadlineKind, list[TimeLimit]] = {}
        for limit in self.limits:
            found.setdefault(limit.kind, []).append(limit)
        return found

    def limits_for(
        self,
        kind: DeadlineKind,
        *,
        procedure: ProcedureId | None,
        ticket_kind: TicketKind | None = None,
        adapter: str | None = None,
        category: str | None = None,
    ) -> tuple[TimeLimit, ...]:
        """Return the first matching limit of the rules, then every matching statute."""
        matching = [
            limit
            for limit in self._limits_by_kind.get(kind, ())
            if (not limit.procedures or procedure in limit.procedures)
            and (not limit.ticket_kinds or ticket_kind in limit.ticket_kinds)
            and (not limit.adapters or adapter in limit.adapters)
            and (not limit.categories or category in limit.categories)
        ]
        own = [limit for limit in matching if limit.source is LimitSource.RULES][:1]
        return (*own, *(limit for limit in matching if limit.source is LimitSource.STATUTE))


class Rules(Protocol):
    """A compiled rules snapshot: the policy plus the classifier and the router."""

    @property
    def policy(self) -> Policy:
        """The values the core reads."""

    def assess(self, facts: TicketFacts) -> Assessment:
        """Classify and route one ticket; never raises for any text."""

    def route(self, category: str, facts: RouteFacts) -> Route:
        """Route a category chosen by a person."""
