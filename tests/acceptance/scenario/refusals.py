"""What a story tells of that must be refused, read from its own fields.

Owns: the moments (``MM-DD HH:MM``) of illegal receipts. Must not: know a story's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.acceptance.scenario.script import Json, Story


def must_be_refused(story: Story) -> frozenset[str]:
    """Return when a unit of the story does what the contract forbids."""
    rules = (_out_of_order, _after_designation, _too_late, _said_before)
    return frozenset(
        f"{datetime.fromisoformat(each['at']):%m-%d %H:%M}"
        for each in story.data["unit_actions"]
        if any(rule(story, each) for rule in rules)
    )


def _out_of_order(story: Story, each: Json) -> bool:
    """An opinion of a later step while an earlier step is still to come."""
    mine = each.get("step", 0)
    return any(0 < other.get("step", 0) < mine and other["at"] > each["at"] for other in story.data["unit_actions"])


def _after_designation(story: Story, each: Json) -> bool:
    """A return by the unit that was designated: that is final."""
    designated = [told for told in story.told("designated") if told["at"] < each["at"] and told["to"] == each["unit"]]
    return each["type"] == "returned" and bool(designated)


def _too_late(story: Story, each: Json) -> bool:
    """More time asked for after the limit has run out."""
    if each["type"] != "extension_requested":
        return False
    limits = list(_limits(story, each["at"]))
    return bool(limits) and datetime.fromisoformat(each["at"]) > min(limits)


def _limits(story: Story, at: str) -> Iterator[datetime]:
    granted = [e for e in story.data["upstream_events"] if e["type"] == "extension_granted" and e["at"] <= at]
    if granted:
        yield datetime.fromisoformat(granted[-1]["until"])
        return
    for ticket in story.data["tickets"]:
        if ticket.get("respond_by"):
            yield datetime.fromisoformat(ticket["respond_by"])


def _said_before(story: Story, each: Json) -> bool:
    """The words of the last round once more, after a rework was asked for."""
    if each["type"] not in ("opinion", "consolidated"):
        return False
    reworks = [event["at"] for event in story.data["upstream_events"] if event["type"] == "rework"]
    same = [
        other["at"]
        for other in story.data["unit_actions"]
        if other is not each and other["unit"] == each["unit"] and other.get("text") == each["text"]
    ]
    return any(before < asked <= each["at"] for before in same for asked in reworks)
