"""The simulation is worth its name only if it finds the mistakes we fear."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.testing.simulation import Verdict
from tests.simulation.planted import PLANTS, Plant

WITHIN_SEEDS = 60


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(live: Callable[[int], Verdict], monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    plant(monkeypatch)
    found = next((verdict for seed in range(1, WITHIN_SEEDS + 1) if (verdict := live(seed)).violations), None)
    assert found is not None, f"{plant.__name__} went unnoticed in {WITHIN_SEEDS} lives"
