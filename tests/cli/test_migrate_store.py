"""``bridge migrate-store`` with a real SQLite file and a real PostgreSQL: everything arrives, or nothing does."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge.cli import app
from bridge.cli.ledger import with_service
from bridge.pipeline.service import Service
from bridge.store.engine import parse
from bridge.store.sole_owner import sole_owner
from bridge.wire.ticket import ticket_draft
from tests.conftest import fresh_database

ROOT = Path(__file__).parents[2]
CONTENT = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
COUNT = 30


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A county on SQLite with some cases."""
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    monkeypatch.setenv("BRIDGE_RULES", str(ROOT / "routing_rules.yaml"))
    return _county(tmp_path / "county")


def _county(folder: Path) -> Path:
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0

    async def fill(service: Service) -> None:
        now = datetime.now(UTC)
        for number in range(COUNT):
            body = {"external_id": f"ZZ-{number}", "content": CONTENT, "received_at": now.isoformat()}
            await service.accept_ticket("hotline", ticket_draft(body, json.dumps(body).encode(), now), None)

    with_service(folder / "bridge.toml", fill)
    return folder / "bridge.toml"


def _old(config: Path) -> str:
    return f"sqlite+aiosqlite:///{config.parent}/data/bridge.db"


def _run(config: Path, new: str) -> Result:
    return CliRunner().invoke(app, ["migrate-store", _old(config), new, "--json", "--config", str(config)])


async def _cases(service: Service) -> list[dict[str, object]]:
    from bridge.pipeline.queries import CaseQuery

    return list((await service.cases(CaseQuery(limit=500)))["cases"])


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """An empty database on the session's PostgreSQL, for commands that have a loop of their own."""
    with asyncio.Runner() as loop:
        opened = fresh_database(postgres)
        yield loop.run(opened.__aenter__())
        loop.run(opened.__aexit__(None, None, None))


def test_a_county_moves_whole(config: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = with_service(config, _cases)
    moved = _run(config, database)
    assert moved.exit_code == 0, moved.output
    told = json.loads(moved.stdout)
    assert told["rows"]["cases"] == told["rows"]["tickets"] == COUNT
    assert told["findings"] == []
    monkeypatch.setenv("BRIDGE_DATABASE_URL", database)
    assert with_service(config, _cases) == before
    again = _run(config, database)
    assert again.exit_code == 1
    assert "不是空的" in str(again.exception)


def test_a_second_county_moves_into_the_same_database_and_is_backed_up_alone(
    config: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run(config, database).exit_code == 0
    monkeypatch.setenv("BRIDGE_REGION_CODE", "140526")
    other = _county(tmp_path / "other")
    before = with_service(other, _cases)
    moved = _run(other, database)
    assert moved.exit_code == 0, moved.output
    assert json.loads(moved.stdout)["rows"]["cases"] == COUNT
    monkeypatch.setenv("BRIDGE_DATABASE_URL", database)
    assert with_service(other, _cases) == before
    copy, options = tmp_path / "copy.zip", ["--config", str(other)]
    assert CliRunner().invoke(app, ["backup", str(copy), *options]).exit_code == 0
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/back.db")
    restored = CliRunner().invoke(app, ["restore", str(copy), *options])
    assert restored.exit_code == 0, restored.output
    with closing(sqlite3.connect(tmp_path / "back.db")) as ledger:
        assert set(ledger.execute("SELECT region_code, count(*) FROM cases GROUP BY 1")) == {("140526", COUNT)}
        assert set(ledger.execute("SELECT DISTINCT region_code FROM events")) == {("140526",)}


def test_a_running_daemon_or_the_wrong_order_is_refused(config: Path, database: str) -> None:
    with sole_owner(parse(_old(config))):
        assert "已有一个 bridge serve 在用" in str(_run(config, database).exception)
    wrong = CliRunner().invoke(app, ["migrate-store", database, _old(config), "--config", str(config)])
    assert wrong.exit_code == 2


def test_what_cannot_be_moved_is_told_and_leaves_nothing_behind(config: Path, database: str, tmp_path: Path) -> None:
    def told(old: str, new: str) -> Result:
        return CliRunner().invoke(app, ["migrate-store", old, new, "--config", str(config)])

    absent = told(f"sqlite+aiosqlite:///{tmp_path}/nothing.db", database)
    assert (absent.exit_code, absent.stdout) == (2, "")
    assert "nothing.db 这个文件" in absent.stderr
    assert list(tmp_path.glob("nothing*")) == []
    assert "没有这个库" in str(told(_old(config), database.replace("/bridge_", "/absent_")).exception)
    for wrong in ("foo", "postgresql+asyncpg://u:p@127.0.0.1:port/db"):
        assert "应写成 sqlite+aiosqlite" in str(told(_old(config), wrong).exception)
