"""Tickets beyond the stories: N at once, or one after the other until somebody stops the demo.

Owns: feeding made-up tickets to units that answer by themselves. Must not: know the stories.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from bridge.demo.player import Audience
from bridge.demo.world import World
from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.temper import Temper
from bridge.testing.tickets import Draft, tickets

BEAT_SECONDS = 1.0
THINKING_SECONDS = (0.2, 2.0)
ACCEPT_SECONDS = 120.0


class Crowd:
    """A source of made-up tickets in one world; equal seeds make equal tickets."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._drafts: Iterator[Draft] = tickets(random.Random(seed), "ZZ12345-R-", world.now)
        for desk in world.county.desks:
            desk.set_automatic(on=True)

    def all_at_once(self, count: int) -> dict[str, int]:
        """Feed ``count`` tickets, wait until nothing is under way, and count their cases by state."""
        bodies = [draft.body for draft in islice(self._drafts, count)]
        hotline = self._world.county.hotline
        known = len(hotline.accepted())
        hotline.load(bodies)
        wait_until(
            lambda: len(hotline.accepted()) == known + count, timeout_seconds=ACCEPT_SECONDS, what=f"{count} 张工单受理"
        )
        wait_until(self._is_quiet, timeout_seconds=ACCEPT_SECONDS, what="各单位答复完毕")
        return self._states(count)

    def for_ever(self, speed: float, audience: Audience) -> None:
        """Feed a ticket every second; the business clock runs ``speed`` times as fast as the wall's."""
        for desk in self._world.county.desks:
            desk.behave(Temper(delay_seconds=THINKING_SECONDS))
        while True:
            time.sleep(BEAT_SECONDS)
            now = self._world.now + timedelta(seconds=speed * BEAT_SECONDS)
            body = next(self._drafts).body | {"received_at": self._world.now.isoformat()}
            self._world.county.hotline.load([body])
            audience.fed(body["title"])
            notes = self._world.drift_to(now)
            audience.clock(self._world.now)
            for note in notes:
                audience.message(None, note)

    def _is_quiet(self) -> bool:
        """Tell whether neither the daemon nor a unit has anything left to do."""
        self._world.settle()
        return not any(desk.state()["busy"] or desk.state()["owing"] for desk in self._world.county.desks)

    def _states(self, count: int) -> dict[str, int]:
        """Count the states of the newest cases."""
        accepted = list(self._world.county.hotline.accepted().values())[-count:]
        states = [str(self._world.case(ids["case_id"])["state"]) for ids in accepted]
        return {state: states.count(state) for state in dict.fromkeys(states)}
