"""What the rules' tests share: the shipped rules, loaded once, and a small valid file to make mistakes in."""

from pathlib import Path

import pytest

from bridge.rules.compile import CompiledRules
from bridge.rules.load import load_rules

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "routing_rules.yaml"
BASE = Path(__file__).parent / "base.yaml"


@pytest.fixture(scope="session")
def shipped() -> CompiledRules:
    """The rules that ship."""
    return load_rules(SHIPPED)


@pytest.fixture(scope="session")
def base_text() -> str:
    """A small valid rules file."""
    return BASE.read_text(encoding="utf-8")
