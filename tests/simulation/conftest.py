"""What every simulated life shares: the compiled rules and an empty database to copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.core.policy import Rules
from bridge.rules.load import load_rules
from bridge.testing.simulation import Verdict, simulate
from bridge.testing.simulation.ledger import make_template

Simulate = Callable[[int], Verdict]


@pytest.fixture(scope="session")
def shipped_rules() -> Rules:
    return load_rules(Path(__file__).parents[2] / "routing_rules.yaml").with_review(False)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("simulation"))


@pytest.fixture
def live(shipped_rules: Rules, template: Path, tmp_path: Path) -> Simulate:
    return lambda seed: simulate(seed, shipped_rules, template, tmp_path)
