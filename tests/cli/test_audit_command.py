"""``bridge audit`` beside the real ledger file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.ledger import with_service
from bridge.pipeline.service import Service
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]
TICKET = {
    "external_id": "QT-1",
    "content": "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。",
    "received_at": "2026-03-02T09:00:00+08:00",
}

Run = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return tmp_path / "county" / "bridge.toml"


@pytest.fixture
def run(config: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--config", str(config)])


async def one(service: Service) -> str:
    answer = await service.accept_ticket("hotline", ticket_draft(TICKET, b"raw", datetime.now(UTC)), None)
    return str(answer.body["case_id"])


async def revised(service: Service) -> str:
    longer = {**TICKET, "content": TICKET["content"] + "另请告知核减办法。"}
    answer = await service.accept_ticket("hotline", ticket_draft(longer, b"raw again", datetime.now(UTC)), None)
    return str(answer.body["case_id"])


def change(config: Path, statement: str) -> None:
    with closing(sqlite3.connect(config.parent / "data" / "bridge.db")) as file, file:
        file.execute(statement)


def test_a_ledger_as_written_holds_and_a_touched_one_is_named(run: Run, config: Path) -> None:
    case_id = with_service(config, one)
    clean = run("audit", "verify")
    assert (clean.exit_code, "全部相符" in clean.stdout) == (0, True)
    change(config, "UPDATE deadlines SET due_at = '2027-01-01 00:00:00.000000' WHERE kind = 'reply'")
    touched = run("audit", "verify")
    assert touched.exit_code == 1
    assert f"案件 {case_id}：时限" in touched.stdout
    report = json.loads(run("audit", "verify", "--case", case_id, "--json").stdout)
    assert (report["holds"], report["cases"], report["findings"][0]["problem"]) == (False, 1, "changed")
    assert run("audit", "verify", "--case", "c-none").exit_code == 1


def test_cases_without_a_seal_are_sealed_once(run: Run, config: Path) -> None:
    with_service(config, one)
    change(config, "UPDATE cases SET seal = NULL")
    assert "bridge audit seal" in run("audit", "verify").stdout
    assert "已加封 1 个案件" in run("audit", "seal").stdout
    assert run("audit", "verify").exit_code == 0
    assert json.loads(run("audit", "seal", "--json").stdout) == {"sealed": 0}


TABLES = ("cases", "tickets", "ticket_revisions", "assignments", "opinions", "deadlines", "events", "outbox")


def test_a_case_removed_whole_or_put_back_whole_is_missed_by_the_marks(run: Run, config: Path) -> None:
    ledger, marks = config.parent / "data" / "bridge.db", str(config.parent / "audit.marks")
    with_service(config, one)
    assert run("audit", "verify", "--marks", marks).exit_code == 0
    old = ledger.read_bytes()
    case_id = with_service(config, revised)
    assert run("audit", "verify", "--marks", marks).exit_code == 0
    new = ledger.read_bytes()
    ledger.write_bytes(old)
    assert run("audit", "verify").exit_code == 0
    back = run("audit", "verify", "--marks", marks)
    assert (back.exit_code, f"案件 {case_id}：案件登记 历史比上次核对时短或不同" in back.stdout) == (1, True)
    ledger.write_bytes(new)
    change(config, "DROP TRIGGER events_no_delete")
    for table in TABLES:
        change(config, f"DELETE FROM {table}")
    assert run("audit", "verify").exit_code == 0
    report = json.loads(run("audit", "verify", "--marks", marks, "--json").stdout)
    assert [(each["case_id"], each["problem"]) for each in report["findings"]] == [(case_id, "vanished")]


def test_marks_of_another_hand_and_of_one_case_are_refused(run: Run, config: Path) -> None:
    case_id = with_service(config, one)
    marks = config.parent / "audit.marks"
    assert run("audit", "verify", "--marks", str(marks)).exit_code == 0
    assert marks.stat().st_mode & 0o777 == 0o600
    marks.write_text(marks.read_text().replace(f"{case_id} ", f"{case_id}0 "))
    altered = run("audit", "verify", "--marks", str(marks))
    assert (altered.exit_code != 0, "核对记号文件不是本套密钥写的" in altered.output + str(altered.exception)) == (
        True,
        True,
    )
    both = run("audit", "verify", "--marks", str(marks), "--case", case_id)
    assert (both.exit_code, "--case" in both.output) == (2, True)


def test_a_dossier_is_exported_once_and_verified_without_and_with_the_ledger(run: Run, config: Path) -> None:
    case_id = with_service(config, one)
    file = config.parent / "dossier.zip"
    exported = json.loads(run("dossier", "export", case_id, "-o", str(file), "--json").stdout)
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("dossier", "export", case_id, "-o", str(file)).exit_code == 2
    alone = CliRunner().invoke(app, ["dossier", "verify", str(file), "--signed-by", exported["signed_by"]])
    assert (alone.exit_code, "完整" in alone.stdout) == (0, True)
    assert run("dossier", "verify", str(file)).exit_code == 0
    other = CliRunner().invoke(app, ["dossier", "verify", str(file), "--signed-by", "0" * 32, "--json"])
    assert (other.exit_code, json.loads(other.stdout)["holds"]) == (1, False)
    change(config, "UPDATE tickets SET state = 'withdrawn'")
    assert "登记后被改动过" in run("dossier", "verify", str(file)).stdout
    refused = run("dossier", "export", case_id, "-o", str(file.with_name("second.zip")))
    assert (refused.exit_code, "不予导出" in refused.output) == (1, True)
    file.write_bytes(file.read_bytes().replace(b"QT-1", b"QT-2"))
    assert CliRunner().invoke(app, ["dossier", "verify", str(file)]).exit_code == 1
