"""Moves the daemon's business clock through its private socket.

Owns: the line protocol ``{"advance_to": INSTANT}`` → ``{"now": INSTANT}``. Must not: touch the wall clock.
"""

from __future__ import annotations

import json
import socket
from datetime import datetime
from pathlib import Path

TIMEOUT_SECONDS = 60.0


class ClockRefused(Exception):
    """The daemon did not move its clock."""


class BusinessClock:
    """The far end of ``BRIDGE_CLOCK_SOCKET``; answers once everything due by then has been swept."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def advance_to(self, instant: datetime) -> datetime:
        """Move the clock forward to ``instant`` and return its time; never moves back."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(str(self._path))
            connection.sendall(json.dumps({"advance_to": instant.isoformat()}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline() or b"{}")
        if "now" not in answer:
            raise ClockRefused(str(answer))
        return datetime.fromisoformat(answer["now"])
