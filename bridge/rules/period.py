"""Where the fee period lies relative to the reform of unified collection, from the ticket's field or its words.

Owns: reading years and months in a text, comparing with the reform month of the insurance kinds (R36).
Must not: know routes. Undated texts are ``unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.core.model import FeePeriod, Insurance, PeriodStage
from bridge.rules.matcher import Hits, Span
from bridge.rules.normalise import Layout

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d|\d\d(?=年))(?:年|\.|-|/)?(?:(\d{1,2})月)?")
_RELATIVE = (("前年", 2), ("去年", 1), ("今年", 0), ("上个月", 0), ("上月", 0), ("本月", 0), ("这个月", 0))
_TO_NOW = ("至今", "到现在", "到今天", "以来", "起就", "开始就", "一直")

Month = tuple[int, int]
_FIRST_YEAR = 1980
_TWO_DIGITS = 99
_DECEMBER = 12
_MID_YEAR = 6


@dataclass(frozen=True)
class PeriodReader:
    """The reform months of the rules, and the words that make a year a fee year or not."""

    reform: dict[Insurance, Month]
    default: Month
    fee_words: int
    skip_words: int

    def stage(
        self, period: FeePeriod | None, reading: tuple[Layout, Hits], kinds: Sequence[Insurance], received_at: datetime
    ) -> PeriodStage:
        """The stage of a ticket: its own fee period if given, else the years in its words."""
        reform = self._reform_of(kinds)
        if period is not None and (period.start or period.end):
            start = _month(period.start or period.end or "")
            end = _month(period.end or period.start or "")
            return _compare(start, end, reform)
        months = list(self._mentioned(*reading, received_at))
        return _compare(min(months), max(months), reform) if months else PeriodStage.UNKNOWN

    def _reform_of(self, kinds: Sequence[Insurance]) -> Month:
        return max((self.reform.get(kind, self.default) for kind in kinds), default=self.default)

    def _mentioned(self, layout: Layout, hits: Hits, received_at: datetime) -> Iterable[Month]:
        fee = {layout.sentence(start) for start, _ in hits.get(self.fee_words, ())}
        skip = hits.get(self.skip_words, [])
        now = (received_at.year, received_at.month)
        dated = False
        for match in _DATE.finditer(layout.text):
            if layout.sentence(match.start()) not in fee or _near(match.span(), skip, layout):
                continue
            year = _century(int(match[1]), now[0])
            if _FIRST_YEAR <= year <= now[0]:
                dated = True
                yield year, int(match[2]) if match[2] and 1 <= int(match[2]) <= _DECEMBER else _MID_YEAR
        for word, years in _RELATIVE:
            position = layout.text.find(word)
            if position >= 0 and layout.sentence(position) in fee:
                dated = True
                yield now[0] - years, now[1] if years == 0 else _MID_YEAR
        if dated and any(layout.sentence(layout.text.find(word)) in fee for word in _TO_NOW if word in layout.text):
            yield now


def _near(span: Span, skip: list[Span], layout: Layout) -> bool:
    end = layout.clause_end(span[1])
    return any(span[0] - 6 <= start <= end for start, _ in skip)


def _century(year: int, now: int) -> int:
    if year > _TWO_DIGITS:
        return year
    return 2000 + year if 2000 + year <= now else 1900 + year


def _month(text: str) -> Month:
    numbers = [int(part) for part in re.findall(r"\d+", text)[:2]]
    return (numbers[0], numbers[1] if len(numbers) > 1 else _MID_YEAR) if numbers else (9999, 1)


def _compare(start: Month, end: Month, reform: Month) -> PeriodStage:
    if start > end:
        start, end = end, start
    if end < reform:
        return PeriodStage.PRE
    return PeriodStage.POST if start >= reform else PeriodStage.STRADDLE
