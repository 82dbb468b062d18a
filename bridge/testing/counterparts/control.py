"""Starts counterparts as processes and drives them, for tests and the demo.

Owns: the processes and the calls to their control interface; synchronous, usable from any thread.
Must not: interpret what was received.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel

from bridge.testing.counterparts.hotline import HotlineSettings
from bridge.testing.counterparts.ledger import Entry, Json
from bridge.testing.counterparts.temper import Temper
from bridge.testing.counterparts.unit import UnitsSettings

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 120.0
"""How long anything that must come is waited for: far longer than it takes, as the machine may be slow and busy.

Waiting costs nothing where it comes at once; a shorter limit only fails on such a machine.
"""
CALL_TIMEOUT_SECONDS = PATIENCE_SECONDS
STOP_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.05

_Seen = TypeVar("_Seen")


class ControlRefused(Exception):
    """The control interface answered with an error."""


class Remote:
    """A running counterpart; a context manager that ends its process."""

    def __init__(self, kind: str, settings: BaseModel, directory: Path, name: str) -> None:
        path = directory / f"{name}.json"
        write_private(path, settings.model_dump_json())
        self.name = name
        with (directory / f"{name}.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "bridge.testing.counterparts", kind, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
            )
        self._url: str | None = None
        self._local = threading.local()
        self._connections: list[HTTPConnection] = []

    @property
    def url(self) -> str:
        """The counterpart's address; waits for it to be announced."""
        if self._url is None:
            line = self._process.stdout.readline() if self._process.stdout else b""
            if not line:
                raise ControlRefused(f"{self.name} ended before it had started; see its log")
            self._url = str(json.loads(line)["url"])
        return self._url

    def __enter__(self) -> Self:
        """Wait until it serves."""
        _ = self.url
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.stop()

    def stop(self) -> None:
        """Close its standard input and wait for its end."""
        for connection in self._connections:
            connection.close()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def get(self, path: str, **query: object) -> Json:
        """Read from the control interface."""
        return self._call("GET", f"/control/{path}?{urllib.parse.urlencode(query)}", None)

    def post(self, path: str, payload: Mapping[str, object]) -> Json:
        """Give an order through the control interface."""
        return self._call("POST", f"/control/{path}", json.dumps(payload).encode())

    def state(self) -> Json:
        """Return the counterpart's state."""
        return self.get("state")

    def received(self, after: int = 0, wait_seconds: float = 0.0) -> list[Entry]:
        """Return the messages after number ``after``; wait for the first of them if asked to."""
        return [Entry(**entry) for entry in self.get("received", after=after, wait=wait_seconds)["entries"]]

    def behave(self, temper: Temper) -> None:
        """Change its temper."""
        self._call("POST", "/control/temper", temper.model_dump_json().encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Json:
        """Make one call; each thread has a connection of its own."""
        connection: HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=CALL_TIMEOUT_SECONDS)
            self._local.connection = connection
            self._connections.append(connection)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        except OSError:
            connection.close()
            raise
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise ControlRefused(f"{self.name} {path}: {response.status} {text.decode(errors='replace')[:300]}")
        answer: Json = json.loads(text)
        return answer


class RemoteHotline(Remote):
    """A hotline in a process of its own."""

    def __init__(self, settings: HotlineSettings, directory: Path) -> None:
        super().__init__("hotline", settings, directory, settings.feed)

    def send(self, to: str, body: Json, webhook_id: str | None = None) -> Json:
        """Send a ticket (``to="tickets"``) or an event and return ``{"status", "body", "attempts"}``."""
        return self.post("send", {"to": to, "body": body, "webhook_id": webhook_id})

    def load(self, tickets: list[Json]) -> None:
        """Queue tickets to be sent in the background."""
        self.post("load", {"tickets": tickets})

    def keep(self, tickets: list[Json]) -> None:
        """Give the hotline tickets that it never sends."""
        self.post("keep", {"tickets": tickets})

    def accepted(self) -> dict[str, Json]:
        """Return the 202 answers by external id."""
        return self.get("accepted")


class RemoteUnits(Remote):
    """One unit or several in a process of their own."""

    def __init__(self, settings: UnitsSettings, directory: Path, name: str) -> None:
        super().__init__("units", settings, directory, name)

    def send(self, unit: str, assignment_id: str, receipt: Json, **options: str) -> Json:
        """Send a receipt and return ``{"status", "body", "attempts"}``; options: ``webhook_id``, ``respond_url``."""
        return self.post("send", {"unit": unit, "assignment_id": assignment_id, "receipt": receipt, **options})

    def set_automatic(self, *, on: bool) -> None:
        """Let the units answer everything they owe by themselves, or stop them from it."""
        self.post("automatic", {"on": on})

    def parts(self) -> list[Json]:
        """Return every assignment as its unit knows it."""
        parts: list[Json] = self.get("parts")["parts"]
        return parts


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def wait_until(probe: Callable[[], _Seen], *, what: str, timeout_seconds: float = PATIENCE_SECONDS) -> _Seen:
    """Call ``probe`` until it returns something true; return that.

    Raises:
        TimeoutError: naming ``what`` was waited for.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {timeout_seconds:g} s for {what}")
        time.sleep(POLL_SECONDS)
