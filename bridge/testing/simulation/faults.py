"""How bad a life is: every probability of a fault, drawn anew for each seed.

Owns: the numbers. Must not: inject anything; the parts of the simulation ask.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities per attempt, and rates of crashes; all zero when the storm is over."""

    refused: float = 0.0
    """A counterpart answers with an error before it took anything."""
    answer_lost: float = 0.0
    """A counterpart takes the message, and the caller sees a broken connection."""
    stalled: float = 0.0
    """No answer until the caller's patience ends; the message may still arrive later, or twice."""
    rate_limited: float = 0.0
    """A counterpart asks to come back later."""
    database_down: float = 0.0
    """A commit fails and nothing of it happened."""
    commit_unknown: float = 0.0
    """A commit happens, and the caller sees an error."""
    pushed_again: float = 0.0
    """A counterpart sends what was acknowledged once more."""
    crash_every_seconds: float = 0.0
    """Mean time between crashes of a replica; 0 for none."""
    gentle: float = 0.0
    """Share of the crashes that are a SIGTERM."""

    def ended(self) -> Faults:
        """Return the faults of a calm county: none."""
        return Faults(gentle=self.gentle)


def draw_faults(dice: random.Random) -> Faults:
    """Draw a mix; most lives know only some of the faults, so that each is also seen alone."""

    def some(most: float, likely: float = 0.6) -> float:
        return dice.uniform(0.02, most) if dice.random() < likely else 0.0

    faults = Faults(
        refused=some(0.3),
        answer_lost=some(0.3),
        stalled=some(0.15),
        rate_limited=some(0.1, 0.3),
        database_down=some(0.05, 0.3),
        commit_unknown=some(0.08, 0.4),
        pushed_again=some(0.4),
        gentle=dice.choice((0.0, 0.3)),
    )
    every = dice.uniform(1.0, 6.0) if dice.random() < 0.85 else 0.0  # noqa: PLR2004 - one life in seven has no crash
    return replace(faults, crash_every_seconds=every)
