"""What the rules make of a ticket: its classification, its route, and why."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.values import swift
from bridge.core.vocabulary import Insurance, PeriodStage, ProcedureId


@dataclass(frozen=True, slots=True)
class Evidence:
    """One hit that spoke for (or against) a category."""

    rule: str
    matched: str
    category: str | None = None
    weight: float = 0.0


@swift
@dataclass(frozen=True, slots=True)
class Classification:
    """What the rules made of a text; ``review`` asks for a person before anything is sent."""

    in_scope: bool
    category: str | None = None
    confidence: float = 0.0
    second_category: str | None = None
    candidates: tuple[tuple[str, float], ...] = ()
    insurance: tuple[Insurance, ...] = ()
    period: PeriodStage = PeriodStage.UNKNOWN
    flags: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    out_reason: str | None = None
    review: bool = False
    review_reason: str = ""


@swift
@dataclass(frozen=True, slots=True)
class Route:
    """Who handles a case and under which clause; ``lead`` None means a person decides."""

    lead: str | None
    co_units: tuple[str, ...] = ()
    procedure: ProcedureId | None = None
    clauses: tuple[str, ...] = ()
    route_id: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The rules' whole decision on one ticket."""

    classification: Classification
    route: Route
    rules_hash: str
