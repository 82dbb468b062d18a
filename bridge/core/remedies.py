"""Which remedies a reply prints (R31): only those for this matter, against whoever acted in it.

Owns: who counts as having acted, whom the petitioner disputes with, the dates.
Must not: know a particular authority or law; the rules carry them. Source: domain 3.6; 行政复议法 20/24/27/88,
行政诉讼法 45/46, 劳动争议调解仲裁法 27, 信访工作条例 35, 民事诉讼法 205.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from bridge.core.calendar import WorkCalendar
from bridge.core.civil import civil_date, instant_at
from bridge.core.deadline import due_at
from bridge.core.model.case import Case
from bridge.core.model.opinion import Opinion
from bridge.core.model.ticket import Counterparty, Ticket
from bridge.core.policy import LimitUnit, Policy
from bridge.core.remedy import Opponent, Remedy
from bridge.core.snapshots import kept
from bridge.core.vocabulary import Conclusion

REVIEW_DAYS, SUIT_MONTHS = 60, 6
"""Source: 行政复议法 20 (六十日), 行政诉讼法 46 (六个月)."""

_DECIDED_NOTHING = frozenset({Conclusion.NO_COMMENT, Conclusion.NOT_IN_SCOPE, Conclusion.ANSWERED})
_EMPLOYER = re.compile(
    r"(?:公司|企业|集团|厂|店|矿|行|院|校|园|社|场|部|中心|超市|酒店|商行|工作室|合作社)(?:（.*）|\(.*\))?$"
)


def lines(
    policy: Policy, case: Case, ticket: Ticket, adapter: str, opinions: Sequence[Opinion], now: datetime
) -> list[str]:
    """Return the remedies that the reply to this ticket prints, in the order of the rules."""
    deciders, found, served = acted(opinions), list[str](), set[str]()
    facts = _Facts.of(policy, case, ticket, adapter)
    for remedy in policy.replies.remedies:
        if not _fits(remedy, case, ticket, facts):
            continue
        if not remedy.acted:
            found.append(_filled(remedy, policy, None, now))
            continue
        for unit in (u for u in deciders if u in remedy.acted and u not in served):
            if not remedy.named or unit in named_units(policy, ticket.body.counterparty):
                served.add(unit)
                found.append(_filled(remedy, policy, unit, now))
    return list(dict.fromkeys(found))


def acted(opinions: Sequence[Opinion]) -> list[str]:
    """Return the units that said something of their own in the matter: not 无意见, not 不属职责, no mere explanation."""
    said = [opinion.unit for opinion in opinions if opinion.body.conclusion not in _DECIDED_NOTHING]
    return list(dict.fromkeys(said))


def opponents(policy: Policy, other: Counterparty | None) -> set[Opponent]:
    """Return whom the petitioner disputes with: as the ticket types it, else by the names it gives."""
    if other is not None and other.type is not None:
        return {Opponent(other.type.value)}
    found = {_opponent(policy, name) for name in _names(other)}
    return found or {Opponent.UNNAMED}


def named_units(policy: Policy, other: Counterparty | None) -> set[str]:
    """Return the member units whose names stand in the name of the other side."""
    names = list(_names(other))
    return {unit.id for unit in policy.units.values() if unit.duty and any(unit.name in name for name in names)}


def _names(other: Counterparty | None) -> Iterator[str]:
    given = other.name if other is not None and other.name else ""
    return (part.strip() for part in re.split(r"[、，,；;/／]|及|和(?=县|市)", given) if part.strip())


def _opponent(policy: Policy, name: str) -> Opponent:
    if any(unit.name in name for unit in policy.units.values()):
        return Opponent.AGENCY
    return Opponent.EMPLOYER if _EMPLOYER.search(name) else Opponent.UNNAMED


@dataclass(frozen=True, slots=True)
class _Facts:
    """What of a matter every remedy is held against."""

    adapter: str
    links: frozenset[str]
    against: frozenset[Opponent]
    flags: frozenset[str]

    @classmethod
    def of(cls, policy: Policy, case: Case, ticket: Ticket, adapter: str) -> _Facts:
        links, against = (link.kind for link in case.links), opponents(policy, ticket.body.counterparty)
        return cls(adapter, frozenset(links), frozenset(against), frozenset(case.flags))


def _fits(remedy: Remedy, case: Case, ticket: Ticket, facts: _Facts) -> bool:
    return (
        (not remedy.kinds or ticket.kind in remedy.kinds)
        and (not remedy.adapters or facts.adapter in remedy.adapters)
        and (not remedy.categories or case.category in remedy.categories)
        and (not remedy.procedures or case.procedure in remedy.procedures)
        and (not remedy.periods or case.period in remedy.periods)
        and (not remedy.party or ticket.body.petitioner.role in remedy.party)
        and ticket.body.petitioner.role not in remedy.without_party
        and (not remedy.counterparty or not facts.against.isdisjoint(remedy.counterparty))
        and facts.flags.issuperset(remedy.flags)
        and facts.flags.isdisjoint(remedy.without_flags)
        and facts.links.issuperset(remedy.links)
        and facts.links.isdisjoint(remedy.without_links)
    )


def _filled(remedy: Remedy, policy: Policy, unit: str | None, now: datetime) -> str:
    known = policy.units.get(unit or "")
    date_, review_by, sue_by = _days(civil_date(now), policy.calendar)
    return remedy.text.format(
        unit=known.name if known else "",
        authority=(known.remedy_authority or "") if known else "",
        date=date_,
        review_by=review_by,
        sue_by=sue_by,
    )


@kept(64)
def _days(answered: date, calendar: WorkCalendar) -> tuple[str, str, str]:
    """Return the day of an answer and the last days for a review and for a suit, the same for every answer of that day."""
    review = due_at(REVIEW_DAYS, LimitUnit.DAYS, instant_at(answered, time.min), calendar).at
    suit = calendar.next_working_day(_months_after(answered, SUIT_MONTHS))
    return _day(answered), _day(civil_date(review)), _day(suit)


def _months_after(start: date, months: int) -> date:
    """Return the same day some months on, or the last day of that month where it has no such day."""
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
