"""The demo's county: processes, tokens, the clock, and every message that went about.

Owns: starting and ending it, waiting until nothing is under way, stamping messages with business time.
Must not: know stories.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from bridge.demo.clock import BusinessClock
from bridge.demo.story import CHINA
from bridge.testing.counterparts.control import Remote
from bridge.testing.counterparts.ledger import Json
from bridge.testing.county import ONE_PROCESS_EACH, County
from bridge.testing.process import Folders, Site

SETTLE_SECONDS = 30.0
POLL_SECONDS = 0.01
FOLDER_UNITS = ("finance",)
"""Units without a system of their own: they share a folder with the daemon."""

PETITION = "xinfang"
"""The name of the 信访 feed among those who are told something; the unit 信访局 is ``petition``."""

_UNDER_WAY = ('state="ready"', 'state="leased"')


@dataclass(frozen=True, slots=True)
class Note:
    """One message that reached a counterpart, with the business time at which it did."""

    at: datetime
    to: str
    body: Json
    file: str | None = None
    """Its name, where it reached the upstream as a file."""

    @property
    def type(self) -> str:
        """The message's type."""
        return str(self.body.get("type"))


class World:
    """A context manager: inside it the county lives."""

    def __init__(
        self,
        opens_at: datetime,
        port: int,
        *,
        groups: Sequence[Sequence[str]] = ONE_PROCESS_EACH,
        environment: Mapping[str, str] | None = None,
        **site: Any,
    ) -> None:
        """Prepare a county whose business clock opens at an instant; ``site`` are fields of its ``Site``."""
        self.now = opens_at
        self._stack = contextlib.ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-demo-")))
        self.clock = BusinessClock(self.directory / "clock.sock")
        clock = {"BRIDGE_CLOCK_SOCKET": str(self.directory / "clock.sock"), **_clock_at(opens_at)}
        known = {"folders": Folders(FOLDER_UNITS, petition=True), **site}
        self.county = County(
            self.directory, environment={**clock, **(environment or {})}, groups=groups, automatic=False,
            site=Site(self.directory, port, **known),
        )  # fmt: skip
        self.heard: Counter[str] = Counter()
        """How many messages of each type have reached a counterpart."""
        self._read: dict[str, int] = {}
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Start every process."""
        try:
            self._stack.enter_context(self.county)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End every process and remove the folder."""
        self._stack.close()

    def token(self, who: str) -> str:
        """Return the token of a role (``operator``, ``office``, ``auditor``, ``clerk:UNIT``), made on first use."""
        if who not in self._tokens:
            role, _, unit = who.partition(":")
            self._tokens[who] = self.county.bridge.add_token(f"demo-{role}{unit}", role, unit or None)
        return self._tokens[who]

    def advance_to(self, instant: datetime) -> list[Note]:
        """Move the business clock, let everything due happen, and return what went about."""
        if instant > self.now:
            self.now = self.clock.advance_to(instant).astimezone(CHINA)
        return self.settle()

    def drift_to(self, instant: datetime) -> list[Note]:
        """Move the business clock without waiting for anything; return what has arrived."""
        self.now = self.clock.advance_to(instant).astimezone(CHINA)
        return self.hear()

    def crash(self) -> float:
        """Kill the daemon with -9, start it again at the same business time; return the seconds it took."""
        began = time.monotonic()
        self.county.bridge.kill()
        self.county.bridge.start(_clock_at(self.now))
        self.county.bridge.wait_ready()
        return time.monotonic() - began

    def settle(self) -> list[Note]:
        """Wait until no message is under way; return the new ones.

        Raises:
            TimeoutError: if messages are still under way after ``SETTLE_SECONDS``.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._under_way():
            if time.monotonic() > deadline:
                raise TimeoutError(f"仍有待发件未送达:\n{self.county.bridge.tail(10)}")
            time.sleep(POLL_SECONDS)
        return self.hear()

    def hear(self) -> list[Note]:
        """Return the messages that reached the counterparts since the last look."""
        notes = [note for remote in self._remotes() for note in self._hear(remote)] + self._find()
        self.heard.update(note.type for note in notes)
        return notes

    def case(self, case_id: str) -> Json:
        """Return a case as an auditor sees it."""
        return self.county.bridge.get(f"/v1/cases/{case_id}", self.token("auditor"))

    def cases_of(self, external_id: str) -> list[Json]:
        """Return the cases opened for an upstream's number."""
        found: list[Json] = self.county.bridge.get(f"/v1/cases?external_id={external_id}", self.token("auditor"))[
            "cases"
        ]
        return found

    def _remotes(self) -> Sequence[Remote]:
        """The counterparts, units first: a unit is told before the upstream is."""
        return [*self.county.desks, self.county.hotline]

    def _hear(self, remote: Remote) -> list[Note]:
        """Return one counterpart's new messages."""
        entries = remote.received(self._read.get(remote.name, 0))
        self._read[remote.name] = self._read.get(remote.name, 0) + len(entries)
        return [Note(self.now, entry.to, entry.body) for entry in entries]

    def _find(self) -> list[Note]:
        """Return the answers that are new in 信访's folder."""
        entries = self.county.petition.received(self._read.get(PETITION, 0))
        self._read[PETITION] = self._read.get(PETITION, 0) + len(entries)
        return [Note(self.now, PETITION, entry.body, file=entry.webhook_id) for entry in entries]

    def _under_way(self) -> bool:
        """Ask the metrics whether any message waits to be sent; while nobody counts them, one may."""
        counts = self.county.bridge.outbox()
        if counts is None:
            return True
        return any(value and any(state in labels for state in _UNDER_WAY) for labels, value in counts.items())


def _clock_at(instant: datetime) -> dict[str, str]:
    """Return the setting that starts the business clock at ``instant``."""
    return {"BRIDGE_CLOCK_START": instant.isoformat()}
