"""What the demo says about where to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.demo.lookout import places
from bridge.testing import debian_prometheus

URL = "http://127.0.0.1:18080"


def test_health_and_metrics_are_always_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = "\n".join(places(URL, tmp_path))
    for path in ("/healthz", "/readyz", "/metrics"):
        assert URL + path in told
    assert "没有 Prometheus" in told
    assert list(tmp_path.iterdir()) == []


def test_an_installed_prometheus_is_pointed_at_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "prometheus"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    told = places(URL, tmp_path)[-1]
    config = tmp_path / "prometheus.yml"
    assert str(config) in told
    assert "127.0.0.1:18080" in config.read_text(encoding="utf-8")


@pytest.mark.skipif(debian_prometheus.missing() is not None, reason=str(debian_prometheus.missing()))
def test_the_written_configuration_is_taken(tmp_path: Path) -> None:
    places(URL, tmp_path)
    done = debian_prometheus.run_tool("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stderr
    assert "2 rule files found" in done.stdout
