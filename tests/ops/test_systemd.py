"""The units load in systemd and keep the daemon in a small cage; looked at offline, nothing is started."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "ops/systemd"
PROGRAM = "/opt/ticket-bridge/.venv/bin/bridge"
EXPOSURE = "20"
"""Tenths of systemd's own measure (0 to 10); a plain service has 9.6."""


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units with this environment's program in the place of the installed one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("Debian's package systemd is not installed")
    program = str(Path(sysconfig.get_path("scripts")) / "bridge")
    for source in FOLDER.iterdir():
        text = source.read_text(encoding="utf-8")
        assert source.suffix == ".timer" or PROGRAM in text
        (tmp_path / source.name).write_text(text.replace(PROGRAM, program), encoding="utf-8")
    return sorted(tmp_path.iterdir())


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def test_the_units_load(units: list[Path]) -> None:
    done = analyze("verify", "--man=no", *units)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_cage_is_small(units: list[Path]) -> None:
    for unit in units:
        if unit.suffix == ".service":
            done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
            assert done.returncode == 0, done.stdout[-300:]


def test_a_refused_start_is_not_tried_again() -> None:
    text = (FOLDER / "ticket-bridge.service").read_text(encoding="utf-8")
    assert "RestartPreventExitStatus=2" in text
    assert "KillSignal=SIGTERM" in text


def test_the_daemon_may_read_what_its_own_metrics_are_made_of() -> None:
    """``process_*`` comes from ``/proc/stat``, which ``ProcSubset=pid`` hides."""
    assert "ProcSubset" not in (FOLDER / "ticket-bridge.service").read_text(encoding="utf-8")
