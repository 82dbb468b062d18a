"""In CI a skipped test is an error: what a test needs, the project's own scripts install (``.ci/run``).

Owns: the one hook that says so, which ``tests/conftest.py`` hands to pytest. A test that lacks something skips with
the reason, and knows nothing of CI.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into an error that tells its reason."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"skipped in CI, where nothing may be: {reason}"
    return report
