"""The tutorial, typed word for word in a fresh clone, ends with a county that works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from bridge.testing.process import free_port
from bridge.testing.storm import CALM_SECONDS
from tests.docs.walkthrough import missing, script, steps

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial/first-county.zh-CN.md"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
_CLEAN_UP = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\ntrap 'exit 124' TERM\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the repository, with what is not committed yet.

    Its ``.venv`` starts with this environment's packages, so that ``make setup`` checks them against the lock and
    installs the clone itself instead of fetching everything once more.
    """
    target = tmp_path / "clone"
    run = partial(subprocess.run, cwd=ROOT, check=True, capture_output=True, text=True)
    run(["git", "clone", "--quiet", str(ROOT), str(target)])
    listed = run(["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"]).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    if subprocess.run(["cp", "-al", sys.prefix, target / ".venv"], check=False, capture_output=True).returncode:
        shutil.rmtree(target / ".venv", ignore_errors=True)
        run(["cp", "-a", sys.prefix, str(target / ".venv")])
    (target / ".venv/.stamp").unlink(missing_ok=True)
    (target / ".venv/bin/bridge").unlink()
    return target


@pytest.mark.slow
def test_word_for_word(clone: Path) -> None:
    port = str(free_port())
    typed = script(PAGE, instead={"127.0.0.1:8080": f"127.0.0.1:{port}"})
    typed = f"export BRIDGE_LISTEN=127.0.0.1:{port}\nset -m\n" + _CLEAN_UP + typed
    done = subprocess.run(
        ["timeout", str(CALM_SECONDS), "bash", "-c", typed],
        cwd=clone,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    log = clone / "county/serve.log"
    assert done.returncode == 0, done.stdout[-3000:] + (log.read_text()[-2000:] if log.exists() else "")
    assert missing(PAGE, done.stdout) == []


def test_it_has_steps_and_says_what_one_should_see() -> None:
    found = steps(PAGE)
    assert len(found) >= 15
    assert sum(len(step.expected) for step in found) >= 15
