"""The program reads and writes Chinese wherever it is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import PATIENCE_SECONDS


def run(folder: Path, *words: str, **setting: str) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "bridge", *words]
    patience = 3 * PATIENCE_SECONDS
    return subprocess.run(
        line, cwd=folder, env=os.environ | setting, capture_output=True, check=False, timeout=patience
    )


def test_a_locale_without_chinese(tmp_path: Path) -> None:
    done = run(tmp_path, "init", "泽州 县", LC_ALL="POSIX", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "泽州 县/bridge.toml" in done.stdout.decode()
    assert done.stderr.decode().endswith("bridge serve --config '泽州 县/bridge.toml'\n")
    assert (tmp_path / "泽州 县/bridge.toml").is_file()


@pytest.mark.parametrize(
    ("encoding", "read_as", "word", "shown"),
    [("latin-1", "utf-8", "社保", "社保"), ("gbk", "gbk", "社保", "社保"), ("gbk", "gbk", "𠮷", r"\U00020bb7")],
)
def test_a_terminal_without_the_character(tmp_path: Path, encoding: str, read_as: str, word: str, shown: str) -> None:
    done = run(tmp_path, word, PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert done.stderr.decode(read_as).startswith(f"没有命令“{shown}”")
