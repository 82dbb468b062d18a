"""Where limits end and when their owners are reminded; the stories' dates as literals."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.civil import SHANGHAI, civil_date
from bridge.core.deadline import due_at, ladder
from bridge.core.policy import LimitUnit
from bridge.rules.calendar_data import load_calendar

CALENDAR = load_calendar()
WD, ND, WH = LimitUnit.WORKING_DAYS, LimitUnit.DAYS, LimitUnit.WORKING_HOURS


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def shown(steps):
    return [f"{step.name} {step.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" for step in steps]


def rungs(start, due, *, unit=WD, reminded=True, amount=None):
    return shown(ladder(local(start), local(due), CALENDAR, unit=unit, reminded=reminded, amount=amount))


# Where limits end


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        pytest.param("2025-11-03 09:12", 1, WD, "2025-11-04", id="S01 sign"),
        pytest.param("2025-11-03 09:12", 5, WD, "2025-11-10", id="S01 reply"),
        pytest.param("2025-10-14 09:00", 5, WD, "2025-10-21", id="S03 opinion"),
        pytest.param("2025-10-20 16:00", 3, WD, "2025-10-23", id="S03 consolidation"),
        pytest.param("2025-10-13 09:20", 15, WD, "2025-11-03", id="S03 reply"),
        pytest.param("2025-11-03 09:00", 15, ND, "2025-11-18", id="S04 acceptance notice"),
        pytest.param("2025-11-03 15:00", 2, WD, "2025-11-05", id="S04 report"),
        pytest.param("2025-11-07 09:00", 10, WD, "2025-11-21", id="S04 opinions"),
        pytest.param("2025-11-03 09:00", 60, ND, "2026-01-04", id="S04 petition, past new year to a make-up sunday"),
        pytest.param("2025-12-03 15:10", 5, WD, "2025-12-10", id="S05 review"),
        pytest.param("2025-12-09 16:10", 5, WD, "2025-12-16", id="S05 treasury"),
        pytest.param("2025-12-01 09:00", 15, WD, "2025-12-22", id="S05 reply"),
        pytest.param("2025-12-02 08:40", 1, WD, "2025-12-03", id="S07 return"),
        pytest.param("2025-12-08 09:10", 15, WD, "2025-12-29", id="S08 reply"),
        pytest.param("2025-12-29 18:00", 10, WD, "2026-01-13", id="S08 extension, with a make-up sunday"),
        pytest.param("2026-02-11 09:00", 5, WD, "2026-02-25", id="S10 opinion, with a make-up saturday"),
        pytest.param("2026-02-10 10:30", 15, WD, "2026-03-09", id="S10 reply"),
        pytest.param("2025-09-26 16:30", 1, WD, "2025-09-28", id="S11 sign, a make-up sunday"),
        pytest.param("2025-09-26 16:30", 5, WD, "2025-10-10", id="S11 reply"),
        pytest.param("2026-01-09 10:00", 15, ND, "2026-01-26", id="S12 notice, off a saturday"),
        pytest.param("2026-01-09 10:00", 60, ND, "2026-03-10", id="S12 petition"),
        pytest.param("2025-12-15 09:00", 15, WD, "2026-01-06", id="S14 reply"),
        pytest.param("2025-12-16 09:30", 15, WD, "2026-01-07", id="S15 reply"),
        pytest.param("2025-12-22 09:00", 3, WD, "2025-12-25", id="S16 consultation"),
        pytest.param("2025-12-25 09:00", 5, WD, "2026-01-04", id="S18 opinion, due on a make-up sunday"),
        pytest.param("2026-01-15 09:00", 5, WD, "2026-01-22", id="S20 opinion"),
        pytest.param("2026-01-14 09:00", 15, WD, "2026-02-04", id="S20 reply"),
        pytest.param("2026-01-26 09:00", 10, WD, "2026-02-09", id="S21 extension"),
        pytest.param("2026-01-28 10:00", 15, ND, "2026-02-12", id="S22 objection window"),
        pytest.param("2026-01-28 10:00", 60, ND, "2026-03-30", id="S22 review, off a sunday"),
        pytest.param("2026-01-21 10:00", 60, ND, "2026-03-23", id="S24 petition, off a sunday"),
        pytest.param("2026-09-24 10:00", 15, WD, "2026-10-22", id="mid-autumn and national day"),
        pytest.param("2026-10-03 10:00", 5, WD, "2026-10-13", id="received on a holiday"),
        pytest.param("2026-01-19 23:59:59", 1, WD, "2026-01-20", id="received in the last second"),
        pytest.param("2026-01-20 00:00:00", 1, WD, "2026-01-21", id="received in the first second"),
        pytest.param("2026-10-03 10:00", 1, ND, "2026-10-08", id="natural days roll past the whole holiday"),
        pytest.param("2026-10-03 10:00", 0, WD, "2026-10-08", id="the same day, when that is a holiday"),
    ],
)
def test_a_day_limit_ends_with_its_last_day(start, amount, unit, expected):
    due = due_at(amount, unit, local(start), CALENDAR)
    assert due.at == local(f"{expected} 23:59:59")
    assert not due.provisional


def test_a_limit_in_hours_keeps_its_time():
    assert due_at(4, WH, local("2026-09-30 16:00"), CALENDAR).at == local("2026-10-08 10:30")


@pytest.mark.parametrize(
    ("amount", "unit", "start", "provisional"),
    [
        (1, WD, "2026-12-30 10:00", False),
        (2, WD, "2026-12-30 10:00", True),
        (2, ND, "2026-12-30 10:00", True),
        (9, WH, "2026-12-31 10:00", True),
    ],
)
def test_past_the_last_notice_the_end_is_provisional(amount, unit, start, provisional):
    assert due_at(amount, unit, local(start), CALENDAR).provisional is provisional


def test_the_zone_of_the_start_does_not_matter():
    start = local("2026-01-19 23:59:59")
    assert due_at(5, WD, start.astimezone(UTC), CALENDAR) == due_at(5, WD, start, CALENDAR)


def test_a_negative_limit_is_a_mistake():
    with pytest.raises(ValueError, match="negative"):
        due_at(-1, WD, local("2026-01-19 10:00"), CALENDAR)


# The ladder: the reminders of the stories


def test_s03_an_opinion_of_five_working_days():
    assert rungs("2025-10-14 09:00", "2025-10-21 23:59:59") == [
        "half 2025-10-17 09:00:00",
        "eighty 2025-10-20 09:00:00",
        "due_day 2025-10-21 09:00:00",
        "overdue 2025-10-21 23:59:59",
        "after_one 2025-10-22 09:00:00",
        "escalate 2025-10-24 09:00:00",
    ]


def test_s05_a_reply_of_fifteen_working_days_with_the_upstreams_hour():
    assert rungs("2025-12-01 09:00", "2025-12-22 18:00") == [
        "half 2025-12-11 09:00:00",
        "eighty 2025-12-17 09:00:00",
        "due_day 2025-12-22 09:00:00",
        "overdue 2025-12-22 18:00:00",
        "after_one 2025-12-23 09:00:00",
        "escalate 2025-12-25 09:00:00",
    ]


@pytest.mark.parametrize(
    ("start", "due", "half", "eighty"),
    [
        pytest.param("2025-11-07 09:00", "2025-11-21 23:59:59", "2025-11-14", "2025-11-19", id="S04"),
        pytest.param("2025-12-03 15:10", "2025-12-10 23:59:59", "2025-12-08", "2025-12-09", id="S05 review"),
        pytest.param("2025-12-09 16:10", "2025-12-16 23:59:59", "2025-12-12", "2025-12-15", id="S05 treasury"),
        pytest.param("2025-11-18 09:00", "2025-11-25 23:59:59", "2025-11-21", "2025-11-24", id="S06"),
        pytest.param("2025-12-02 08:40", "2025-12-09 18:00", "2025-12-05", "2025-12-08", id="S07"),
        pytest.param("2025-12-08 09:10", "2025-12-29 18:00", "2025-12-18", "2025-12-24", id="S08"),
        pytest.param("2025-12-10 09:00", "2025-12-17 18:00", "2025-12-15", "2025-12-16", id="S09"),
        pytest.param("2026-02-11 09:00", "2026-02-25 23:59:59", "2026-02-14", "2026-02-24", id="S10 opinion"),
        pytest.param("2026-02-10 10:30", "2026-03-09 18:00", "2026-02-27", "2026-03-04", id="S10 reply"),
        pytest.param("2026-01-06 09:00", "2026-01-13 18:00", "2026-01-09", "2026-01-12", id="S12"),
        pytest.param("2025-11-26 09:30", "2025-12-03 18:00", "2025-12-01", "2025-12-02", id="S13 round 2"),
        pytest.param("2025-12-17 09:00", "2025-12-24 23:59:59", "2025-12-22", "2025-12-23", id="S15"),
        pytest.param("2025-12-25 09:00", "2026-01-04 23:59:59", "2025-12-30", "2025-12-31", id="S18"),
        pytest.param("2026-01-13 09:00", "2026-01-20 23:59:59", "2026-01-16", "2026-01-19", id="S19"),
        pytest.param("2026-01-14 09:00", "2026-02-04 18:00", "2026-01-26", "2026-01-30", id="S20 reply"),
        pytest.param("2026-01-19 09:00", "2026-01-26 18:00", "2026-01-22", "2026-01-23", id="S21"),
        pytest.param("2026-01-19 09:00", "2026-02-09 23:59:59", "2026-01-29", "2026-02-04", id="S21 extended"),
        pytest.param("2026-01-27 09:00", "2026-02-03 23:59:59", "2026-01-30", "2026-02-02", id="S24"),
    ],
)
def test_half_and_eighty_per_cent_of_the_stories(start, due, half, eighty):
    assert rungs(start, due)[:2] == [f"half {half} 09:00:00", f"eighty {eighty} 09:00:00"]


def test_s10_the_ladder_across_spring_festival_with_make_up_saturdays():
    assert rungs("2026-02-11 09:00", "2026-02-25 23:59:59") == [
        "half 2026-02-14 09:00:00",
        "eighty 2026-02-24 09:00:00",
        "due_day 2026-02-25 09:00:00",
        "overdue 2026-02-25 23:59:59",
        "after_one 2026-02-26 09:00:00",
        "escalate 2026-02-28 09:00:00",
    ]


def test_s11_signing_over_a_make_up_sunday():
    assert rungs("2025-09-26 16:30", "2025-09-28 23:59:59") == [
        "due_day 2025-09-28 09:00:00",
        "overdue 2025-09-28 23:59:59",
        "after_one 2025-09-29 09:00:00",
        "escalate 2025-10-09 09:00:00",
    ]


def test_s11_the_reply_across_national_day():
    assert rungs("2025-09-26 16:30", "2025-10-10 18:00") == [
        "half 2025-09-30 09:00:00",
        "eighty 2025-10-09 09:00:00",
        "due_day 2025-10-10 09:00:00",
        "overdue 2025-10-10 18:00:00",
        "after_one 2025-10-11 09:00:00",
        "escalate 2025-10-14 09:00:00",
    ]


def test_s20_an_opinion_that_never_came():
    assert rungs("2026-01-15 09:00", "2026-01-22 23:59:59") == [
        "half 2026-01-20 09:00:00",
        "eighty 2026-01-21 09:00:00",
        "due_day 2026-01-22 09:00:00",
        "overdue 2026-01-22 23:59:59",
        "after_one 2026-01-23 09:00:00",
        "escalate 2026-01-27 09:00:00",
    ]


# The ladder: its edges


def test_a_limit_that_is_only_shown_has_but_its_end():
    assert rungs("2025-10-20 16:00", "2025-10-23 23:59:59", reminded=False) == ["overdue 2025-10-23 23:59:59"]


def test_below_five_working_days_there_is_no_half_and_no_eighty():
    assert rungs("2025-12-22 09:00", "2025-12-26 23:59:59")[0] == "due_day 2025-12-26 09:00:00"


def test_natural_days_are_counted_as_such_and_roll_to_working_days():
    assert rungs("2025-11-03 09:00", "2026-01-04 23:59:59", unit=ND, amount=60) == [
        "half 2025-12-03 09:00:00",
        "eighty 2025-12-22 09:00:00",
        "due_day 2026-01-04 09:00:00",
        "overdue 2026-01-04 23:59:59",
        "after_one 2026-01-05 09:00:00",
        "escalate 2026-01-07 09:00:00",
    ]


def test_without_the_amount_the_rolled_span_counts():
    assert rungs("2025-11-03 09:00", "2026-01-04 23:59:59", unit=ND)[0] == "half 2025-12-04 09:00:00"


def test_steps_that_fall_together_leave_the_later_one():
    """Five natural days over the National Day week: half and eighty roll onto the due day."""
    assert rungs("2026-09-30 09:00", "2026-10-08 23:59:59", unit=ND, amount=5) == [
        "due_day 2026-10-08 09:00:00",
        "overdue 2026-10-08 23:59:59",
        "after_one 2026-10-09 09:00:00",
        "escalate 2026-10-12 09:00:00",
    ]


def test_half_gives_way_to_eighty():
    """From Monday 2026-02-09 for twelve natural days: both shares fall into the Spring Festival."""
    assert rungs("2026-02-09 09:00", "2026-02-26 18:00", unit=ND, amount=13)[:2] == [
        "eighty 2026-02-24 09:00:00",
        "due_day 2026-02-26 09:00:00",
    ]


def test_an_upstream_limit_on_a_saturday_is_reminded_the_friday_before():
    assert rungs("2026-01-13 09:00", "2026-01-17 18:00") == [
        "due_day 2026-01-16 09:00:00",
        "overdue 2026-01-17 18:00:00",
        "after_one 2026-01-19 09:00:00",
        "escalate 2026-01-21 09:00:00",
    ]


def test_an_upstream_limit_before_nine_is_reminded_the_working_day_before():
    assert rungs("2026-01-13 09:00", "2026-01-19 08:30")[0] == "due_day 2026-01-16 09:00:00"


def test_a_limit_of_hours_within_the_day_has_no_step_before_its_start():
    assert rungs("2026-01-19 10:00", "2026-01-19 15:30", unit=WH) == [
        "overdue 2026-01-19 15:30:00",
        "after_one 2026-01-20 09:00:00",
        "escalate 2026-01-22 09:00:00",
    ]


def test_a_limit_already_over_at_its_start_still_runs_to_escalation():
    assert [line.split()[0] for line in rungs("2026-01-20 10:00", "2026-01-19 18:00")] == [
        "overdue",
        "after_one",
        "escalate",
    ]


instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(SHANGHAI))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(instants, st.integers(1, 90), st.sampled_from([WD, ND]))
def test_every_ladder_is_ordered_on_working_mornings_and_ends_in_escalation(start, amount, unit):
    due = due_at(amount, unit, start, CALENDAR).at
    steps = ladder(start, due, CALENDAR, unit=unit, reminded=True, amount=amount)
    assert [step.at for step in steps] == sorted({step.at for step in steps})
    assert [step.name for step in steps][-3:] == ["overdue", "after_one", "escalate"]
    assert all(step.at > start for step in steps)
    for step in steps:
        if step.name != "overdue":
            assert CALENDAR.is_working_day(civil_date(step.at))
            assert step.at.astimezone(SHANGHAI).time().isoformat() == "09:00:00"


@given(instants, st.integers(0, 120), st.sampled_from(LimitUnit))
def test_a_longer_limit_never_ends_earlier(start, amount, unit):
    shorter, longer = (due_at(n, unit, start, CALENDAR).at for n in (amount, amount + 1))
    assert start - timedelta(seconds=1) <= shorter <= longer


@given(instants, st.integers(1, 120), st.sampled_from(LimitUnit))
def test_every_limit_ends_on_a_working_day(start, amount, unit):
    assert CALENDAR.is_working_day(civil_date(due_at(amount, unit, start, CALENDAR).at))


def test_covered_days_are_what_the_stories_need():
    assert CALENDAR.covered_until >= date(2026, 12, 31)
