"""The document as the core's :class:`~bridge.core.policy.Policy`.

Owns: the mapping of units, categories, procedures, limits, replies and the calendar. Must not: match texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from bridge.core.calendar import OFFICE_HOURS, OverlayEntry, PublishedYear, WorkCalendar
from bridge.core.policy import (
    CategoryInfo,
    Confidentiality,
    Duty,
    Extension,
    Policy,
    Procedure,
    ReplyRules,
    ReturnRules,
    Stage,
    TimeLimit,
    Unit,
)
from bridge.core.remedy import Remedy
from bridge.core.triggers import Trigger
from bridge.core.vocabulary import ProcedureId
from bridge.rules.calendar_data import load_calendar
from bridge.rules.document import CalendarEntry, RulesDocument
from bridge.rules.document_flow import LimitEntry, ProcedureEntry, StageEntry, TriggerEntry, UnitEntry
from bridge.rules.document_replies import RemedyEntry, RepliesEntry


def policy_of(document: RulesDocument, content_hash: str, years: tuple[PublishedYear, ...] = ()) -> Policy:
    """Build the immutable snapshot of everything the core reads."""
    return Policy(
        hash=content_hash,
        units={name: _unit(name, entry) for name, entry in document.units.items()},
        categories={
            name: CategoryInfo(name, entry.number, entry.name, entry.clause, tuple(entry.legal_basis))
            for name, entry in document.categories.items()
        },
        procedures=_procedures(document.procedures),
        limits=tuple(_limit(entry) for entry in document.time_limits),
        calendar=calendar_of(document.calendar, years),
        replies=_replies(document.replies),
        returns=ReturnRules(document.returns.adjudicate_after),
        confidentiality=Confidentiality(
            tuple(document.confidentiality.visible_to), tuple(document.confidentiality.kinds)
        ),
        review_enabled=document.review.enabled,
        invite_by_lead=document.joint.invite == "by_lead",
        merge_automatic=document.merge.automatic,
    )


def calendar_of(entry: CalendarEntry, years: tuple[PublishedYear, ...] = ()) -> WorkCalendar:
    """The published years (and the deployer's ``years``) with the county's overlay and hours.

    Raises:
        ConfigError: overlay dates or hours that contradict each other.
    """
    overlay = [
        OverlayEntry(date.fromisoformat(day.date), workday=day.working, reason=day.reason, doc=day.document or "")
        for day in entry.overlay
    ]
    hours = tuple((_time(period.start), _time(period.end)) for period in entry.working_hours)
    return load_calendar(overlay=overlay, hours=hours or OFFICE_HOURS, extra=years)


def _time(text: str) -> time:
    return time.fromisoformat(text)


def _unit(name: str, entry: UnitEntry) -> Unit:
    return Unit(
        id=name,
        name=entry.name,
        contact_person=entry.contact_person,
        contact_phone=entry.contact_phone,
        channel=entry.channel or name,
        duty=entry.duty,
        external=entry.external,
        coordinators=tuple(entry.coordinators),
        insurance=tuple(entry.insurance),
        remedy_authority=entry.remedy_authority,
        aliases=tuple(entry.aliases),
        supervises=tuple(entry.supervises),
    )


def _procedures(entries: Mapping[ProcedureId, ProcedureEntry]) -> dict[ProcedureId, Procedure]:
    return {
        name: Procedure(
            id=name,
            name=entry.name,
            stages=tuple(_stage(stage) for stage in entry.stages),
            consolidate=entry.consolidate,
            clause=entry.clause,
            retention=entry.retention,
            triggers=triggers_of({name: entry}),
            variants={key: tuple(_stage(stage) for stage in stages) for key, stages in entry.variants.items()},
        )
        for name, entry in entries.items()
    }


def triggers_of(entries: Mapping[ProcedureId, ProcedureEntry]) -> tuple[Trigger, ...]:
    """What speaks for a complex case, in the order of the document."""
    return tuple(_trigger(trigger) for entry in entries.values() for trigger in entry.triggers)


def _trigger(entry: TriggerEntry) -> Trigger:
    given = ((name, getattr(entry, name)) for name in type(entry).model_fields)
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given}
    return Trigger(**fields)


def _stage(entry: StageEntry) -> Stage:
    duties = tuple(Duty(duty.who, tuple(duty.owes), tuple(duty.units)) for duty in entry.duties)
    return Stage(entry.id, entry.name, duties, entry.gate)


def _limit(entry: LimitEntry) -> TimeLimit:
    return TimeLimit(
        id=entry.id,
        kind=entry.kind,
        amount=entry.amount,
        unit=entry.unit,
        clause=entry.clause,
        source=entry.limit_source,
        decided=entry.decided,
        procedures=tuple(entry.procedures),
        ticket_kinds=tuple(entry.kinds),
        adapters=tuple(entry.adapters),
        categories=tuple(entry.categories),
        reminded=entry.reminded,
        extension=Extension(**entry.extension.model_dump()) if entry.extension else None,
    )


def _replies(entry: RepliesEntry) -> ReplyRules:
    return ReplyRules(
        entry.sign_off,
        tuple(entry.require),
        tuple(entry.legal_basis),
        dict(entry.templates),
        {name: tuple(names) for name, names in entry.same_amounts.items()},
        tuple(_remedy(one) for one in entry.remedies),
    )


def _remedy(entry: RemedyEntry) -> Remedy:
    conditions = {name: tuple(getattr(entry.when, name)) for name in type(entry.when).model_fields if name != "named"}
    return Remedy(id=entry.id, text=entry.text, clause=entry.clause, named=entry.when.named, **conditions)
