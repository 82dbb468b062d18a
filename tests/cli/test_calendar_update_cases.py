"""``bridge calendar update`` on a county with open cases: what moves is told first, then moved, and only then."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.ledger import with_service
from bridge.pipeline.service import Service
from bridge.wire.ticket import ticket_draft
from tests.cli.test_calendar_commands import NOTICE

ROOT = Path(__file__).parents[2]
LAST_DAYS_OF_2026 = "2026-12-29T09:00:00+08:00"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    monkeypatch.setenv("BRIDGE_CLOCK_START", LAST_DAYS_OF_2026)
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return tmp_path / "county" / "bridge.toml"


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "notice.json"
    path.write_text(json.dumps(NOTICE, ensure_ascii=False), encoding="utf-8")
    return path


def deadlines_of(config: Path, case_id: str) -> list[dict[str, Any]]:
    async def work(service: Service) -> list[dict[str, Any]]:
        return list((await service.case(case_id))["deadlines"])

    return with_service(config, work)


def reply_of(config: Path, case_id: str) -> dict[str, Any]:
    return next(each for each in deadlines_of(config, case_id) if each["kind"] == "reply")


def history_of(config: Path, case_id: str) -> list[str]:
    async def work(service: Service) -> list[str]:
        return [event["type"] for event in (await service.history(case_id))["events"]]

    return with_service(config, work)


@pytest.fixture
def case_id(config: Path) -> str:
    body = {
        "external_id": "CU-1",
        "content": "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。",
        "received_at": LAST_DAYS_OF_2026,
    }
    draft = ticket_draft(body, json.dumps(body).encode(), datetime.fromisoformat(LAST_DAYS_OF_2026))

    async def work(service: Service) -> str:
        return str((await service.accept_ticket("hotline", draft, None)).body["case_id"])

    return with_service(config, work)


def test_open_limits_are_previewed_then_moved(config: Path, notice: Path, case_id: str) -> None:
    guessed = reply_of(config, case_id)
    assert (guessed["due_at"], guessed["status"]) == ("2027-01-05T23:59:59+08:00", "provisional")
    update = ["calendar", "update", str(notice), "--config", str(config)]
    told = json.loads(CliRunner().invoke(app, [*update, "--preview", "--json"]).stdout)
    assert told["applied"] is False
    reply = next(each for each in told["deadlines"] if each["kind"] == "reply")
    assert (reply["case_id"], reply["from"], reply["to"]) == (case_id, guessed["due_at"], "2027-01-06T23:59:59+08:00")
    assert not (config.parent / "calendar").exists()
    assert reply_of(config, case_id) == guessed
    done = CliRunner().invoke(app, update)
    assert (done.exit_code, "个时限改期" in done.stdout, "rules reload" in done.stderr) == (0, True, True)
    moved = reply_of(config, case_id)
    assert (moved["due_at"], moved["status"]) == ("2027-01-06T23:59:59+08:00", "running")
    assert history_of(config, case_id).count("deadline.recounted") == 1
    again = CliRunner().invoke(app, update)
    assert "在办案件有 0 个时限改期" in again.stdout
    assert "自动换上新日历" in again.stderr, "the running daemon takes the file up whether or not a limit moved"


def test_limits_that_stay_where_they_were_guessed_become_certain(config: Path, tmp_path: Path, case_id: str) -> None:
    guessed = deadlines_of(config, case_id)
    assert any(each["status"] == "provisional" for each in guessed)
    file = tmp_path / "same.json"
    a_saturday = {"name": "元旦", "date": "2027-01-02", "isOffDay": True}
    file.write_text(json.dumps(NOTICE | {"days": [a_saturday]}, ensure_ascii=False), encoding="utf-8")
    done = CliRunner().invoke(app, ["calendar", "update", str(file), "--config", str(config)])
    assert (done.exit_code, "在办案件有 0 个时限改期" in done.stdout) == (0, True)
    found = deadlines_of(config, case_id)
    assert [each["due_at"] for each in found] == [each["due_at"] for each in guessed]
    assert {each["status"] for each in found} == {"running"}


CLOSED = '  overlay:\n    - {date: "2026-12-30", working: false, reason: 大雪停工, document: 泽政办〔2026〕9号}\n'


@pytest.fixture
def candidate(config: Path) -> Path:
    """The live rules with a day off the county declared itself, beside the configuration."""
    live = (ROOT / "routing_rules.yaml").read_text(encoding="utf-8")
    changed = live.replace("  overlay: []\n", CLOSED)
    assert changed != live
    path = config.parent / "candidate.yaml"
    path.write_text(changed, encoding="utf-8")
    return path


def test_the_countys_own_day_moves_open_limits_only_when_a_person_says_so(
    config: Path, candidate: Path, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview with the candidate, nothing on the change itself but the doctor's note, then the act, once."""
    before = deadlines_of(config, case_id)
    recount = ["calendar", "recount", "--config", str(config)]
    refused = CliRunner().invoke(app, [*recount, "--rules", str(candidate)])
    assert (refused.exit_code, "只用来预览" in refused.stderr) == (2, True)
    told = json.loads(CliRunner().invoke(app, [*recount, "--rules", str(candidate), "--preview", "--json"]).stdout)
    sign = next(each for each in told["deadlines"] if each["kind"] == "sign")
    assert (sign["from"], sign["to"]) == ("2026-12-30T23:59:59+08:00", "2026-12-31T23:59:59+08:00")
    assert (told["applied"], told["overlay"]) == (False, [{"date": "2026-12-30", "workday": False}])
    monkeypatch.setenv("BRIDGE_RULES", str(candidate))
    assert deadlines_of(config, case_id) == before
    assert "应改期" in CliRunner().invoke(app, ["doctor", "--offline", "--config", str(config)]).stdout
    done = CliRunner().invoke(app, recount)
    assert (done.exit_code, "大雪停工（泽政办〔2026〕9号）" in done.stdout, "签收" in done.stdout) == (0, True, True)
    moved = {each["kind"]: each["due_at"] for each in deadlines_of(config, case_id)}
    assert moved["sign"] == sign["to"]
    assert history_of(config, case_id).count("deadline.recounted") == 1
    assert "在办案件有 0 个时限改期" in CliRunner().invoke(app, recount).stdout
    assert "在办时限与现行日历相符" in CliRunner().invoke(app, ["doctor", "--offline", "--config", str(config)]).stdout


def test_rules_whose_own_tests_fail_move_nothing(config: Path, candidate: Path, case_id: str) -> None:
    before = deadlines_of(config, case_id)
    text = candidate.read_text(encoding="utf-8")
    candidate.write_text(text.replace("      lead: tax\n", "      lead: hrss\n", 1), encoding="utf-8")
    told = CliRunner().invoke(
        app, ["calendar", "recount", "--config", str(config), "--rules", str(candidate), "--preview"]
    )
    assert (told.exit_code, "用例不符" in told.stderr) == (1, True)
    assert deadlines_of(config, case_id) == before
