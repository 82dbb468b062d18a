"""Two hundred lives of the bridge in every run, five thousand in ``make soak``, each from its seed.

A life that goes wrong is printed with the command that repeats it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bridge.testing.simulation import Verdict

Simulate = Callable[[int], Verdict]

BLOCK = 10
SEEDS = 200
SOAK_SEEDS = 5_000


def failures(live: Simulate, seeds: Iterable[int]) -> str:
    return "\n".join(str(verdict) for seed in seeds if (verdict := live(seed)).violations)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, SEEDS + 1, BLOCK))
def test_every_life_ends_with_everything_done_once(live: Simulate, first: int) -> None:
    assert failures(live, range(first, first + BLOCK)) == ""


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SEEDS + 1, SEEDS + 1 + SOAK_SEEDS, 100))
def test_five_thousand_lives_end_well(live: Simulate, first: int) -> None:
    assert failures(live, range(first, first + 100)) == ""


@pytest.mark.parametrize("seed", [2, 13])
def test_a_seed_lives_the_same_life_every_time(live: Simulate, seed: int) -> None:
    once, again = live(seed), live(seed)
    assert once.trace == again.trace
    assert once.digest == again.digest
    assert len(once.trace) > 100


def test_different_seeds_live_different_lives(live: Simulate) -> None:
    assert live(2).digest != live(3).digest


def test_the_printed_command_repeats_a_life_in_another_process(live: Simulate) -> None:
    verdict = live(2)
    _, *arguments = verdict.command.split()
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert verdict.digest in done.stdout


def test_a_storm_is_a_storm(live: Simulate) -> None:
    lives = [live(seed).numbers for seed in range(1, 6)]
    assert sum(numbers["crashes"] for numbers in lives) > 10
    assert sum(numbers["sends"] for numbers in lives) > sum(numbers["effects"] for numbers in lives)
