"""The demo plays every story to the end that it announces, and leaves nothing behind when it is interrupted."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.demo.stories import STORIES
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.testing.process import free_port
from bridge.testing.storm import CALM_SECONDS

pytestmark = [pytest.mark.acceptance]

INTERRUPTED = 130


def test_every_story_ends_as_it_says(tmp_path: Path) -> None:
    with demo(tmp_path, "--once", "--port", str(free_port())) as process:
        told, _ = process.communicate(timeout=CALM_SECONDS)
    assert process.returncode == 0, told
    assert f"{len(STORIES)}/{len(STORIES)} 个故事如期" in told
    assert "kill -9" in told
    assert "/metrics" in told
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_every_process_and_removes_the_folder(tmp_path: Path) -> None:
    port = free_port()
    with demo(tmp_path, "--port", str(port)) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "派单" in line)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == INTERRUPTED
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run the demo with its site under ``folder``."""
    command = [sys.executable, "-m", "bridge", "demo", *options]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()
