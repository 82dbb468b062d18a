"""What speaks for handling a case as a complex one (复杂专案): triggers of the rules, and which of them fit.

Owns: the value types and the question "which triggers fit these facts". Must not: decide; a person proposes and the
leader consents. Source: policy 四(二)2 ("根据实际情况及需要"), requirement R27, domain A7.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.model.ticket import FeePeriod, TicketBody
from bridge.core.values import swift
from bridge.core.vocabulary import PeriodStage

_SPACE = re.compile(r"\s+")
_AMOUNT = re.compile(
    r"(?:约|大约|大概|共|共计|合计|近)?[¥￥]?(?P<figure>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,15}(?:\.[0-9]+)?)"
    r"(?P<times>千|万|百万|千万|亿)?(?:元|圆|块|人民币)?(?:钱|整|左右|多)?"
)
_TIMES = {None: 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
_MONTH = re.compile(r"(\d{4})(?:\D?(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger; every condition that is given must hold. ``text`` is what a clerk reads.

    ``review``: a person looks before anything is dispatched. ``amount`` is in yuan; ``years`` is the length of the fee
    period; ``returns`` counts the returns of a round; ``round`` is the round from which on it fits.
    """

    id: str
    text: str
    review: bool = False
    categories: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    any_units: tuple[str, ...] = ()
    periods: tuple[PeriodStage, ...] = ()
    people: int = 0
    units: int = 0
    amount: int = 0
    years: int = 0
    returns: int = 0
    round: int = 0


@swift
@dataclass(frozen=True, slots=True)
class Facts:
    """What a trigger may look at; ``amount`` in yuan, ``months`` of the fee period (0: not stated)."""

    category: str | None
    flags: tuple[str, ...] = ()
    period: PeriodStage = PeriodStage.UNKNOWN
    units: tuple[str, ...] = ()
    people: int = 0
    amount: float = 0.0
    months: int = 0
    returns: int = 0
    round: int = 1


def fitting(triggers: Iterable[Trigger], facts: Facts) -> tuple[Trigger, ...]:
    """Return the triggers that fit, in the order of the rules; none before the case has a category."""
    if facts.category is None:
        return ()
    return tuple([each for each in triggers if _fits(each, facts)])


def _fits(trigger: Trigger, facts: Facts) -> bool:
    return (
        (not trigger.flags or set(trigger.flags) <= set(facts.flags))
        and facts.people >= trigger.people
        and len(facts.units) >= trigger.units
        and facts.amount >= trigger.amount
        and facts.months >= trigger.years * 12
        and facts.returns >= trigger.returns
        and facts.round >= trigger.round
        and (not trigger.categories or facts.category in trigger.categories)
        and (not trigger.any_units or not set(trigger.any_units).isdisjoint(facts.units))
        and (not trigger.periods or facts.period in trigger.periods)
    )


def amount_of(text: str | None) -> float:
    """Return an amount as a ticket states it, in yuan; 0 for none or for words: the text itself is kept either way.

    Read are figures as people write them: ``431.20``, ``1,200元``, ``￥1200.00``, ``约3万元``, ``1.2亿``.
    """
    match = _AMOUNT.fullmatch(_SPACE.sub("", unicodedata.normalize("NFKC", text))) if text else None
    return float(match["figure"].replace(",", "")) * _TIMES[match["times"]] if match else 0.0


def months_of(period: FeePeriod | None) -> int:
    """Return the months of a fee period, both ends counted; 0 unless both are given."""
    ends = [_MONTH.match(text or "") for text in (period.start, period.end)] if period else []
    if not ends or not all(ends):
        return 0
    first, last = (int(end[1]) * 12 + int(end[2] or 1) for end in ends if end)
    return max(last - first + 1, 0)


def of_ticket(body: TicketBody, category: str | None, flags: tuple[str, ...], period: PeriodStage) -> Facts:
    """Return what a ticket alone says, before anybody is chosen to handle it."""
    return Facts(
        category=category,
        flags=flags,
        period=period,
        people=body.petitioner.people_count or 1,
        amount=amount_of(body.amount),
        months=months_of(body.period),
    )
