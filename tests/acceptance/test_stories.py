"""The county's stories, played day by day against the real daemon, end as they say.

``SCENARIOS=FILE`` plays another file of the same form. Two counties play side by side: in one the hotline's own
addressee is asked first. What does not hold yet is written down in ``OPEN`` and must be taken off when it holds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from bridge.demo.world import World
from bridge.testing.counterparts.control import ROOT
from bridge.testing.county import ONE_PROCESS
from bridge.testing.process import free_port
from tests.acceptance.scenario.judge import findings
from tests.acceptance.scenario.player import Player, Run
from tests.acceptance.scenario.script import SHIPPED, Story, read

pytestmark = [pytest.mark.acceptance]

STORIES = read(Path(os.environ.get("SCENARIOS", SHIPPED)))
OPEN: dict[str, str] = {}
"""Stories with an expectation that does not hold, and why."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Every story played to its last step."""
    played: dict[str, Run] = {}
    for honour, sign_off in product((False, True), repeat=2):
        chosen = [s for s in STORIES if (s.addressee is not None, s.is_signed_off) == (honour, sign_off)]
        if chosen:
            rules = tmp_path_factory.mktemp("rules") / "routing_rules.yaml"
            rules.write_text(_rules(sign_off=sign_off), encoding="utf-8")
            played |= _play(chosen, rules, honour_upstream_unit=honour)
    return played


def _rules(*, sign_off: bool) -> str:
    """The shipped rules, with the co-units asked when the lead invites them, and replies signed off or not."""
    text = (ROOT / "routing_rules.yaml").read_text(encoding="utf-8")
    changed = text.replace("  sign_off: false", f"  sign_off: {str(sign_off).lower()}")
    assert "  sign_off: " in changed
    return f"{changed}\njoint:\n  invite: by_lead\n"


def _play(stories: Sequence[Story], rules: Path, *, honour_upstream_unit: bool) -> dict[str, Run]:
    opens = min(datetime.fromisoformat(ticket["received_at"]) for story in stories for ticket in story.data["tickets"])
    world = World(
        opens - timedelta(hours=1), free_port(), groups=ONE_PROCESS, environment={"BRIDGE_REVIEW": "false"},
        rules=rules, honour_upstream_unit=honour_upstream_unit,
    )  # fmt: skip
    with world:
        return {run.story.id: run for run in Player(world, stories).play()}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_story_ends_as_it_says(runs: dict[str, Run], story: Story) -> None:
    found = findings(runs[story.id])
    if story.id in OPEN:
        assert found, f"{story.id} ends as it says now: take it off the list"
    else:
        assert not found, "\n".join(found)
