"""The calendar against two independent oracles, its algebra, and its edges."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.calendar import (
    OFFICE_HOURS,
    DayCause,
    OverlayEntry,
    PublishedDay,
    PublishedYear,
    WorkCalendar,
    build_calendar,
)
from bridge.core.civil import SHANGHAI, civil_date, instant_at
from bridge.errors import ConfigError
from bridge.rules.calendar_data import load_calendar, load_published

CALENDAR = load_calendar()
FIRST, LAST = date(2008, 1, 1), date(2026, 12, 31)

days = st.dates(FIRST, date(2040, 12, 31))
steps = st.integers(0, 600)
overlays = st.dictionaries(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.booleans(), max_size=40).map(
    lambda chosen: [OverlayEntry(on, workday, "本县安排") for on, workday in chosen.items()]
)


def every_day(first=FIRST, last=LAST):
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# Oracles


def test_every_day_agrees_with_chinesecalendar():
    assert [day for day in every_day() if CALENDAR.is_working_day(day) != chinese_calendar.is_workday(day)] == []


def test_every_day_agrees_with_holidays():
    oracle = holidays.country_holidays("CN", years=range(2007, 2028))
    assert [day for day in every_day() if CALENDAR.is_working_day(day) != oracle.is_working_day(day)] == []


def test_the_december_days_of_the_2008_notice_count():
    assert [CALENDAR.is_working_day(date(2007, 12, day)) for day in (29, 30, 31)] == [True, False, False]


def test_counting_agrees_with_walking_day_by_day():
    walked = [day for day in every_day() if chinese_calendar.is_workday(day)]
    for n in (1, 2, 5, 15, 60, 250):
        assert [CALENDAR.add_working_days(day, n) for day in walked[:-n]] == walked[n:]


# Algebra


@given(days, steps, steps)
def test_adding_is_additive(start, first, second):
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, first), second) == CALENDAR.add_working_days(
        start, first + second
    )


@given(days, steps)
def test_adding_grows_with_the_number(start, n):
    assert CALENDAR.add_working_days(start, n) < CALENDAR.add_working_days(start, n + 1)


@given(days, days, steps)
def test_adding_never_overtakes(one, other, n):
    first, second = sorted((one, other))
    assert CALENDAR.add_working_days(first, n) <= CALENDAR.add_working_days(second, n)


@given(days, steps)
def test_counting_is_the_inverse_of_adding(start, n):
    assert CALENDAR.working_days_between(start, CALENDAR.add_working_days(start, n)) == n


@given(days, steps)
def test_going_back_is_the_inverse_of_going_forth(start, n):
    start = CALENDAR.next_working_day(start)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, n), -n) == start


@given(overlays, st.dates(date(2025, 12, 1), date(2029, 1, 31)), st.integers(1, 30))
def test_an_overlay_decides_wherever_it_speaks(overlay, start, n):
    calendar = load_calendar(overlay=overlay)
    said = {entry.date: entry.workday for entry in overlay}
    walked = [
        day
        for day in every_day(start + timedelta(days=1), start + timedelta(days=120))
        if said.get(day, CALENDAR.is_working_day(day))
    ]
    assert calendar.add_working_days(start, n) == walked[n - 1]
    assert all(calendar.is_working_day(day) is workday for day, workday in said.items())


@given(days, st.times(), st.integers(1, 80), st.integers(1, 80))
def test_office_hours_are_additive(start, at, first, second):
    begin = datetime.combine(start, at, SHANGHAI)
    apart = CALENDAR.add_working_hours(CALENDAR.add_working_hours(begin, first), second)
    assert apart == CALENDAR.add_working_hours(begin, first + second)


@given(days, st.times(), st.integers(1, 200))
def test_office_hours_end_within_office_hours(start, at, n):
    end = CALENDAR.add_working_hours(datetime.combine(start, at, SHANGHAI), n).astimezone(SHANGHAI)
    assert CALENDAR.is_working_day(end.date())
    assert any(opens < end.time() <= closes for opens, closes in OFFICE_HOURS)


# Worked examples


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        pytest.param("2026-09-24", 15, "2026-10-22", id="mid-autumn, national day and a make-up saturday"),
        pytest.param("2025-09-26", 1, "2025-09-28", id="a make-up sunday is the next working day"),
        pytest.param("2025-09-26", 5, "2025-10-10", id="national day bridge"),
        pytest.param("2025-10-10", 1, "2025-10-11", id="a make-up saturday"),
        pytest.param("2026-02-11", 5, "2026-02-25", id="spring festival"),
        pytest.param("2026-02-25", 3, "2026-02-28", id="three days on, with a make-up saturday"),
        pytest.param("2025-12-15", 15, "2026-01-06", id="year end with a make-up sunday"),
        pytest.param("2025-12-31", 1, "2026-01-04", id="the first working day of the year is a sunday"),
        pytest.param("2026-10-03", 1, "2026-10-08", id="start on a holiday"),
        pytest.param("2026-01-17", 1, "2026-01-19", id="start on a saturday"),
        pytest.param("2020-01-23", 1, "2020-02-03", id="the prolonged spring festival of 2020"),
        pytest.param("2026-10-08", -1, "2026-09-30", id="backwards over national day"),
        pytest.param("2026-10-03", 0, "2026-10-03", id="nothing added"),
    ],
)
def test_add_working_days(start, n, expected):
    assert CALENDAR.add_working_days(date.fromisoformat(start), n) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("on", "following", "previous"),
    [
        ("2026-09-23", "2026-09-23", "2026-09-23"),
        ("2026-10-04", "2026-10-08", "2026-09-30"),
        ("2026-10-10", "2026-10-10", "2026-10-10"),
        ("2026-10-11", "2026-10-12", "2026-10-10"),
    ],
)
def test_the_nearest_working_day(on, following, previous):
    day = date.fromisoformat(on)
    assert CALENDAR.next_working_day(day) == date.fromisoformat(following)
    assert CALENDAR.previous_working_day(day) == date.fromisoformat(previous)


def test_working_days_between_excludes_the_start_and_includes_the_end():
    assert CALENDAR.working_days_between(date(2026, 9, 24), date(2026, 10, 22)) == 15
    assert CALENDAR.working_days_between(date(2026, 10, 22), date(2026, 10, 22)) == 0
    assert CALENDAR.working_days_between(date(2026, 10, 22), date(2026, 9, 24)) == -15


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        pytest.param("2026-01-19 08:30", 3, "2026-01-19 11:30", id="within the morning"),
        pytest.param("2026-01-19 11:00", 2, "2026-01-19 15:30", id="across lunch"),
        pytest.param("2026-01-19 11:00", 1, "2026-01-19 12:00", id="ends when the morning ends"),
        pytest.param("2026-01-19 12:30", 1, "2026-01-19 15:30", id="start at lunch"),
        pytest.param("2026-01-19 18:00", 1, "2026-01-20 09:30", id="start when the office closes"),
        pytest.param("2026-01-19 23:59:59", 7, "2026-01-20 18:00", id="start at night"),
        pytest.param("2026-01-19 00:00", 7, "2026-01-19 18:00", id="one whole day"),
        pytest.param("2026-09-30 17:30", 2, "2026-10-08 10:00", id="across national day"),
        pytest.param("2026-10-04 10:00", 4, "2026-10-08 15:00", id="start on a holiday"),
        pytest.param("2026-10-09 17:00", 8, "2026-10-10 18:00", id="the make-up saturday has office hours"),
    ],
)
def test_add_working_hours(start, n, expected):
    assert CALENDAR.add_working_hours(local(start), n) == local(expected)


def test_no_hours_added_is_the_start_itself():
    assert CALENDAR.add_working_hours(local("2026-10-04 10:00"), 0) == local("2026-10-04 10:00")


def test_office_hours_of_the_deployer():
    calendar = load_calendar(hours=[(time(9), time(17))])
    assert calendar.add_working_hours(local("2026-01-19 16:00"), 2) == local("2026-01-20 10:00")


# Coverage


def test_past_the_last_published_year_weekdays_count_provisionally():
    assert CALENDAR.covered_until == LAST
    assert not CALENDAR.is_provisional(LAST)
    assert CALENDAR.is_provisional(date(2027, 1, 1))
    assert CALENDAR.is_working_day(date(2027, 1, 1))
    assert CALENDAR.add_working_days(LAST, 1) == date(2027, 1, 1)


def test_a_day_before_the_first_published_year_is_provisional():
    assert CALENDAR.is_provisional(date(2007, 12, 28))
    assert not CALENDAR.is_provisional(FIRST)


def test_an_overlay_may_speak_past_the_coverage():
    calendar = load_calendar(overlay=[OverlayEntry(date(2027, 1, 1), workday=False, reason="预计元旦放假")])
    assert calendar.add_working_days(LAST, 1) == date(2027, 1, 4)
    assert calendar.is_provisional(date(2027, 1, 1))


def test_a_new_year_moves_the_coverage_and_may_change_the_december_before():
    notice = PublishedYear(
        2027,
        "国办发明电〔2026〕0号",
        (
            PublishedDay(date(2026, 12, 31), off=True, name="元旦"),
            PublishedDay(date(2027, 1, 1), off=True, name="元旦"),
        ),
    )
    calendar = build_calendar([*load_published(), notice])
    assert calendar.covered_until == date(2027, 12, 31)
    assert calendar.add_working_days(date(2026, 12, 30), 1) == date(2027, 1, 4)
    assert calendar.version != CALENDAR.version


def test_a_year_missing_in_the_middle_is_refused():
    with pytest.raises(ConfigError, match="缺少2019年、2020年"):
        build_calendar(published for published in load_published() if published.year not in {2019, 2020})


def test_a_year_given_twice_is_refused():
    with pytest.raises(ConfigError, match="2026年的放假调休数据出现两次"):
        build_calendar([*load_published(), load_published()[-1]])


def test_no_year_at_all_is_refused():
    with pytest.raises(ConfigError, match="没有任何年度"):
        build_calendar([])


def test_an_overlay_date_given_twice_is_refused_with_every_other_problem():
    snow = OverlayEntry(date(2026, 1, 20), workday=False, reason="大雪停工", by="办公室", doc="鄂县办〔2026〕3号")
    with pytest.raises(ConfigError) as refused:
        load_calendar(overlay=[snow, snow], hours=[(time(12), time(9)), (time(8), time(10))])
    assert [problem.path for problem in refused.value.problems] == ["overlay[1].date", "hours[0]", "hours[1]"]
    assert "2026-01-20已在第1条写过" in str(refused.value)


def test_office_hours_may_not_be_empty():
    with pytest.raises(ConfigError, match="工作时间不能为空"):
        load_calendar(hours=[])


# Explaining


@pytest.mark.parametrize(
    ("on", "workday", "cause", "name", "document"),
    [
        ("2026-10-10", True, DayCause.MAKE_UP, "国庆节", "国办发明电〔2025〕7号"),
        ("2026-10-01", False, DayCause.HOLIDAY, "国庆节", "国办发明电〔2025〕7号"),
        ("2020-01-31", False, DayCause.HOLIDAY, "春节", "国办发明电〔2020〕1号"),
        ("2019-05-05", True, DayCause.MAKE_UP, "劳动节", "国办发明电〔2019〕3号"),
        ("2018-12-31", False, DayCause.HOLIDAY, "元旦", "国办发明电〔2018〕15号"),
        ("2026-10-12", True, DayCause.WEEKDAY, "", ""),
        ("2026-10-11", False, DayCause.WEEKEND, "", ""),
    ],
)
def test_a_day_explains_itself(on, workday, cause, name, document):
    day = CALENDAR.explain(date.fromisoformat(on))
    assert (day.workday, day.cause, day.name, day.document) == (workday, cause, name, document)
    assert not day.provisional


def test_the_overlay_explains_itself_and_wins():
    snow = OverlayEntry(date(2026, 10, 10), workday=False, reason="大雪停工", by="办公室", doc="鄂县办〔2026〕3号")
    day = load_calendar(overlay=[snow]).explain(snow.date)
    assert (day.workday, day.cause, day.name, day.document) == (
        False,
        DayCause.OVERLAY,
        "大雪停工",
        "鄂县办〔2026〕3号",
    )


@given(days)
def test_the_explanation_never_contradicts_the_verdict(on):
    day = CALENDAR.explain(on)
    assert (day.workday, day.provisional) == (CALENDAR.is_working_day(on), CALENDAR.is_provisional(on))


# Version and civil time


def test_the_version_is_that_of_the_content():
    holiday = OverlayEntry(date(2026, 1, 20), workday=False, reason="停工")
    versions = {
        load_calendar().version,
        load_calendar(overlay=[holiday]).version,
        load_calendar(hours=[(time(9), time(17))]).version,
    }
    assert len(versions) == 3
    assert load_calendar().version == CALENDAR.version
    assert len(CALENDAR.version) == 12


def test_a_civil_date_is_that_of_shanghai():
    assert civil_date(datetime(2026, 1, 19, 16, 0, tzinfo=UTC)) == date(2026, 1, 20)
    assert civil_date(datetime(2026, 1, 19, 15, 59, 59, tzinfo=UTC)) == date(2026, 1, 19)
    assert instant_at(date(2026, 1, 20), time(0)) == datetime(2026, 1, 19, 16, 0, tzinfo=UTC)


def test_the_years_of_daylight_saving_are_not_special():
    assert civil_date(datetime(1988, 7, 1, 15, 30, tzinfo=UTC)) == date(1988, 7, 1)


def test_a_calendar_is_a_value_with_a_published_beginning():
    assert isinstance(CALENDAR, WorkCalendar)
    assert (CALENDAR.covered_from, CALENDAR.hours) == (FIRST, OFFICE_HOURS)
