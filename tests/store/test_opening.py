"""A database that is not there yet is waited for, and the log says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge import opening
from bridge.errors import Unavailable
from bridge.settings_file import load_settings
from bridge.testing.process import free_port


async def test_a_start_without_its_database_says_what_it_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "START_PATIENCE_SECONDS", 0.5)
    (tmp_path / "bridge.toml").write_text(f'database_url = "postgresql+asyncpg://u@127.0.0.1:{free_port()}/d"\n')
    settings = load_settings(tmp_path / "bridge.toml", {})
    with capture_logs() as logs, pytest.raises(Unavailable):
        await opening.open_store(settings)
    (told,) = [entry for entry in logs if entry["event"] == "database.waited_for"]
    assert told["log_level"] == "warning"
    assert "连接被拒绝" in told["why"]
