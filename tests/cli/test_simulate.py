"""``bridge simulate`` on a fresh county: what it prints, and wrong dates."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.ledger import with_service
from bridge.pipeline.service import Service
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    return tmp_path / "county" / "bridge.toml"


def test_what_lies_ahead_is_listed_in_order_of_time(config: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    body = {
        "external_id": "ZZ-1",
        "content": "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。",
        "received_at": now.isoformat(),
    }
    draft = ticket_draft(body, json.dumps(body).encode(), now)

    async def register(service: Service) -> None:
        await service.accept_ticket("hotline", draft, None)

    with_service(config, register)
    until = (now + timedelta(days=40)).date().isoformat()
    told = CliRunner().invoke(app, ["simulate", "--until", until, "--json", "--config", str(config)])
    steps = json.loads(told.stdout)["steps"]
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
    assert {"due_day", "overdue", "after_one", "escalate"} <= {step["step"] for step in steps}
    page = CliRunner().invoke(app, ["simulate", "--until", until, "--config", str(config)])
    assert page.exit_code == 0
    assert "升级到领导小组办公室" in page.stdout
    assert "若无人办理" in page.stdout


def test_an_empty_ledger_and_a_wrong_date(config: Path) -> None:
    quiet = CliRunner().invoke(app, ["simulate", "--until", "2027-01-31", "--config", str(config)])
    assert (quiet.exit_code, quiet.stdout.strip()) == (0, "到 2027-01-31 若无人办理：提醒 0 次，超期 0 项，升级 0 次")
    wrong = CliRunner().invoke(app, ["simulate", "--until", "明天", "--config", str(config)])
    assert wrong.exit_code == 2
    assert "--until" in wrong.stderr
