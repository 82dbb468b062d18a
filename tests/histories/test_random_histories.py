"""Random histories of the whole procedure keep every promise (hypothesis), some in every run, many in ``make soak``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from bridge.core.policy import Rules
from bridge.testing.simulation.ledger import make_template, open_database
from tests.histories import dice
from tests.histories.machine import Histories
from tests.histories.planted import PLANTS, Plant
from tests.pipeline.conftest import shipped_rules

__all__ = ["shipped_rules"]

QUICK = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None,
    derandomize=True, print_blob=True,
)  # fmt: skip
FINDING = settings(QUICK, max_examples=100, phases=[Phase.generate], report_multiple_bugs=False)
DEEP = settings(QUICK, max_examples=5_000, stateful_step_count=80, derandomize=False)
FEW = 20
"""So many histories by dice are played in every run."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty, migrated database; every history is rolled back."""
    opened = open_database(make_template(tmp_path_factory.mktemp("histories")))
    yield opened
    opened.dispose()


@pytest.fixture
def machine(engine: Engine, shipped_rules: Rules) -> type[Histories]:
    return type("RandomHistories", (Histories,), {"engine": engine, "shipped": shipped_rules})


@pytest.mark.slow
def test_no_history_breaks_a_promise(machine: type[Histories]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(machine: type[Histories], monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(machine, settings=FINDING)


@pytest.mark.slow
def test_no_throw_of_the_dice_breaks_a_promise(machine: type[Histories]) -> None:
    for seed in range(FEW):
        dice.play(machine, seed, steps=70)


@pytest.mark.soak
def test_three_thousand_throws_of_the_dice_break_no_promise(machine: type[Histories]) -> None:
    for seed in range(FEW, 3_000):
        dice.play(machine, seed, steps=90)


@pytest.mark.soak
def test_five_thousand_long_histories_break_no_promise(machine: type[Histories]) -> None:
    run_state_machine_as_test(machine, settings=DEEP)
