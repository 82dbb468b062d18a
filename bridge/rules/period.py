"""Where the fee period lies relative to the reform of unified collection, from the ticket's field or its words.

Owns: reading years and months in a text, comparing with the reform month of the insurance kinds (R36).
Must not: know routes. Undated texts are ``unknown``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.core.model.ticket import FeePeriod
from bridge.core.vocabulary import Insurance, PeriodStage
from bridge.rules.matcher import Hits, Span
from bridge.rules.normalise import Layout

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d|\d\d(?=年))(?:年|[.\-/](?=\d)|(?=[到至—~-](?:19|20)\d\d))(?:(\d{1,2})月?)?")
_DIGITS = re.compile(r"\d\d")
_RANGE = re.compile(r"[至到—\-~][至到—\-~]*")
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
        self,
        period: FeePeriod | None,
        reading: tuple[Layout, Hits],
        kinds: Sequence[Insurance],
        received_at: datetime,
        *,
        lasting: bool = True,
    ) -> PeriodStage:
        """The stage of a ticket: its own fee period if given, else the years in its words.

        ``lasting``: 一直、至今 say that the period goes on; of money once paid they say only how long it is awaited.
        """
        if period is not None and (period.start or period.end):
            start = _month(period.start or period.end or "")
            end = _month(period.end or period.start or "")
            return self._stage_of(start, end, kinds)
        months = list(self._mentioned(*reading, received_at, lasting=lasting))
        return self._stage_of(min(months), max(months), kinds) if months else PeriodStage.UNKNOWN

    def _stage_of(self, start: Month, end: Month, kinds: Sequence[Insurance]) -> PeriodStage:
        """Each insurance kind against its own reform; kinds that fall on different sides are a joint matter (A3)."""
        reforms = {self.reform.get(kind, self.default) for kind in kinds} or {self.default}
        stages = {_compare(start, end, reform) for reform in reforms}
        return stages.pop() if len(stages) == 1 else PeriodStage.STRADDLE

    def _mentioned(self, layout: Layout, hits: Hits, received_at: datetime, *, lasting: bool) -> Iterable[Month]:
        ends = layout.ends
        fee = {bisect_right(ends, start) for start, _ in hits.get(self.fee_words)}
        if not fee:
            return []
        now = (received_at.year, received_at.month)
        dates = list(self._dates(layout, hits, fee, now))
        ranged = [month for month, in_range in dates if in_range]
        months = ranged or [month for month, _ in dates]
        if not months:
            months = list(_relative(layout, fee, now))
        if lasting and months and not ranged and any(word in layout.text for word in _TO_NOW):
            return [*months, now] if _says(layout, fee, _TO_NOW) else months
        return months

    def _dates(self, layout: Layout, hits: Hits, fee: set[int], now: Month) -> Iterable[tuple[Month, bool]]:
        """Years and months of sentences that speak of fees, with whether each is an end of a range."""
        skip = hits.get(self.skip_words)
        found = [match for match in _written(layout.text) if layout.sentence(match.start()) in fee]
        if not found:
            return
        opening, closing = _joined(found, layout.text) if len(found) > 1 else ((), ())
        for match in found:
            in_range = match.end() in opening or match.start() in closing
            year = _century(int(match[1]), now[0])
            if _FIRST_YEAR <= year <= now[0] and (in_range or not _near(match.span(), skip, layout)):
                month = int(match[2]) if match[2] and 1 <= int(match[2]) <= _DECEMBER else _MID_YEAR
                yield (year, month), in_range


def _written(text: str) -> Iterable[re.Match[str]]:
    """Every date; looked for only where digits stand."""
    end = 0
    for digits in _DIGITS.finditer(text):
        if digits.start() >= end and (match := _DATE.match(text, digits.start())):
            end = match.end()
            yield match


def _joined(found: list[re.Match[str]], text: str) -> tuple[Collection[int], Collection[int]]:
    """Where dates end that open a range, and where those begin that close one."""
    ends = {match.end() for match in found}
    starts = {match.start() for match in found}
    joints = [joint.span() for joint in _RANGE.finditer(text)]
    ranges = [(start, end) for start, end in joints if start in ends and end in starts]
    return {start for start, _ in ranges}, {end for _, end in ranges}


def _relative(layout: Layout, fee: set[int], now: Month) -> Iterable[Month]:
    for word, years in _RELATIVE:
        position = layout.text.find(word)
        if position >= 0 and layout.sentence(position) in fee:
            yield now[0] - years, now[1] if years == 0 else _MID_YEAR


def _says(layout: Layout, fee: set[int], words: Iterable[str]) -> bool:
    return any(word in layout.text and layout.sentence(layout.text.find(word)) in fee for word in words)


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
