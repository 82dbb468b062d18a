"""Debian's Prometheus tools; without them a skip."""

from __future__ import annotations

import pytest

from bridge.testing import debian_prometheus


@pytest.fixture(scope="session")
def tools() -> None:
    if lacking := debian_prometheus.missing():
        pytest.skip(lacking)
