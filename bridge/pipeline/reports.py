"""Reports for the office and the leading group: the assessment (R35) and the hot spots (R6).

Owns: walking a period page by page, each page in a read of its own, and naming the groups. Must not: count (the fold does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bridge.core import scorecard
from bridge.core.civil import SHANGHAI, iso
from bridge.core.scorecard import CaseScore, Grouping, Scorecard
from bridge.core.vocabulary import Insurance
from bridge.errors import InvalidPayload, Problem
from bridge.pipeline.runtime import Runtime
from bridge.store.periods import Period, Place
from bridge.store.writer import Tx

PAGE = 200
MOST = 50
"""Most entries of one kind among the hot spots."""
LEAST_REPEATED = 3
LEAST_BOUNCED = 2
_INSURANCE: Mapping[str, str] = {
    Insurance.PENSION_EMPLOYEE: "企业职工养老",
    Insurance.PENSION_RESIDENT: "居民养老",
    Insurance.PENSION_INSTITUTION: "机关事业养老",
    Insurance.MEDICAL_EMPLOYEE: "职工医保",
    Insurance.MEDICAL_RESIDENT: "居民医保",
    Insurance.UNEMPLOYMENT: "失业",
    Insurance.WORK_INJURY: "工伤",
    Insurance.MATERNITY: "生育",
    Insurance.LONG_TERM_CARE: "长期护理",
}


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report, both included, by local time."""

    first: date
    last: date

    def period(self) -> Period:
        """Return the instants."""
        start = datetime(self.first.year, self.first.month, self.first.day, tzinfo=SHANGHAI)
        after = self.last + timedelta(days=1)
        return Period(start, datetime(after.year, after.month, after.day, tzinfo=SHANGHAI))


def span_of(first: str | None, last: str | None, now: datetime) -> Span:
    """Read the days of a report; without any, this month up to today.

    Raises:
        InvalidPayload: not days, or the wrong way round.
    """
    today = now.astimezone(SHANGHAI).date()
    end = _day("to", last) or today
    begin = _day("from", first) or end.replace(day=1)
    if begin > end:
        raise InvalidPayload([Problem("from", "起始日晚于截止日（to）")])
    return Span(begin, end)


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidPayload([Problem(name, "应为日期，如 2026-03-01")]) from None
    if not date(2000, 1, 1) <= day < date(2200, 1, 1):
        raise InvalidPayload([Problem(name, "应在 2000 年至 2199 年之间")])
    return day


def grouping_of(text: str | None) -> Grouping | None:
    """Read what to group by. Raises InvalidPayload."""
    if text is None:
        return None
    try:
        return Grouping(text)
    except ValueError:
        raise InvalidPayload([Problem("group", f"应为 {'、'.join(Grouping)} 之一")]) from None


async def assessment(runtime: Runtime, span: Span, grouping: Grouping | None) -> dict[str, Any]:
    """Fold the histories of the cases registered in a span of days; only one page of them is in memory."""
    card, place = Scorecard(grouping), None
    while page := await _page(runtime, span.period(), place):
        place = page[-1][0]
        for (opened_at, _), case in page:
            card.add(case, opened_at.astimezone(SHANGHAI).strftime("%Y-%m"))
    names = _names(runtime, grouping)
    groups = [
        {"key": key or None, "name": names.get(key, key) if key else "未注明", **scorecard.shown(counts)}
        for key, counts in sorted(card.groups.items(), key=lambda item: (not item[0], item[0]))
    ]
    return {
        **_head(runtime, span),
        "group": grouping.value if grouping else None,
        "groups": groups,
        "total": scorecard.shown(card.total),
    }


async def _page(runtime: Runtime, period: Period, after: Place | None) -> list[tuple[Place, CaseScore]]:
    periods = runtime.store.periods

    def read(tx: Tx) -> list[tuple[Place, CaseScore]]:
        places = periods.opened(tx, period, after, PAGE)
        told = dict(periods.histories(tx, [case_id for _, case_id in places], scorecard.TYPES))
        return [(place, scorecard.score(told[place[1]])) for place in places]

    return await runtime.store.read(read)


def _head(runtime: Runtime, span: Span) -> dict[str, Any]:
    return {"from": span.first.isoformat(), "to": span.last.isoformat(), "as_of": iso(runtime.now())}


def _names(runtime: Runtime, grouping: Grouping | None) -> Mapping[str, str]:
    policy = runtime.rules().policy
    if grouping is Grouping.CATEGORY:
        return {info.id: info.name for info in policy.categories.values()}
    if grouping is Grouping.UNIT:
        return {unit.id: unit.name for unit in policy.units.values()}
    return _INSURANCE if grouping is Grouping.INSURANCE else {}


async def hotspots(runtime: Runtime, span: Span) -> dict[str, Any]:
    """Return what comes again and what is stuck among the cases registered in a span of days; no names, only case ids."""
    period, periods = span.period(), runtime.store.periods

    def read(tx: Tx) -> dict[str, Any]:
        repeated = periods.repeated(tx, period, LEAST_REPEATED, MOST)
        bounced = periods.bounced(tx, period, LEAST_BOUNCED, MOST)
        overdue = periods.overdue(tx, period, MOST)
        wanted = {*(case for cases in repeated for case in cases[:MOST]), *(case for case, _ in bounced)}
        facts = periods.facts(tx, sorted(wanted | {each["case_id"] for each in overdue}))
        return {
            "repeated": [_repeated(cases, facts) for cases in repeated],
            "bounced": [{"case_id": case, "returns": n, **facts.get(case, {})} for case, n in bounced],
            "overdue": [{**each, "due_at": iso(each["due_at"])} for each in overdue],
        }

    return {**_head(runtime, span), **await runtime.store.read(read)}


def _repeated(cases: list[str], facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    categories = sorted({str(facts[case]["category"]) for case in cases if case in facts and facts[case]["category"]})
    return {"cases": len(cases), "case_ids": cases[:MOST], "categories": categories}
