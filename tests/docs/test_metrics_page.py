"""The reference of metrics is what the program writes."""

from __future__ import annotations

from pathlib import Path

from bridge.cli.metrics import page

PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"


def test_the_page_is_what_the_command_prints() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
