"""The reference of states is what the program writes from its own tables under the shipped rules."""

from __future__ import annotations

from pathlib import Path

from bridge.cli.states import page
from bridge.rules.load import load_rules

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/states.md"


def test_the_page_is_what_the_command_prints() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load_rules(ROOT / "routing_rules.yaml").policy)
