"""Plain dice in hypothesis's place: many long histories with no shrinking, each told by its seed.

Owns: drawing, and how often each rule is tried. Must not: know a rule. Hypothesis likes short and simple histories and
says best what went wrong in one; dice go further into the rare corners for the same time.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis.strategies import SearchStrategy

from tests.histories.machine import HOURS, Histories

WEIGHTS = {
    "a_ticket_comes": 2.0, "a_ticket_comes_again": 0.7, "a_unit_speaks": 5.0, "a_unit_speaks_out_of_turn": 0.7,
    "a_person_acts": 5.0, "two_cases_become_one": 1.2, "a_merge_is_undone": 1.2, "an_upstream_speaks": 2.0,
    "everything_arrives": 0.7, "time_passes": 1.2, "everybody_does_their_duty": 3.0,
}  # fmt: skip
MOODS = (0.3, 1.0, 1.0, 2.5)
"""How much more or less than usual a rule is tried in one history."""


class Dice:
    """Draws like ``st.data()``, from the few strategies that the histories use."""

    def __init__(self, seed: int) -> None:
        """Start from a seed."""
        self.dice = random.Random(seed)

    def draw(self, strategy: SearchStrategy[Any], label: str | None = None) -> Any:
        """Draw a value; ``label`` is for hypothesis."""
        del label
        inner: Any = getattr(strategy, "wrapped_strategy", strategy)
        if hasattr(inner, "elements"):
            return self.dice.choice(list(inner.elements))
        return self.dice.randint(inner.start, inner.end) if hasattr(inner, "start") else self.dice.random() < 0.5


def play(machine: type[Histories], seed: int, steps: int) -> None:
    """Play one history to its end; whatever breaks a promise is raised, with the seed noted on it."""
    data = Dice(seed)
    history = object.__new__(machine)
    history.open()
    moods = {name: weight * data.dice.choice(MOODS) for name, weight in WEIGHTS.items()}
    try:
        for _ in range(steps):
            _step(history, data, moods)
        history.finish()
    except Exception as error:
        error.add_note(f"seed {seed}, {steps} steps")
        raise
    finally:
        history.close()


def _step(history: Histories, data: Dice, moods: dict[str, float]) -> None:
    names = [name for name in moods if _is_possible(history, name)]
    (name,) = data.dice.choices(names, [moods[each] for each in names])
    extra = {"changed": data.dice.random() < 0.5} if name == "a_ticket_comes_again" else {}
    if name == "time_passes":
        history.time_passes(hours=data.dice.choice(HOURS))
    elif name == "everything_arrives":
        history.everything_arrives()
    else:
        getattr(history, name)(data=data, **extra)
    history.every_ticket_is_in_one_case()


def _is_possible(history: Histories, name: str) -> bool:
    """Tell whether a rule's precondition holds, as the machine states it."""
    if name == "a_ticket_comes":
        return len(history.sent) < 3
    if name == "a_merge_is_undone":
        return any(file.case.merged_into for file in history.county.files())
    return len(history.sent) > (1 if name == "two_cases_become_one" else 0)
