"""A story as data: who does what when, and what must have come of it.

Owns: the steps of a story and its expected outcome, as frozen values. Must not: play them.

Times are ``"MM-DD HH:MM"`` of the demo's year at +08:00. Bodies have the contract's shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from bridge.testing.counterparts.ledger import Json

CHINA = timezone(timedelta(hours=8))
YEAR = 2026


def instant(text: str) -> datetime:
    """Read ``"MM-DD HH:MM"``."""
    return datetime.strptime(f"{YEAR}-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def iso(text: str) -> str:
    """Render ``"MM-DD HH:MM"`` as ISO 8601."""
    return instant(text).isoformat()


@dataclass(frozen=True, slots=True)
class Ticket:
    """The hotline forwards a ticket; external id and time of receipt are filled in by the player."""

    at: str
    body: Json


@dataclass(frozen=True, slots=True)
class Letters:
    """信访 hands in a table: the story's letter by label (its number is filled in by the player), then rows in error.

    ``refused`` are words that the file about refused rows must hold.
    """

    at: str
    body: Mapping[str, str]
    bad: tuple[Mapping[str, str], ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """A citizen comes to a unit's counter and a clerk registers the matter there."""

    at: str
    unit: str
    body: Json


@dataclass(frozen=True, slots=True)
class Event:
    """The hotline sends an event about the story's ticket."""

    at: str
    body: Json


@dataclass(frozen=True, slots=True)
class Receipt:
    """A unit answers; ``unasked`` ones come from a unit that nobody has sent anything yet."""

    at: str
    unit: str
    body: Json
    expect: int = 202
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A person acts through the operators' interface, as ``operator``, ``office`` or the clerk ``clerk:UNIT``."""

    at: str
    who: str
    body: Json


@dataclass(frozen=True, slots=True)
class Merge:
    """A person merges the case of the story's second ticket into its first, which must have been suggested."""

    at: str
    who: str
    reason: str


Step = Ticket | Letters | Visit | Event | Receipt | Act | Merge


@dataclass(frozen=True, slots=True)
class Push:
    """One push the upstream must get; ``holds`` are words its text must contain, ``file`` is its name in a folder."""

    type: str
    holds: tuple[str, ...] = ()
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What must be true when the curtain falls.

    ``due`` maps ``unit.kind`` (``hrss.opinion_by``) to the date promised in the dispatch; ``reminders`` and
    ``escalations`` are ``"MM-DD unit"``, in any order. ``secret`` are words that no unit may be told.
    """

    state: str
    pushes: tuple[Push, ...] = ()
    category: str | None = None
    lead: str | None = None
    co_units: tuple[str, ...] = ()
    procedure: str | None = None
    accepting_unit: str | None = None
    due: Mapping[str, str] = field(default_factory=dict)
    reminders: tuple[str, ...] = ()
    escalations: tuple[str, ...] = ()
    withdrawn_from: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One story: its number, its name, one sentence, its steps in order of time, its outcome."""

    id: str
    name: str
    about: str
    steps: tuple[Step, ...]
    outcome: Outcome


def signed(at: str, unit: str) -> Receipt:
    """A unit signs (签收)."""
    return Receipt(at, unit, {"type": "signed", "signed_by": "经办人"})


def opinion(at: str, unit: str, text: str, **more: object) -> Receipt:
    """A unit gives its written opinion."""
    return Receipt(at, unit, _words("opinion", text, more))


def consolidated(at: str, unit: str, text: str, **more: object) -> Receipt:
    """A unit gives the consolidated opinion (总处理意见)."""
    return Receipt(at, unit, _words("consolidated", text, more))


def told(at: str, unit: str, who: str = "payer", channel: str = "书面+电话") -> Receipt:
    """A unit records that a side of the dispute was told."""
    return Receipt(at, unit, {"type": "told", "who": who, "channel": channel, "by": "经办人"})


def _words(kind: str, text: str, more: Mapping[str, object]) -> Json:
    """Return the body of an opinion."""
    return {"type": kind, "text": text, "conclusion": "substantiated", "signed_by": "经办人", **more}


def citizen(name: str, phone: str, role: str = "employee") -> Json:
    """A petitioner; every name and number is fictional."""
    return {"name": name, "phone": phone, "role": role}
