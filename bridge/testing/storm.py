"""A storm over a county: the daemon is killed again and again at random moments while work comes in.

Owns: when to kill, how work is spread over the lives, and knowing when everything has calmed down.
Must not: judge what is left; that is the test's.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.ledger import Json
from bridge.testing.county import County
from bridge.testing.process import BridgeProcess

AFTER_READY_SECONDS = (0.05, 2.0)
AFTER_START_SECONDS = (0.1, 1.0)
CALM_SECONDS = 400.0
"""How long a storm may take to calm down; as with any patience, far longer than it takes."""
KILLED_WHILE_STARTING = 0.15
"""Share of the lives that end before they were ready."""

UNSETTLED = ("ready", "leased", "uncertain", "parked")


@dataclass
class Storm:
    """Kills one of ``county``'s daemons ``kills`` times and feeds ``tickets`` in uneven portions meanwhile."""

    county: County
    dice: random.Random
    kills: int

    def rage(self, tickets: Sequence[Json]) -> None:
        """Feed, wait a random moment, kill -9, start again; the last lives are left running."""
        portions = self._portions(tickets)
        for life, portion in enumerate(portions[:-1]):
            self.county.hotline.load(portion)
            victim = self.dice.choice(self.county.bridges)
            self.live(life, victim)
            victim.kill()
            victim.start()
        self.county.hotline.load(portions[-1])
        for bridge in self.county.bridges:
            bridge.wait_ready()

    def calm(self, timeout_seconds: float = CALM_SECONDS) -> None:
        """Wait until every ticket is answered, no message is under way and no unit owes anything."""
        wait_until(self.is_calm, timeout_seconds=timeout_seconds, what="the storm to calm down")

    def unsettled(self) -> dict[str, float] | None:
        """Return the outbox messages that are not settled, by labels; None while nobody counts them."""
        counts = self.county.outbox()
        return counts and {
            labels: value
            for labels, value in counts.items()
            if value and any(f'state="{state}"' in labels for state in UNSETTLED)
        }

    def live(self, _life: int, bridge: BridgeProcess) -> None:
        """Let one life of a daemon last for a random time."""
        if self.dice.random() < KILLED_WHILE_STARTING:
            time.sleep(self.dice.uniform(*AFTER_START_SECONDS))
            return
        bridge.wait_ready()
        time.sleep(self.dice.uniform(*AFTER_READY_SECONDS))

    def _portions(self, tickets: Sequence[Json]) -> list[list[Json]]:
        """Cut the tickets into one portion for each life, at random places."""
        cuts = [0, *sorted(self.dice.randrange(len(tickets) + 1) for _ in range(self.kills)), len(tickets)]
        return [list(tickets[low:high]) for low, high in itertools.pairwise(cuts)]

    def is_calm(self) -> bool:
        """Look once; the cheap questions first."""
        if self.county.hotline.state()["unanswered"]:
            return False
        if any(desk.state()["busy"] or desk.state()["owing"] for desk in self.county.desks):
            return False
        return self.unsettled() == {}
