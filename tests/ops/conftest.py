"""Debian's Prometheus tools; without them an error in CI, else a skip."""

from __future__ import annotations

import os

import pytest

from bridge.testing import debian_prometheus


@pytest.fixture(scope="session")
def tools() -> None:
    if lacking := debian_prometheus.missing():
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
