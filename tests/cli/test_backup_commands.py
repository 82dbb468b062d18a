"""``bridge backup`` and ``bridge restore`` as the night's timer and the operator type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bridge.cli import app


def _run(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--config", str(folder / "county/bridge.toml")])


def test_the_nights_copies_and_the_day_they_are_needed(tmp_path: Path, monkeypatch: Any) -> None:
    nights, (county, ledger) = tmp_path / "nights", (tmp_path / "county", tmp_path / "county/data/bridge.db")
    assert CliRunner().invoke(app, ["init", str(county)]).exit_code == 0
    no_folder = _run(tmp_path, "backup", str(nights), "--keep", "2")
    assert (no_folder.exit_code, "--keep 要给文件夹" in no_folder.output) == (2, True)
    nights.mkdir()
    assert _run(tmp_path, "tokens", "list").exit_code == 0
    for name in ("bridge-20260101-020000.zip", "bridge-20260102-020000.zip", "bridge-notes.zip"):
        (nights / name).write_bytes(b"")
    made = json.loads(_run(tmp_path, "backup", str(nights), "--keep", "2", "--json").stdout)
    assert made["removed"] == ["bridge-20260101-020000.zip"]
    assert (nights / "bridge-notes.zip").exists()
    checked = _run(tmp_path, "restore", made["file"], "--check")
    assert (checked.exit_code, "可以恢复" in checked.stdout) == (0, True)
    assert "已有数据" in str(_run(tmp_path, "restore", made["file"]).exception)
    ledger.unlink()
    restored = _run(tmp_path, "restore", made["file"])
    assert (restored.exit_code, "已恢复" in restored.stdout) == (0, True)
    assert ledger.stat().st_mode & 0o777 == 0o600
    doctor = json.loads(_run(tmp_path, "doctor", "--offline", "--json").stdout)
    assert {each["check"]: each["verdict"] for each in doctor["findings"]}["database"] == "good"
