"""The shipped years are complete and sourced; a deployer's year file is checked before it is used."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.rules.calendar_data import load_calendar, load_folder, load_published, read_year

DOCUMENT = re.compile(r"国办?发明电〔20\d\d〕\d{1,2}号")

WEEKDAYS_OFF_AND_WEEKENDS_WORKED = {
    # Counted from the notices' own texts: days off they name, weekend days they have worked.
    2008: (29, 6),
    2009: (27, 6),
    2010: (29, 8),
    2011: (29, 5),
    2012: (27, 7),
    2013: (29, 12),
    2014: (22, 5),
    2015: (26, 5),
    2016: (24, 6),
    2017: (24, 5),
    2018: (23, 6),
    2019: (24, 7),
    2020: (30, 6),
    2021: (31, 7),
    2022: (31, 7),
    2023: (27, 7),
    2024: (28, 8),
    2025: (28, 5),
    2026: (33, 6),
}


def year_file(**changes):
    content = {
        "$schema": "https://example.org/schema.json",
        "year": 2027,
        "papers": ["https://www.gov.cn/notice-2027.htm"],
        "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}],
    }
    return json.dumps(content | changes, ensure_ascii=False).encode()


def test_every_year_names_as_many_days_as_its_notice():
    counted = {
        published.year: (sum(day.off for day in published.days), sum(not day.off for day in published.days))
        for published in load_published()
    }
    assert counted == WEEKDAYS_OFF_AND_WEEKENDS_WORKED


def test_every_year_and_every_amendment_carries_its_document_number():
    for published in load_published():
        assert DOCUMENT.fullmatch(published.document)
        assert all(DOCUMENT.fullmatch(day.document) for day in published.days if day.document)
        assert all("gov.cn/" in paper for paper in published.papers)
        assert published.published_on is not None
        assert timedelta(days=13) < date(published.year, 1, 1) - published.published_on < timedelta(days=70)


def test_a_worked_day_is_always_a_weekend_day():
    assert [
        day for published in load_published() for day in published.days if not day.off and day.on.weekday() < 5
    ] == []


def test_a_year_file_of_the_public_data_is_taken_as_it_is():
    published = read_year(year_file(), "2027.json")
    assert (published.year, published.document) == (2027, "https://www.gov.cn/notice-2027.htm")
    assert not load_calendar(extra=[published]).is_working_day(date(2027, 1, 1))


def test_a_deployers_year_replaces_the_shipped_one():
    amended = read_year(
        year_file(year=2026, days=[{"name": "停工", "date": "2026-03-02", "isOffDay": True}]), "2026.json"
    )
    calendar = load_calendar(extra=[amended])
    assert not calendar.is_working_day(date(2026, 3, 2))
    assert calendar.is_working_day(date(2026, 10, 1))


def test_the_folder_of_a_deployer(tmp_path: Path):
    assert load_folder(tmp_path / "absent") == ()
    (tmp_path / "2027.json").write_bytes(year_file())
    (tmp_path / "README.txt").write_text("not a year", encoding="utf-8")
    assert [published.year for published in load_folder(tmp_path)] == [2027]


@pytest.mark.parametrize(
    ("content", "path", "message"),
    [
        pytest.param(b"{", "$", "不是有效的JSON", id="not json"),
        pytest.param(b"\xff\xfe", "$", "不是有效的JSON", id="not utf-8"),
        pytest.param(year_file(days=[]), "days", "不能为空", id="a year not yet published"),
        pytest.param(year_file(year="next"), "year", "应为整数年份", id="no year"),
        pytest.param(
            year_file(days=[{"name": "元旦", "date": "2027-02-30", "isOffDay": True}]),
            "days[0].date",
            "应为日期",
            id="no day",
        ),
        pytest.param(
            year_file(days=[{"date": "2027-01-01", "isOffDay": True}]), "days[0].name", "缺少该项", id="no name"
        ),
        pytest.param(
            year_file(days=[{"name": "元旦", "date": "2027-01-01", "isOffDay": "perhaps"}]),
            "days[0].isOffDay",
            "应为true",
            id="neither off nor worked",
        ),
        pytest.param(
            year_file(days=[{"name": "元旦", "date": "2027-01-01", "isOffDay": off} for off in (True, False)]),
            "days[1].date",
            "2027-01-01与days[0]重复",
            id="a day twice",
        ),
        pytest.param(
            year_file(days=[{"name": "国庆节", "date": "2026-10-01", "isOffDay": True}]),
            "days[0].date",
            "离2027年太远",
            id="another year's day",
        ),
    ],
)
def test_a_wrong_year_file_is_refused_where_it_is_wrong(content, path, message):
    with pytest.raises(ConfigError) as refused:
        read_year(content, "2027.json")
    assert [problem.path for problem in refused.value.problems] == [path]
    assert message in refused.value.problems[0].message
    assert str(refused.value).startswith("2027.json:1:1 ")


def test_every_problem_of_a_year_file_is_told_at_once():
    wrong = [{"name": "", "date": "x", "isOffDay": True}, {"name": "元旦", "isOffDay": True}]
    with pytest.raises(ConfigError) as refused:
        read_year(year_file(days=wrong), "2027.json")
    assert [problem.path for problem in refused.value.problems] == ["days[0].name", "days[0].date", "days[1].date"]
