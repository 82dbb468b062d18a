"""A year file put beside the configuration is taken up by the running process; a bad one keeps the old calendar."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bridge.clock import SystemClock
from bridge.live_rules import load, watched
from bridge.metrics import Metrics
from bridge.rules.reload import RulesHolder
from bridge.settings import Document, Settings

RULES = Path(__file__).parents[2] / "routing_rules.yaml"
NEW_YEAR = date(2027, 1, 1)
NOTICE = {"year": 2027, "papers": [], "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]}


@pytest.fixture
def calendar(tmp_path: Path) -> Path:
    return tmp_path / "calendar"


@pytest.fixture
def holder(tmp_path: Path) -> RulesHolder:
    """The rules a daemon of this folder watches; no year of its own yet."""
    document = Document(region_code="110000", rules=RULES)
    settings = Settings(document, tmp_path, {}, {})
    return watched(settings, load(settings), Metrics(), SystemClock())


def put(calendar: Path, text: str) -> None:
    calendar.mkdir(exist_ok=True)
    (calendar / "2027.json").write_text(text, encoding="utf-8")


def is_working_day(holder: RulesHolder) -> bool:
    return holder.current().policy.calendar.is_working_day(NEW_YEAR)


def test_a_new_year_file_is_taken_up_without_a_word(holder: RulesHolder, calendar: Path) -> None:
    assert is_working_day(holder), "a Friday nobody has yet given off"
    put(calendar, json.dumps(NOTICE))
    assert holder.poll() is None, "the file may still be being written"
    outcome = holder.poll()
    assert outcome is not None
    assert outcome.loaded
    assert not is_working_day(holder)
    assert holder.poll() is None


def test_a_year_file_cut_off_keeps_the_old_calendar(holder: RulesHolder, calendar: Path) -> None:
    before = holder.current()
    put(calendar, json.dumps(NOTICE)[:60])
    holder.poll()
    outcome = holder.poll()
    assert outcome is not None
    assert not outcome.loaded
    assert outcome.problems
    assert holder.current() is before


def test_a_year_file_that_cannot_be_read_keeps_the_old_calendar(holder: RulesHolder, calendar: Path) -> None:
    before = holder.current()
    (calendar / "2027.json").mkdir(parents=True)
    outcome = holder.reload()
    assert not outcome.loaded
    assert "读不出来" in outcome.problems[0].message
    assert holder.current() is before
