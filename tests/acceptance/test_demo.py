"""The demo plays every story to the end that it announces, and leaves nothing behind when it is interrupted."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.demo.stories import STORIES
from bridge.testing.counterparts.control import PATIENCE_SECONDS, wait_until
from bridge.testing.debian_prometheus import Prometheus, missing
from bridge.testing.process import free_port
from bridge.testing.storm import CALM_SECONDS
from tests.interruptible import INTERRUPTIBLE
from tests.ops.watching import EMPTY_WHEN_HEALTHY, shown

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


def test_it_can_be_watched_and_ctrl_c_ends_every_process_and_removes_the_folder(
    tmp_path: Path, prometheus: Prometheus
) -> None:
    port = free_port()
    with demo(tmp_path, "--port", str(port)) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if "接上 Prometheus" in line)
        config = re.findall(r"--config.file=(\S+)", told)
        prometheus.configure(Path(*config).read_text(encoding="utf-8"))
        prometheus.start()
        wait_until(lambda: without_data(prometheus) == [], timeout_seconds=CALM_SECONDS, what="data in every panel")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == INTERRUPTED
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def without_data(prometheus: Prometheus) -> list[str]:
    """Return the dashboards' queries that find nothing, but for those a demo has no data for."""
    asked = {query.expr for query in shown() if not any(name in query.expr for name in EMPTY_WHEN_HEALTHY)}
    return [expr for expr in sorted(asked) if not prometheus.query(expr)]


@pytest.fixture
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    if lacking := missing():
        pytest.skip(lacking)
    server = Prometheus(tmp_path_factory.mktemp("watcher"))
    yield server
    server.stop()


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run the demo with its site under ``folder``."""
    command = [*INTERRUPTIBLE, sys.executable, "-m", "bridge", "demo", *options]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()
