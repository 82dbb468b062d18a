"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

_ZONE_FROM = len("2026-11-23 08:00:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; SQLite drops the zone, so it is put back on reading.

    Raises ValueError for a naive value: eight hours of error would go unnoticed.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object]:
        """Refuse naive values and convert to UTC, for SQLite into its text."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the value its zone back."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant without a time zone must not reach the database")
    return value.astimezone(UTC)


@lru_cache(maxsize=2_048)
def _to_text(value: datetime | None) -> str | None:
    """Return an instant as SQLAlchemy writes it into SQLite: UTC, without zone, always with microseconds."""
    utc = _to_utc(value)
    return None if utc is None else utc.isoformat(" ", "microseconds")[:_ZONE_FROM]


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)
