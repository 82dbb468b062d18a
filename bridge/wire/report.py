"""The reports as they leave us: one number a figure, rates between 0 and 1.

Owns: the shape of the assessment and the hot spots. Must not: say how a figure is counted.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, create_model

from bridge.core.scorecard import NAMES, RATES
from bridge.core.vocabulary import CaseState, DeadlineKind
from bridge.wire.outgoing.body import Outgoing

_COUNTS: dict[str, Any] = {name: (int, Field(description=words)) for name, words in NAMES.items()}
_RATES: dict[str, Any] = {name: (float | None, Field(description=rate[0])) for name, rate in RATES.items()}

Figures = create_model("Figures", __base__=Outgoing, **_COUNTS, **_RATES)
GroupFigures = create_model("GroupFigures", __base__=Figures, key=(str | None, ...), name=(str, ...))


class ReportHead(Outgoing):
    """The days of a report, both included, and the moment it was made."""

    from_: str = Field(alias="from")
    to: str
    as_of: str


class Assessment(ReportHead):
    """考核: the cases registered in the span of days, as they stand."""

    group: str | None
    groups: list[GroupFigures]
    total: Figures


class RepeatedOut(Outgoing):
    """Cases about one employer; no name."""

    cases: int
    case_ids: list[str]
    categories: list[str]


class BouncedOut(Outgoing):
    """A case that units returned again and again."""

    case_id: str
    returns: int
    state: CaseState | None = None
    category: str | None = None
    lead: str | None = None


class OverdueOut(Outgoing):
    """A clock that is overdue."""

    case_id: str
    kind: DeadlineKind
    unit: str
    due_at: str


class Hotspots(ReportHead):
    """焦点、堵点: what comes again, what bounces, what is overdue."""

    repeated: list[RepeatedOut]
    bounced: list[BouncedOut]
    overdue: list[OverdueOut]
