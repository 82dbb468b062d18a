"""``bridge rules check | test | explain | classify`` as programs read them: JSON on stdout, talk on stderr, exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from bridge.cli.rules import PROGRESS_EVERY, app

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "routing_rules.yaml"
BASE = ROOT / "tests/rules/base.yaml"
LATE_FEE = "企业被加收滞纳金不服。"
LINE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "in_scope", "category", "category_number", "confidence", "second_category", "insurance", "lead",
                 "co_units", "procedure", "period", "review", "evidence"],
    "properties": {
        "id": {},
        "in_scope": {"type": "boolean"},
        "category": {"type": ["string", "null"]},
        "category_number": {"type": ["integer", "null"], "minimum": 1, "maximum": 10},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "second_category": {"type": ["string", "null"]},
        "insurance": {"type": "array", "items": {"type": "string"}},
        "lead": {"type": ["string", "null"]},
        "co_units": {"type": "array", "items": {"type": "string"}},
        "procedure": {"enum": ["direct", "transfer", "joint_general", "joint_complex", None]},
        "period": {"enum": ["post", "pre", "straddle", "unknown"]},
        "review": {"type": "boolean"},
        "evidence": {"type": "array", "items": {"required": ["rule", "matched"], "type": "object"}},
    },
}  # fmt: skip
"""Source: contract, section 1, ``rules classify``."""


def run(*arguments: object, fed: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=fed)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """The shipped rules with a unit misspelt."""
    text = SHIPPED.read_text(encoding="utf-8")
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace("lead: tax, clause", "lead: taxx, clause", 1), encoding="utf-8")
    return path


def test_check_in_json(wrong: Path) -> None:
    right = run("check", SHIPPED, "--json")
    assert (right.exit_code, json.loads(right.stdout)["problems"]) == (0, [])
    told = run("check", wrong, "--json")
    (problem,) = json.loads(told.stdout)["problems"]
    assert told.exit_code == 1
    assert problem["file"] == str(wrong)
    assert (
        wrong.read_text(encoding="utf-8").splitlines()[problem["line"] - 1][problem["column"] - 1 :].startswith("taxx")
    )
    assert "tax" in problem["message"]
    spoken = run("check", wrong)
    assert spoken.stderr.startswith(f"{wrong}:{problem['line']}:{problem['column']} {problem['path']}: ")


def test_a_failing_case_shows_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(
        text.replace("      category: late_fee\n      lead: tax\n", "      category: late_fee\n      lead: hrss\n", 1)
    )
    told = run("test", path, "--json")
    failed = [each for each in json.loads(told.stdout) if not each["right"]]
    assert told.exit_code == 1
    assert [each["differences"] for each in failed] == [[{"what": "lead", "expected": "hrss", "found": "tax"}]]
    said = run("test", path).stdout
    told_of = re.match(rf"{re.escape(str(path))}:(\d+):\d+ tests\.\S+: 用例不符:lead 应为 hrss,实为 tax", said)
    assert told_of is not None
    assert path.read_text(encoding="utf-8").splitlines()[int(told_of[1]) - 1].strip() == "lead: hrss"


def test_explain_in_json_names_words_losers_units_and_dates() -> None:
    told = run("explain", LATE_FEE, "--rules", SHIPPED, "--json", "--received-at", "2026-01-05T09:00:00+08:00")
    found = json.loads(told.stdout)
    assert (found["category"], found["lead"], found["in_scope"]) == ("late_fee", "tax", True)
    assert any(line["matched"] == "滞纳金" for line in found["candidates"][0]["evidence"])
    assert {date["kind"]: date["due"] for date in found["due"]}["reply"] == "2026-01-12T23:59:59+08:00"
    assert found["contacts"][0]["unit"] == "tax"


def test_classify_answers_every_line_in_order_and_a_bad_one_in_its_place() -> None:
    lines = [
        json.dumps({"id": 1, "text": LATE_FEE, "unknown_key": [1]}, ensure_ascii=False),
        "{not json",
        json.dumps({"id": "c"}),
        json.dumps({"id": "d", "title": "公积金", "text": "单位不给交住房公积金,怎么投诉?"}, ensure_ascii=False),
    ]
    told = run("classify", "--rules", SHIPPED, fed="\n".join(lines) + "\n")
    first, second, third, fourth = map(json.loads, told.stdout.splitlines())
    assert told.exit_code == 1
    jsonschema.validate(first, LINE)
    jsonschema.validate(fourth, LINE)
    assert (first["id"], first["category_number"], first["procedure"]) == (1, 6, "transfer")
    for line in (first, fourth):
        rules = [each["rule"] for each in line["evidence"]]
        assert {"second_opinion.scope"} <= {*rules}
        assert len(rules) == len({*rules}), "each entry tells something of its own"
        assert all(each["matched"] for each in line["evidence"])
    assert {"rule": "second_opinion", "matched": "全文像：滞纳金加收"} in first["evidence"]
    assert (second["id"], third["id"]) == (None, "c")
    assert "error" in second
    assert "error" in third
    assert (fourth["in_scope"], fourth["category"], fourth["lead"], fourth["procedure"]) == (False, None, None, None)


def test_classify_says_on_stderr_how_far_it_is() -> None:
    row = json.dumps({"id": 1, "text": LATE_FEE}, ensure_ascii=False) + "\n"
    told = run("classify", "--rules", SHIPPED, fed=row * (PROGRESS_EVERY + 1))
    assert told.exit_code == 0
    assert len(told.stdout.splitlines()) == PROGRESS_EVERY + 1
    assert told.stderr.splitlines() == [f"已分类 {PROGRESS_EVERY} 行"]


@pytest.mark.parametrize(
    "text",
    [
        "社保晚交了几天，多出来一笔滞纳金。",
        "社保晩交了幾天，多出來一筆滯納金。",
        "社保晚交了几天，多出来一笔滞那金。",
        "社 保 晚 交 了 几 天 ，多 出 来 一 笔 滞 纳 金 。",
        "社保晚交了几天，多出来一笔滯納金！！！",
    ],
)
def test_odd_spelling_is_read_alike(text: str) -> None:
    told = run("classify", "--rules", SHIPPED, fed=json.dumps({"id": 1, "text": text}, ensure_ascii=False))
    assert json.loads(told.stdout)["category"] == "late_fee"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("",), "没有工单文字"),
        (("滞纳金太高", "--kind", "求助"), "--kind"),
        (("滞纳金太高", "--received-at", "一月五日"), "不是日期"),
    ],
)
def test_explain_refuses_what_it_would_have_to_guess(arguments: tuple[str, ...], said: str) -> None:
    told = run("explain", *arguments, "--rules", BASE)
    assert told.exit_code == 2
    assert said in told.stderr


def test_an_instant_without_a_zone_is_local() -> None:
    told = json.loads(
        run("explain", "社保滞纳金太高", "--rules", BASE, "--json", "--received-at", "2026-01-05T23:30").stdout
    )
    assert {each["kind"]: each["due"] for each in told["due"]}["sign"] == "2026-01-06T23:59:59+08:00"


def test_lines_saved_by_an_office_program_are_read_or_told() -> None:
    lines = [
        b"\xef\xbb\xbf" + '{"id": 1, "text": "社保滞纳金太高"}\r\n'.encode(),
        '{"id": 2, "text": "医保"}\n'.encode("gbk"),
    ]
    told = CliRunner().invoke(app, ["classify", "--rules", str(BASE)], input=b"".join(lines))
    first, second = map(json.loads, told.stdout.splitlines())
    assert (told.exit_code, first["id"], first["category"]) == (1, 1, "late_fee")
    assert "不是 UTF-8" in second["error"]
    assert "有 1 行读不出来" in told.stderr


def test_a_text_that_is_not_utf_8_is_refused_in_words() -> None:
    typed = LATE_FEE.encode("gbk").decode("utf-8", "surrogateescape")
    told = run("explain", typed, "--rules", BASE)
    assert told.exit_code == 2
    assert "不是UTF-8" in told.stderr.replace("\n", "")
