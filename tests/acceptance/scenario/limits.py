"""Which clock a story means by the words it uses for a limit.

Owns: kind and units of each expected deadline. Must not: look at what came of the story.
"""

from __future__ import annotations

from bridge.core.vocabulary import LEADING_OFFICE, DeadlineKind
from tests.acceptance.scenario.script import Json, Story

NO_CLOCK = ("报领导小组办公室", "报办公室")
"""Limits for which the contract has no clock: whether and when to propose is the accepting unit's own judgement."""

_KINDS = (
    ("签收", DeadlineKind.SIGN),
    ("退单", DeadlineKind.RETURN),
    ("受理告知", DeadlineKind.ACCEPT_NOTICE),
    ("邀请", DeadlineKind.INVITE),
    ("意见", DeadlineKind.OPINION),
    ("复核", DeadlineKind.OPINION),
    ("初核", DeadlineKind.OPINION),
    ("综合", DeadlineKind.CONSOLIDATE),
    ("书面答复", DeadlineKind.CONSOLIDATE),
    ("审批", DeadlineKind.APPROVAL),
    ("会商", DeadlineKind.MEETING),
    ("异议", DeadlineKind.OBJECTION),
)
"""A word in the name of a limit and the kind it means; the first that fits. All other names mean the reply."""


def kind_of(told: Json) -> DeadlineKind | None:
    """Return the kind of clock a limit of a story is; None if the contract has none."""
    if told["item"] in NO_CLOCK:
        return None
    return next((kind for word, kind in _KINDS if word in told["item"]), DeadlineKind.REPLY)


def units_of(story: Story, told: Json) -> list[str | None]:
    """Return the units that have such a clock; None stands for any unit."""
    found: list[str | None] = []
    for unit in told["unit"]:
        if unit == "each":
            found.append(None)
        elif unit == "all":
            found += [*story.expected["co_units"], story.expected["lead"]]
        else:
            found.append(LEADING_OFFICE if unit == "leader" else unit)
    return found
