"""Times as Chinese systems write them, mostly without a zone.

Owns: the accepted spellings. Must not: guess a date from anything else. Source: contract section 7, "times without zone
are +08:00"; domain 4.1, "times without zone".
"""

from __future__ import annotations

import re
from datetime import date, datetime, time

from bridge.core.civil import SHANGHAI

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(.+))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_TIME = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[分秒]?")
_END_OF_DAY = time(23, 59, 59)


def local_instant(text: str, *, end_of_day: bool = False) -> datetime:
    """Read an instant; without a zone it is +08:00, without a time the day's beginning or (``end_of_day``) its end.

    Raises:
        ValueError: it is none; the text says what is wanted (Chinese).
    """
    text = text.strip()
    for read in (_compact, _spelled, datetime.fromisoformat):
        try:
            moment = read(text)
        except ValueError:
            continue
        if isinstance(moment, datetime):
            return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
        if isinstance(moment, date):
            return datetime.combine(moment, _END_OF_DAY if end_of_day else time(), SHANGHAI)
    raise ValueError("不是日期或时间，例如 2026-01-05 09:30")


def _compact(text: str) -> date | datetime | None:
    match = _COMPACT.fullmatch(text)
    if not match or not text.isascii():
        return None
    day = date(int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return day
    return datetime.combine(day, time(int(match[4]), int(match[5]), int(match[6])))


def _spelled(text: str) -> date | datetime | None:
    match = _DATE.fullmatch(text)
    if not match or not text[:4].isascii():
        return None
    day = date(int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return day
    clock = _TIME.fullmatch(match[4].strip())
    return datetime.combine(day, time(int(clock[1]), int(clock[2]), int(clock[3] or 0))) if clock else None
