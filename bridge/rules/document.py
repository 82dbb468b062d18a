"""The operators' document, ``routing_rules.yaml``: its thirteen parts in the contract's names.

Owns: the top level, the calendar overlay, the review settings and the test cases. Must not: load or compile.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bridge.core.vocabulary import DeadlineKind, Insurance, PartyRole, PeriodStage, ProcedureId, TicketKind
from bridge.rules.document_base import ClockTime, Identifier, Instant, IsoDate, IsoMonth, Names, Section, Short, Text
from bridge.rules.document_evidence import RulesSection
from bridge.rules.document_flow import (
    CategoryEntry,
    ConfidentialityEntry,
    LimitEntry,
    MergeEntry,
    ProcedureEntry,
    ReturnsEntry,
    RouteEntry,
    UnitEntry,
)
from bridge.rules.document_replies import RepliesEntry


class OverlayDay(Section):
    """县里与国务院安排不同的一天。"""

    date: IsoDate
    working: bool
    reason: Short
    document: Short | None = None


class WorkPeriod(Section):
    """一段工作时间。"""

    start: ClockTime
    end: ClockTime


class CalendarEntry(Section):
    """工作日历:在国务院历年安排之上的本县调整,和每日工作时间。"""

    working_hours: list[WorkPeriod] = Field(default_factory=list)
    overlay: list[OverlayDay] = Field(default_factory=list)


class ReviewEntry(Section):
    """何时先请人看:主办把握不够、范围把握不够、或带有这些标记。enabled: false 则一律自动派发。"""

    enabled: bool = True
    min_confidence: Annotated[float, Field(ge=0, le=1, strict=False, description="主办判对的把握低于此数先请人看")] = (
        0.6
    )
    min_scope_confidence: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.6
    flags: list[Identifier] = Field(default_factory=list, description="带这些标记的一律请人看")


class JointEntry(Section):
    """联办单位何时收到:与主办同时,或由主办邀请。"""

    invite: Annotated[str, Field(pattern=r"^(at_once|by_lead)$")] = "at_once"


class ExpectedDecision(Section):
    """测试期望;只写的才比对。due 的键是时限种类,reminders 写作“种类 步骤 时刻”。"""

    in_scope: bool | None = None
    out_reason: Identifier | None = None
    category: Identifier | None = None
    second_category: Identifier | None = None
    lead: Identifier | None = None
    co_units: list[Identifier] | None = None
    procedure: Annotated[ProcedureId, Field(strict=False)] | None = None
    period: Annotated[PeriodStage, Field(strict=False)] | None = None
    insurance: list[Annotated[Insurance, Field(strict=False)]] | None = None
    flags: Names
    without_flags: Names
    review: bool | None = None
    due: dict[Annotated[DeadlineKind, Field(strict=False)], Instant] = Field(default_factory=dict)
    reminders: list[Short] | None = None


class FeePeriodEntry(Section):
    """费款所属期。"""

    start: IsoMonth | None = None
    end: IsoMonth | None = None


class RuleCase(Section):
    """一个自测用例:一件工单和应有的全部决定。"""

    id: Identifier
    title: str = ""
    text: Text
    kind: Annotated[TicketKind, Field(strict=False)] = TicketKind.COMPLAINT
    feed: Identifier = "hotline"
    adapter: Identifier = "hotline_12345"
    received_at: Instant
    accepting_unit: Identifier | None = None
    upstream_unit: Identifier | None = None
    insurance: list[Annotated[Insurance, Field(strict=False)]] = Field(default_factory=list)
    fee_period: FeePeriodEntry | None = None
    party: Annotated[PartyRole, Field(strict=False)] | None = None
    people_count: int | None = None
    expect: ExpectedDecision


class RulesDocument(Section):
    """routing_rules.yaml:谁、依据什么、在多长时间内办什么。"""

    units: Annotated[dict[Identifier, UnitEntry], Field(min_length=1)]
    categories: Annotated[dict[Identifier, CategoryEntry], Field(min_length=1)]
    rules: RulesSection
    routes: Annotated[list[RouteEntry], Field(min_length=1)]
    procedures: dict[Annotated[ProcedureId, Field(strict=False)], ProcedureEntry]
    time_limits: Annotated[list[LimitEntry], Field(min_length=1)]
    calendar: CalendarEntry
    replies: RepliesEntry
    confidentiality: ConfidentialityEntry
    review: ReviewEntry
    returns: ReturnsEntry
    merge: MergeEntry
    joint: JointEntry = JointEntry()
    tests: list[RuleCase] = Field(description="自测用例;放在最后,没写完的文件就读不进来")
