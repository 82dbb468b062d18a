"""Civil time in Asia/Shanghai: the date an instant falls on, the instant of a date, and how an instant is written.

Must not: know which days count (``core.calendar`` does) or read a clock.

China has one zone without daylight saving since 1991, so +08:00 is fixed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def civil_date(instant: datetime) -> date:
    """Return the date an aware instant falls on in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def instant_at(on: date, at: time) -> datetime:
    """Return the aware UTC instant of a civil date and time in Asia/Shanghai."""
    return datetime.combine(on, at, SHANGHAI).astimezone(UTC)


@lru_cache(maxsize=2_048)
def iso(instant: datetime | None) -> str | None:
    """Render an instant as ISO 8601 at +08:00, to the second."""
    return None if instant is None else instant.astimezone(SHANGHAI).replace(microsecond=0).isoformat()
