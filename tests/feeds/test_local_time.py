"""Times without a zone, as Chinese systems write them."""

from __future__ import annotations

import pytest

from bridge.local_time import local_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-05", "2026-01-05T00:00:00+08:00"),
        ("2026/1/5 9:30", "2026-01-05T09:30:00+08:00"),
        ("2026-01-05 09:30:05", "2026-01-05T09:30:05+08:00"),
        ("20260105", "2026-01-05T00:00:00+08:00"),
        ("20260105093005", "2026-01-05T09:30:05+08:00"),
        ("2026年1月5日 9时30分", "2026-01-05T09:30:00+08:00"),
        ("2026-01-05T01:30:00Z", "2026-01-05T01:30:00+00:00"),
    ],
)
def test_read(text: str, instant: str) -> None:
    assert local_instant(text).isoformat() == instant


def test_a_limit_without_a_time_ends_with_its_day() -> None:
    assert local_instant("2026-01-05", end_of_day=True).isoformat() == "2026-01-05T23:59:59+08:00"
    assert local_instant("2026-01-05 12:00", end_of_day=True).isoformat() == "2026-01-05T12:00:00+08:00"


@pytest.mark.parametrize("text", ["", "昨天", "2026-13-01", "2026-02-30", "45000", "2026-01-05 25:00", "٢٠٢٦-01-05"])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="不是日期或时间"):
        local_instant(text)
