"""Stories as data, and the order in which their steps are taken.

Owns: reading a file of stories, one JSON object a line, and turning each into steps in order of time.
Must not: make requests or judge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from bridge.demo.story import CHINA

Json = dict[str, Any]

SHIPPED = Path(__file__).parents[1] / "stories" / "scenarios.jsonl"
REMINDED_AT = time(9)
"""Who acts at 09:00 sharp acts before the reminders of 09:00; the player takes such a step a second earlier."""
FILLED_AT = time(17)
"""When a unit asks for more time, where a story tells only of the push that follows."""


@dataclass(frozen=True, slots=True)
class Story:
    """One line of the file."""

    data: Json

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def expected(self) -> Json:
        expected: Json = self.data["expected"]
        return expected

    def told(self, *types: str) -> list[Json]:
        """The mechanism's events of these types."""
        return [event for event in self.data["mechanism_events"] if event["type"] in types]

    def does(self, unit: str, *types: str) -> list[Json]:
        """What a unit does of these types."""
        return [each for each in self.data["unit_actions"] if each["unit"] == unit and each["type"] in types]

    @property
    def first_asked(self) -> Json:
        """Category, lead and units at the beginning; a story in which they change says both."""
        initial: Json = self.expected.get("initial") or self.expected
        return initial

    @property
    def addressee(self) -> str | None:
        """Whom the upstream itself names: the first to act, where that is not whom the rules ask."""
        dispatched = self.told("dispatched")
        if dispatched:
            return str(dispatched[0]["to"])
        answers = [each for each in self.data["unit_actions"] if each["type"] in ("signed", "returned")]
        known = {self.first_asked["lead"], *self.expected.get("lead_alt", []), *self.first_asked["co_units"]}
        first = str(answers[0]["unit"]) if answers else None
        return None if first in known else first

    @property
    def is_signed_off(self) -> bool:
        """Whether somebody signs the reply off.

        It leaves on another day than the final opinion was given, or a change of category follows the lead's opinion.
        """
        final = [each for each in self.data["unit_actions"] if each["type"] == "consolidated"]
        sent = [event for event in self.told("reply_sent") if event.get("side") == "A"]
        later = bool(final and sent) and final[0]["at"][:10] != sent[0]["at"][:10]
        return later or bool(self.told("category_changed"))


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens in a story: who (``ticket``, ``unit``, ``mechanism``, ``upstream``) does what when."""

    at: datetime
    who: str
    story: Story
    body: Json

    @property
    def type(self) -> str:
        return str(self.body.get("type", self.who))


def read(path: Path) -> list[Story]:
    """Read a file of stories."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Story(json.loads(line)) for line in lines if line.strip()]


def steps(stories: Sequence[Story]) -> list[Step]:
    """Return every step of every story in order of time; of one moment in the order of the story's lists."""
    found = [step for story in stories for step in _of(story)]
    return sorted(found, key=lambda step: step.at)


def _of(story: Story) -> Iterator[Step]:
    for ticket in story.data["tickets"]:
        yield Step(_moment(ticket["received_at"]), "ticket", story, ticket)
    lists = (("upstream", "upstream_events"), ("unit", "unit_actions"), ("mechanism", "mechanism_events"))
    for who, name in lists:
        for event in story.data[name]:
            if event["type"] != "no_reply":
                yield Step(_moment(event["at"]), who, story, event)
    yield from _untold(story)


def _untold(story: Story) -> Iterator[Step]:
    """A push of an extension asked for needs somebody who asks."""
    asked = any(each["type"] == "extension_requested" for each in story.data["unit_actions"])
    for push in story.expected["upstream_push"]:
        if push["what"] == "ticket.extension_requested" and not asked:
            at = datetime.combine(datetime.fromisoformat(push["when"]), FILLED_AT, CHINA)
            reason = "、".join(push.get("must_contain", ["事项复杂"]))
            body = {"type": "extension_requested", "unit": None, "reason": reason}
            yield Step(at, "unit", story, body)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at - timedelta(seconds=1) if at.time() == REMINDED_AT else at
