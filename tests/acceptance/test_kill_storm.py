"""Nothing is lost and nothing is doubled although the daemon is killed with -9 again and again.

2,000 tickets by the contract alone; 5 % of the counterparts' answers fail; at least 20 kills at random
moments. ``STORM_SEED`` repeats a storm, ``STORM_TICKETS`` makes a smaller or larger one.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bridge.testing.counterparts.ledger import Entry
from bridge.testing.counterparts.temper import Temper
from bridge.testing.county import County
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

COUNT = int(os.environ.get("STORM_TICKETS", "2000"))
KILLS = 22
ENDED = {"replied", "archived", "closed_consult", "returned_upstream"}


def test_every_ticket_survives_the_storm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("STORM_SEED") or random.randrange(10**6))
    dice = random.Random(seed)
    drafts = [draft.body for draft in islice(tickets(dice, "STORM", datetime.now(UTC)), COUNT)]
    temper = Temper(error_rate=0.05, duplicate_rate=0.02, delay_seconds=(0.0, 0.02), seed=seed)
    with County(tmp_path, environment={"BRIDGE_REVIEW": "false"}, temper=temper) as county:
        storm, began = Storm(county, dice, KILLS), time.monotonic()
        storm.rage(drafts)
        raged = time.monotonic()
        storm.calm()
        seconds = f"{raged - began:.0f}+{time.monotonic() - raged:.0f}"
        found = Findings(county)
        with capsys.disabled():
            print(f"\nstorm seed={seed} seconds={seconds} {found.summary()}")
        found.check([body["external_id"] for body in drafts])
        assert storm.unsettled() == {}
        assert county.bridge.lives > KILLS
        assert county.bridge.stop() == 0


class Findings:
    """What a county looks like after the storm, from outside only."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.accepted = county.hotline.accepted()
        self.pushes = county.hotline.received()
        self.messages = [entry for desk in county.desks for entry in desk.received()]
        self.cases = list(every_case(county))
        self.states = Counter(case["state"] for case in self.cases)

    def summary(self) -> str:
        hotline, units = self.county.hotline.state(), self.county.desks[0].state()
        return (
            f"lives={self.county.bridge.lives} tickets={len(self.accepted)} cases={dict(self.states)} "
            f"pushes={len(self.pushes)} messages={len(self.messages)} "
            f"lost={hotline['sent']['lost']}+{units['sent']['lost']} "
            f"faults={hotline['received']['faults']}+{units['received']['faults']} "
            f"repeated={hotline['received']['repeated']}+{units['received']['repeated']} "
            f"answers={hotline['sent']['by_status']}+{units['sent']['by_status']}"
        )

    def check(self, sent: list[str]) -> None:
        self.tickets_are_there_once(sent)
        self.replies_came_under_one_key()
        self.nobody_owes_anything()
        self.counterparts_saw_no_contradiction()

    def tickets_are_there_once(self, sent: list[str]) -> None:
        held = Counter(ticket["external_id"] for case in self.cases for ticket in case["tickets"])
        assert set(self.accepted) == set(sent)
        assert held == Counter(sent)

    def replies_came_under_one_key(self) -> None:
        keys = Counter(entry.body["external_id"] for entry in of_type(self.pushes, "ticket.replied"))
        returned = Counter(entry.body["external_id"] for entry in of_type(self.pushes, "ticket.returned"))
        owed = [case for case in self.cases if case["state"] != "returned_upstream"]
        assert keys == Counter(external_id(case) for case in owed)
        assert returned == Counter(external_id(case) for case in self.cases if case not in owed)
        assert len(owed) > len(self.cases) * 0.8

    def nobody_owes_anything(self) -> None:
        assert set(self.states) <= ENDED
        assert [part for case in self.cases for part in case["assignments"] if part["owed"]] == []
        dispatches = Counter(entry.body["assignment_id"] for entry in of_type(self.messages, "assignment.dispatched"))
        assert set(dispatches.values()) == {1}
        assert set(dispatches) == {part["id"] for case in self.cases for part in case["assignments"]}

    def counterparts_saw_no_contradiction(self) -> None:
        for counterpart in (self.county.hotline, *self.county.desks):
            state = counterpart.state()
            assert (state["received"]["forged"], state["received"]["conflicting"]) == (0, 0)
            assert state["sent"]["changed_answers"] == []
            assert set(state["sent"]["by_status"]) <= {"202", "409"}, state["refusals"]


def of_type(entries: list[Entry], kind: str) -> list[Entry]:
    return [entry for entry in entries if entry.body["type"] == kind]


def external_id(case: dict[str, Any]) -> str:
    return str(case["tickets"][0]["external_id"])


def every_case(county: County) -> Iterator[dict[str, Any]]:
    """Read every case, page by page."""
    token, after = county.bridge.add_token("storm", "auditor"), ""
    while True:
        page = county.bridge.get(f"/v1/cases?limit=200&after={after}", token)
        for case in page["cases"]:
            yield county.bridge.get(f"/v1/cases/{case['id']}", token)
        if not page["next"]:
            return
        after = page["next"]
