"""``bridge calendar`` as an operator types it."""

import json

import pytest
from typer.testing import CliRunner

from bridge.cli.calendar import app

NOTICE = {
    "year": 2027,
    "document_number": "国办发明电〔2026〕1号",
    "papers": [],
    "days": [
        {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-02", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-03", "isOffDay": False},
    ],
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty deployment folder to stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRIDGE_RULES", raising=False)
    return tmp_path


@pytest.fixture
def run(here):
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def notice(here):
    path = here / "notice.json"
    path.write_text(json.dumps(NOTICE, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "due"),
    [
        (("2026-09-24", 15), "2026-10-22T23:59:59+08:00"),
        (("2026-09-24T23:59:59+08:00", 15), "2026-10-22T23:59:59+08:00"),
        (("2026-09-24T23:59:59Z", 1), "2026-09-28T23:59:59+08:00"),
        (("2026-01-09", 15, "--unit", "days"), "2026-01-26T23:59:59+08:00"),
        (("2026-09-30T16:00", 4, "--unit", "working_hours"), "2026-10-08T10:30:00+08:00"),
    ],
)
def test_add_prints_the_due_instant_and_nothing_else(run, arguments, due):
    result = run("add", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{due}\n", "")


def test_add_warns_beside_the_answer_when_no_notice_covers_it(run):
    result = run("add", "2026-12-30", 2)
    assert result.stdout == "2027-01-01T23:59:59+08:00\n"
    assert "暂定" in result.stderr


def test_add_in_json(run):
    assert json.loads(run("add", "2026-12-30", 2, "--json").stdout) == {
        "start": "2026-12-30T00:00:00+08:00",
        "amount": 2,
        "unit": "working_days",
        "due": "2027-01-01T23:59:59+08:00",
        "provisional": True,
        "covered_until": "2026-12-31",
        "calendar_version": json.loads(run("add", "2026-01-01", 1, "--json").stdout)["calendar_version"],
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("soon", 5),
        ("2026-13-01", 5),
        ("2026-01-01", "five"),
        ("2026-01-01", 5, "--unit", "weeks"),
        ("9999-12-31", 5),
        (),
    ],
)
def test_wrong_use_exits_2(run, arguments):
    assert run("add", *arguments).exit_code == 2


def test_explain_says_of_every_day_why_it_does_not_count(run):
    lines = run("explain", "2026-09-24", 3).stdout.splitlines()
    assert lines[0] == "2026-09-24 周四  起算\t工作日"
    assert lines[1] == "2026-09-25 周五  不计\t放假：中秋节（国办发明电〔2025〕7号）"
    assert lines[4] == "2026-09-28 周一  第1日\t工作日"
    assert lines[-1] == "到期 2026-09-30T23:59:59+08:00"


def test_explain_counts_a_make_up_saturday(run):
    assert "2026-10-10 周六  第1日\t调休上班：国庆节（国办发明电〔2025〕7号）" in run("explain", "2026-10-09", 1).stdout


def test_explain_natural_days_shows_how_the_end_rolls(run):
    lines = run("explain", "2026-01-22", 2, "--unit", "days").stdout.splitlines()
    assert [line.split()[2] for line in lines[:-1]] == ["起算", "第1日", "第2日", "顺延", "顺延"]


def test_explain_in_json(run):
    facts = json.loads(run("explain", "2026-10-09", 1, "--json").stdout)
    assert facts["due"] == "2026-10-10T23:59:59+08:00"
    assert facts["days"][1] == {
        "date": "2026-10-10",
        "workday": True,
        "counted": "第1日",
        "cause": "make_up",
        "name": "国庆节",
        "document": "国办发明电〔2025〕7号",
        "provisional": False,
    }


def test_explain_hours_marks_the_days_they_are_taken_from(run):
    lines = run("explain", "2026-10-10T17:00", 2, "--unit", "working_hours").stdout.splitlines()
    assert [line.split()[2] for line in lines[:-1]] == ["计时", "不计", "计时"]


def test_update_installs_the_year_beside_the_configuration_and_prints_what_changes(run, here, notice):
    (here / "bridge.toml").touch()
    result = run("update", notice)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "2027年：国办发明电〔2026〕1号 → calendar/2027.json",
        "放假安排覆盖到2026-12-31 → 2027-12-31",
        "2026-12-31 周四  上班 → 放假\t放假：元旦（国办发明电〔2026〕1号）",
        "2027-01-01 周五  上班 → 放假\t放假：元旦（国办发明电〔2026〕1号）",
        "2027-01-03 周日  放假 → 上班\t调休上班：元旦（国办发明电〔2026〕1号）",
    ]
    assert [path.name for path in (here / "calendar").iterdir()] == ["2027.json"]
    assert run("add", "2026-12-30", 1).stdout == "2027-01-03T23:59:59+08:00\n"
    assert "没有一天的性质改变" in run("update", notice).stdout


def test_update_in_json(run, here, notice):
    (here / "bridge.toml").touch()
    facts = json.loads(run("update", notice, "--json").stdout)
    assert facts["covered_until"] == {"before": "2026-12-31", "after": "2027-12-31"}
    assert facts["changes"][0] == {"date": "2026-12-31", "workday": False, "name": "元旦"}


def test_update_refuses_a_file_that_is_not_a_year_and_leaves_everything(run, here, notice):
    (here / "bridge.toml").touch()
    notice.write_text(notice.read_text(encoding="utf-8").replace("2027-01-03", "2027-01-02"), encoding="utf-8")
    result = run("update", notice)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "days[3].date: 2027-01-02与days[2]重复" in result.stderr
    assert not (here / "calendar").exists()


def test_update_refuses_a_year_that_would_leave_a_gap(run, here, notice):
    (here / "bridge.toml").touch()
    notice.write_text(
        notice.read_text(encoding="utf-8").replace("2027", "2029").replace("2026-", "2028-"), encoding="utf-8"
    )
    result = run("update", notice)
    assert result.exit_code == 1
    assert "缺少2027年、2028年" in result.stderr
    assert not (here / "calendar").exists()


def test_update_without_a_configuration_is_wrong_use(run, notice):
    assert run("update", notice).exit_code == 2


def test_a_broken_configuration_or_rules_file_exits_1(run, here):
    assert run("add", "2026-01-01", 1, "--rules", "absent.yaml").exit_code == 1
    (here / "bridge.toml").write_text("rules = ", encoding="utf-8")
    assert run("add", "2026-01-01", 1).exit_code == 1
