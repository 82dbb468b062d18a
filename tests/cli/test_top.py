"""``bridge top``: what it counts is what is there; it goes on until Ctrl-C; and the shell completes our commands."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app, top_view
from bridge.cli.ledger import with_service, with_store
from bridge.pipeline.service import Service
from bridge.store.store import Store
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.wire.ticket import ticket_draft
from tests.interruptible import INTERRUPTIBLE

ROOT = Path(__file__).parents[2]
CONTENT = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A county with three cases under way."""
    monkeypatch.setenv("BRIDGE_REVIEW", "false")
    assert CliRunner().invoke(app, ["init", str(tmp_path / "county")]).exit_code == 0
    path = tmp_path / "county" / "bridge.toml"

    async def fill(service: Service) -> None:
        for number in range(3):
            now = datetime.now(UTC)
            body = {"external_id": f"ZZ-{number}", "content": CONTENT, "received_at": now.isoformat()}
            await service.accept_ticket("hotline", ticket_draft(body, b"", now), None)

    with_service(path, fill)
    return path


def test_one_look_counts_what_is_there(config: Path) -> None:
    line = ["top", "--once", "--config", str(config)]
    seen = json.loads(CliRunner().invoke(app, [*line, "--json"]).stdout)
    assert seen["cases"]["handling"] == 3
    assert seen["processes"] == []
    assert {each["kind"] for each in seen["due"]} >= {"sign", "reply"}
    assert [each["due_at"] for each in seen["due"]] == sorted(each["due_at"] for each in seen["due"])
    shown = CliRunner().invoke(app, line).stdout
    assert "没有进程在运行" in shown
    assert "签收" in shown


def test_rates_are_what_changed_between_two_looks(config: Path) -> None:
    async def twice(store: Store) -> dict[str, Any]:
        now = datetime.now(UTC)
        before = await store.read(lambda tx: top_view.look(tx, store, now - timedelta(seconds=30)))
        earlier = top_view.Sight(before.at, {}, {}, 0, [], [], 0.0)
        return top_view.rates(earlier, await store.read(lambda tx: top_view.look(tx, store, now)))

    assert with_store(config, twice) == {"registered_per_minute": 6.0, "delivered_per_minute": 0.0}


def test_it_draws_on_a_terminal_until_interrupted(config: Path) -> None:
    control, terminal = pty.openpty()
    line = [*INTERRUPTIBLE, sys.executable, "-m", "bridge", "top", "--every", "0.2", "--config", str(config)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    watching = subprocess.Popen(line, stdout=terminal, stderr=subprocess.PIPE, env=environment)
    os.close(terminal)
    seen = b""
    while "每分钟登记 0.0 件".encode() not in seen:
        seen += os.read(control, 65_536)
    watching.send_signal(signal.SIGINT)
    while _more(control):
        pass
    _, errors = watching.communicate(timeout=PATIENCE_SECONDS)
    assert watching.returncode == 130
    assert b"Traceback" not in errors


def _more(control: int) -> bytes:
    """Read what the terminal still shows; a terminal nobody writes to any more is an error on Linux."""
    try:
        return os.read(control, 65_536)
    except OSError:
        return b""


@pytest.mark.parametrize(("words", "expected"), [("bridge out", "outbox"), ("bridge outbox re", "retry")])
def test_the_shell_completes_our_commands(words: str, expected: str) -> None:
    asked = {"_BRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    line = [sys.executable, "-c", "import sys; sys.argv[0] = 'bridge'; from bridge.cli import main; main()"]
    done = subprocess.run(
        line, env=os.environ | asked | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert expected in done.stdout.split()
