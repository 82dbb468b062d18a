"""The tutorial, typed word for word in a fresh copy of the repository, ends with a county that works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.testing.process import free_port
from tests.docs.walkthrough import missing, script, steps

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial/first-county.zh-CN.md"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
_CLEAN_UP = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\ntrap 'exit 124' TERM\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `git clone` gives, with this environment in the place of the one `make setup` would build."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if not (ROOT / name).exists():
            continue
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / "clone" / name)
    programs = tmp_path / "clone/.venv/bin"
    programs.mkdir(parents=True)
    for name, line in {"bridge": "-m bridge", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {line} "$@"\n')
        (programs / name).chmod(0o755)
    return tmp_path / "clone"


@pytest.mark.slow
def test_word_for_word(clone: Path) -> None:
    port = str(free_port())
    typed = script(PAGE, instead={"make setup\n": "", "127.0.0.1:8080": f"127.0.0.1:{port}"})
    typed = f"export BRIDGE_LISTEN=127.0.0.1:{port} PYTHONPATH={clone}\nset -m\n" + _CLEAN_UP + typed
    done = subprocess.run(
        ["timeout", "300", "bash", "-c", typed], cwd=clone, env=CLEAN, capture_output=True, text=True, check=False
    )
    log = clone / "county/serve.log"
    assert done.returncode == 0, done.stdout[-3000:] + (log.read_text()[-2000:] if log.exists() else "")
    assert missing(PAGE, done.stdout) == []


def test_it_has_steps_and_says_what_one_should_see() -> None:
    found = steps(PAGE)
    assert len(found) >= 15
    assert sum(len(step.expected) for step in found) >= 15
