"""``bridge serve`` refuses what cannot work with a sentence, an exit status and no traceback; the doctor says the same."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from bridge.cli import app
from bridge.crypto import Keyring
from bridge.errors import ConfigError
from bridge.store.engine import at_start
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.testing.process import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def _refusal(folder: Path, monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    """Start the daemon in this process; it must refuse before it serves. Returns what it says."""
    monkeypatch.setenv("BRIDGE_LISTEN", f"127.0.0.1:{free_port()}")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    answer = CliRunner().invoke(app, ["serve", "--config", str(folder / "bridge.toml")])
    assert isinstance(answer.exception, ConfigError), answer.exception
    return str(answer.exception)


def _doctor(folder: Path) -> tuple[int, str]:
    """Return the doctor's exit status and every word of its faults."""
    answer = CliRunner().invoke(app, ["doctor", "--offline", "--json", "--config", str(folder / "bridge.toml")])
    report = json.loads(answer.stdout)
    assert report["holds"] is (answer.exit_code == 0)
    found = [each for each in report["findings"] if each["verdict"] == "fault"]
    assert all(each["remedy"] for each in found)
    return answer.exit_code, "\n".join(f"{each['text']}；{each['remedy']}" for each in found)


def _sentence(refusal: str) -> str:
    """Return a refusal without the place it was found at."""
    return refusal.partition(" ")[2]


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("garbage.db", "文件不是 SQLite 数据库"),
        ("bridge.toml/x.db", "不能写入（同名的已在，而且不是目录）"),
        ("/proc/nowhere/x.db", "不能写入（文件或目录不存在"),
    ],
)
def test_a_database_that_cannot_be_one(folder: Path, monkeypatch: pytest.MonkeyPatch, database: str, said: str) -> None:
    (folder / "garbage.db").write_bytes(b"this was never a database" * 100)
    refusal = _refusal(folder, monkeypatch, BRIDGE_DATABASE_URL=f"sqlite+aiosqlite:///{folder / database}")
    assert said in refusal
    assert "database_url" in refusal
    assert _doctor(folder)[0] == 1


@pytest.mark.parametrize(
    ("user", "database", "said"), [("postgres", "nowhere", "没有这个库"), ("nobody", "postgres", "不让这个用户连接")]
)
def test_a_server_that_knows_us_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, postgres: str, user: str, database: str, said: str
) -> None:
    url = postgres.replace("//postgres:@/postgres", f"//{user}:@/{database}")
    assert url != postgres
    assert said in _refusal(folder, monkeypatch, BRIDGE_DATABASE_URL=url)
    status, faults = _doctor(folder)
    assert status == 1
    assert said in faults


def test_a_port_in_use_and_the_doctor_in_the_same_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    refusal = _refusal(folder, monkeypatch, BRIDGE_LISTEN=f"127.0.0.1:{taken}")
    assert "已被占用" in refusal
    status, faults = _doctor(folder)
    assert status == 1
    assert _sentence(refusal) in faults


def test_data_without_its_key_in_the_same_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ["--config", str(folder / "bridge.toml")]
    assert CliRunner().invoke(app, ["tokens", "list", *config]).exit_code == 0
    (folder / "data/keys.json").unlink()
    refusal = _refusal(folder, monkeypatch)
    assert _sentence(refusal) in _doctor(folder)[1]
    Keyring.create(folder / "data/keys.json")
    refusal = _refusal(folder, monkeypatch)
    assert _sentence(refusal) in _doctor(folder)[1]


@pytest.mark.parametrize("damaged", ["{", '{"active": "k1"}', ""])
def test_a_damaged_key_says_where_the_old_one_is(folder: Path, monkeypatch: pytest.MonkeyPatch, damaged: str) -> None:
    (folder / "data/keys.json").write_text(damaged, encoding="utf-8")
    refusal = _refusal(folder, monkeypatch)
    assert "已损坏" in refusal
    assert "从备份放回" in refusal
    assert _sentence(refusal).splitlines()[0] in _doctor(folder)[1]


def test_a_host_nobody_knows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = _refusal(folder, monkeypatch, BRIDGE_LISTEN="county..invalid:8080")
    assert "主机名解析不出地址；请直接写 IP 地址" in refusal
    assert _sentence(refusal) in _doctor(folder)[1]


def test_a_full_disk_under_an_existing_ledger() -> None:
    for said in ("database or disk is full", "disk I/O error"):
        refused = at_start(OperationalError("PRAGMA", {}, sqlite3.OperationalError(said)))
        assert isinstance(refused, ConfigError)
        assert "清理空间" in str(refused)


def test_rules_and_calendar_that_do_not_load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "calendar").mkdir()
    (folder / "calendar" / "2027.json").write_text("{", encoding="utf-8")
    refusal = _refusal(folder, monkeypatch)
    assert "2027.json" in refusal
    assert _sentence(refusal) in _doctor(folder)[1]
    (folder / "routing_rules.yaml").write_text("units: [", encoding="utf-8")
    assert _sentence(_refusal(folder, monkeypatch)).splitlines()[0] in _doctor(folder)[1]


def test_a_key_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = _refusal(folder, monkeypatch, BRIDGE_ENCRYPTION__KEY_FILE="bridge.toml/keys.json")
    assert "写不进去" in refusal


def test_the_program_itself_ends_with_a_sentence(folder: Path, taken: int) -> None:
    line = [sys.executable, "-m", "bridge", "serve", "--config", str(folder / "bridge.toml")]
    environ = {**os.environ, "BRIDGE_LISTEN": f"127.0.0.1:{taken}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"127.0.0.1:{taken} 无法监听：已被占用；请换一个端口" in done.stderr


def test_the_report_for_people_and_its_exit_status(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_LISTEN", f"127.0.0.1:{free_port()}")
    line = ["doctor", "--offline", "--config", str(folder / "bridge.toml")]
    shown = CliRunner().invoke(app, line)
    assert shown.exit_code == 0
    assert "正常  " in shown.stdout
    assert CliRunner().invoke(app, [*line[:-1], str(folder / "none.toml")]).exit_code == 1
    (folder / "secrets/tax").chmod(0o644)
    assert "      → chmod 600" in CliRunner().invoke(app, line).stdout
    assert CliRunner().invoke(app, [*line, "--strict"]).exit_code == 1
