"""``bridge import`` on a fresh county: an office's own spreadsheet, with its dates, its mistakes and its second run."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from bridge.cli import app

ROOT = Path(__file__).parents[2]
LATE = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
ARREARS = "单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。"
RECEIVED = datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - a cell of a sheet has no zone
HEADS = ("序号", "工单编号", "受理时间", "反映内容", "来电人", "联系电话", "承办单位", "协办单位", "状态", "派单时间", "签收日期",
         "办结时限", "答复日期", "办理结果", "意见：人社局", "工单类型", "被反映单位")  # fmt: skip


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return tmp_path / "county" / "bridge.toml"


def run(config: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def sheet(path: Path, *rows: tuple[Any, ...], heads: tuple[str, ...] = HEADS) -> Path:
    book = Workbook()
    page = book.worksheets[0]
    page.append(["某县社会保险费争议工单台账"])
    page.append(list(heads))
    for row in rows:
        page.append(list(row))
    book.save(path)
    return path


def row(number: str, state: str, **cells: Any) -> tuple[Any, ...]:
    given = {"工单编号": number, "受理时间": RECEIVED, "反映内容": LATE, "状态": state} | cells
    return tuple(given.get(head, "") for head in HEADS)


ASKED = {"承办单位": "税务局", "派单时间": date(2026, 3, 2)}
GOOD = (
    row("A-1", "已登记"),
    row("A-2", "已派单", **ASKED, 来电人="测试人", 联系电话="13500000001"),
    row("A-3", "办理中", **ASKED, 签收日期="2026年3月3日", 办结时限="2026/3/20"),
    row(
        "A-4",
        "办理中",
        **ASKED | {"反映内容": ARREARS},
        协办单位="人社局、医保局",
        **{"意见：人社局": "2024年核定的欠费属实。"},
    ),
    row(
        "A-5",
        "已回复",
        **ASKED,
        来电人="测试人",
        联系电话="13500000002",
        答复日期="2026-03-06",
        办理结果="已核减滞纳金431.20元。",
    ),
    row("A-6", "已办结", **ASKED),
)


def imported(config: Path, file: Path, *options: str) -> dict[str, Any]:
    done = run(config, "import", str(file), "--feed", "hotline", "--json", *options)
    assert done.exit_code in (0, 1), done.output
    return {each["external_id"]: each for each in json.loads(done.stdout)["rows"]}


def case(config: Path, case_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(run(config, "cases", "show", case_id, "--json").stdout)
    return shown


def test_open_cases_keep_their_dates_and_nothing_old_is_sent(config: Path, tmp_path: Path) -> None:
    rows = imported(config, sheet(tmp_path / "台账.xlsx", *GOOD))
    assert {number: each["outcome"] for number, each in rows.items()} == {
        **dict.fromkeys(("A-1", "A-2", "A-3", "A-4", "A-5"), "taken"), "A-6": "ended",
    }  # fmt: skip
    signed = case(config, rows["A-3"]["case_id"])
    [tax] = signed["assignments"]
    assert (tax["unit"], tax["state"], tax["owed"]) == ("tax", "signed", ["opinion"])
    assert (tax["dispatched_at"], tax["signed_at"]) == ("2026-03-02T09:30:00+08:00", "2026-03-03T00:00:00+08:00")
    reply = next(each for each in signed["deadlines"] if each["kind"] == "reply")
    assert (reply["due_at"], reply["status"]) == ("2026-03-20T23:59:59+08:00", "overdue")
    assert signed["opened_at"] == signed["tickets"][0]["received_at"] == "2026-03-02T09:30:00+08:00"
    joint = case(config, rows["A-4"]["case_id"])
    assert {each["unit"]: each["owed"] for each in joint["assignments"]} == {
        "tax": [],
        "hrss": [],
        "medical": ["opinion"],
    }
    assert case(config, rows["A-5"]["case_id"])["state"] == "replied"
    messages = json.loads(run(config, "outbox", "list", "--json").stdout)
    told = {each["case_id"] for each in messages if each["kind"] == "upstream"}
    assert told == {rows["A-1"]["case_id"]}
    asked = [each["target"] for each in messages if each["type"] == "assignment.dispatched"]
    assert sorted(asked) == ["medical", "tax", "tax", "tax", "tax"]
    assert sum(each["messages"] for each in rows.values()) == len(asked)
    history = json.loads(run(config, "cases", "explain", rows["A-3"]["case_id"], "--json").stdout)["history"]
    lines = [(each["type"], each["occurred_at"]) for each in history["events"]]
    assert ("deadline.missed", "2026-03-20T23:59:59+08:00") in lines
    assert {type_ for type_, _ in lines} >= {"reminder.skipped", "case.taken_over"}
    assert not {type_ for type_, _ in lines} & {"reminder.sent", "deadline.escalated"}


def test_a_second_run_takes_nothing_and_a_dry_run_writes_nothing(config: Path, tmp_path: Path) -> None:
    file = sheet(tmp_path / "台账.xlsx", *GOOD)
    dry = run(config, "import", str(file), "--feed", "12345", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "可接收（没有写入） 5 件" in dry.stdout
    assert json.loads(run(config, "cases", "list", "--json").stdout)["cases"] == []
    first = imported(config, file)
    again = imported(config, file)
    assert {each["outcome"] for each in again.values()} == {"known", "ended"}
    assert {n: each["case_id"] for n, each in again.items()} == {n: each["case_id"] for n, each in first.items()}


def test_every_bad_row_is_named_with_its_column_and_the_good_ones_are_kept(config: Path, tmp_path: Path) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=3)).date()
    bad = sheet(
        tmp_path / "台账.xlsx",
        row("B-1", "已派单", **ASKED),
        row("B-2", "已派单", 承办单位="税物局", 派单时间=date(2026, 3, 2)),
        row("B-3", "办哩中", **ASKED),
        row("B-4", "已派单", 承办单位="税务局", 派单时间="上周"),
        row("B-1", "已派单", **ASKED),
        row("", "已登记"),
        row("B-7", "已派单", 承办单位="税务局", 派单时间=date(2026, 3, 1)),
        row("B-8", "已回复", **ASKED, 答复日期=tomorrow, 办理结果=""),
        row("B-10", "已派单", **ASKED, 工单类型="举报", 被反映单位="县税务局"),
    )
    done = run(config, "import", str(bad), "--feed", "hotline")
    assert done.exit_code == 1
    assert "已接收 1 件" in done.stdout
    for said in (
        "第 4 行“主办单位”：不认识这个说法，是否为“税务局”？",
        "第 5 行“办理状态”：不认识这个说法，是否为“办理中”？",
        "第 6 行“交办日期”：不是日期",
        "第 7 行“工单编号”：与第 3 行重复",
        "第 8 行“工单编号”：不能为空",
        "第 9 行“交办日期”：早于“受理日期”",
        "第 10 行“答复日期”：晚于现在",
        "第 10 行“答复内容”：不能为空",
        "第 11 行“主办单位”：举报的是税务局",
    ):
        assert said in done.stderr, (said, done.stderr)
    assert "税物局" not in done.stderr
    nothing = run(
        config,
        "import",
        str(sheet(tmp_path / "b.xlsx", *GOOD, row("B-9", "已派单"))),
        "--feed",
        "hotline",
        "--all-or-nothing",
    )
    assert nothing.exit_code == 1
    assert len(json.loads(run(config, "cases", "list", "--json").stdout)["cases"]) == 1


def test_a_csv_of_an_old_office_and_a_wrong_file(config: Path, tmp_path: Path) -> None:
    text = '工单编号,受理日期,诉求内容,主办单位,办理状态,交办日期\r\n="C-1",2026年3月2日,滞纳金有误,税务局,已交办,20260303\r\n'
    old = tmp_path / "旧.csv"
    old.write_bytes(text.encode("gbk"))
    assert imported(config, old)["C-1"]["outcome"] == "taken"
    (tmp_path / "x.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    wrong = run(config, "import", str(tmp_path / "x.csv"))
    assert wrong.exit_code == 1
    assert "没有表头" in str(wrong.exception)
    (tmp_path / "x.xlsx").write_bytes(b"PK nonsense")
    assert "另存为" in str(run(config, "import", str(tmp_path / "x.xlsx")).exception)
    short = sheet(tmp_path / "short.xlsx", heads=("工单编号", "受理日期", "主办单位", "承办单位"))
    answer = str(run(config, "import", str(short)).exception)
    assert "缺少“诉求内容”列" in answer
    assert "都是“主办单位”" in answer


def test_the_template_can_be_filled_in_and_read_back(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "模板.xlsx"
    assert run(config, "import", str(file), "--template").exit_code == 0
    assert {each["outcome"] for each in imported(config, file, "--dry-run").values()} == {"taken"}
    again = run(config, "import", str(file), "--template")
    assert again.exit_code == 2


def test_messages_can_be_held_and_released_later(config: Path, tmp_path: Path) -> None:
    rows = imported(config, sheet(tmp_path / "台账.xlsx", GOOD[1], GOOD[2]), "--hold")
    held = json.loads(run(config, "outbox", "list", "--reason", "taken_over", "--json").stdout)
    assert {each["type"] for each in held} == {"assignment.dispatched"}
    assert len(held) == len(rows) == 2
    assert "已排队重发 2 件" in run(config, "replay", "--reason", "taken_over").stdout
