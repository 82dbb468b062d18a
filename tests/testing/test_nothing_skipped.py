"""A test that lacks something is skipped on a developer's machine and an error in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LACKING = """\
import pytest

@pytest.fixture
def tool():
    pytest.skip("no anvil on this machine")

def test_by_fixture(tool): ...

@pytest.mark.skipif(True, reason="no hammer on this machine")
def test_by_mark(): ...
"""


@pytest.mark.parametrize(("ci", "status", "told"), [("", 0, "2 skipped"), ("true", 1, "2 errors")])
def test_a_skip_is_an_error_in_ci(tmp_path: Path, ci: str, status: int, told: str) -> None:
    file = tmp_path / "test_lacking.py"
    file.write_text(LACKING)
    options = ("-p", "tests.nothing_skipped", "-p", "no:cacheprovider", "-ra")
    line = [sys.executable, "-m", "pytest", *options, str(file)]
    environment = os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stdout) == (status, True), done.stdout
    assert "no anvil on this machine" in done.stdout
    assert "no hammer on this machine" in done.stdout
