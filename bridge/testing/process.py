"""The real daemon as a process of its own, for tests and the demo: start, kill -9, restart, ask.

Owns: a folder with ``bridge.toml`` and secrets, and the life of one ``bridge serve`` on it. Must not:
import the daemon; everything goes through its commands and its HTTP interface.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bridge.testing.counterparts.control import PATIENCE_SECONDS, ROOT, wait_until, write_private
from bridge.testing.counterparts.ledger import Json
from bridge.testing.counterparts.webhooks import new_secret

_COUNTED = "\nticketbridge_outbox_oldest_due_age_seconds "
"""Stands among the metrics whenever the ledger's gauges do, even with an empty outbox."""
_OUTBOX = re.compile(r"^ticketbridge_outbox_messages\{([^}]*)\} ([0-9.e+]+)$", re.MULTILINE)

_PORTS = range(10_240, 32_768)
_TURNS = itertools.count(os.getpid() * 131)
"""131 ports between two processes that follow each other; more than one test run asks for."""

UNITS = ("tax", "hrss", "medical", "justice", "court", "finance", "petition", "office", "leading_office")
"""The eight units of the mechanism and 领导小组办公室."""
ROLES = ("web", "worker", "clock", "feeds")


def free_port() -> int:
    """Return a loopback port that nobody uses and nobody is likely to use until it is bound.

    It lies below those the system gives out by itself, and each process goes through them from a place of its own.
    """
    for _ in range(len(_PORTS)):
        port = _PORTS[next(_TURNS) % len(_PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port on loopback")


@dataclass(frozen=True)
class Folders:
    """Who exchanges files with the daemon: units without a system, and 信访 if there is that feed."""

    units: tuple[str, ...] = ()
    petition: bool = False


@dataclass(frozen=True)
class Site:
    """A folder that ``bridge serve`` can run in: its port, the shared secrets, its configuration file."""

    directory: Path
    port: int
    secrets: Mapping[str, str] = field(default_factory=lambda: {name: new_secret() for name in ("hotline", *UNITS)})
    rules: Path = ROOT / "routing_rules.yaml"
    folders: Folders = field(default_factory=Folders)
    honour_upstream_unit: bool = False
    """Whether the hotline's own addressee is asked first."""
    database_url: str = "sqlite+aiosqlite:///data/bridge.db"
    region_code: str = "140525"
    key_file: str = "data/keys.json"
    public_url: str | None = None
    """Where units are told to answer; without it the process itself."""
    roles: str = ",".join(ROLES)
    """What the process does; ``/readyz`` is asked only of one that serves the web."""

    @property
    def url(self) -> str:
        """Where the daemon will listen."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        """The path of ``bridge.toml``."""
        return self.directory / "bridge.toml"

    @property
    def database(self) -> Path:
        """The path of the SQLite file."""
        return self.directory / "data" / "bridge.db"

    def folder(self, unit: str) -> Path:
        """The exchange folder of a unit without a system."""
        return self.directory / "exchange" / unit

    @property
    def petition_folder(self) -> Path:
        """The exchange folder of 信访."""
        return self.directory / "exchange" / "xinfang"

    def write(self, push_url: str, unit_urls: Mapping[str, str]) -> None:
        """Write ``bridge.toml`` and a private file for each secret."""
        folder = self.directory / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, secret in self.secrets.items():
            write_private(folder / name, secret + "\n")
        urls = {unit: url for unit, url in unit_urls.items() if unit not in self.folders.units}
        channels = "".join(_channel(unit, url) for unit, url in urls.items())
        channels += "".join(_DROP.format(unit=unit, path=self.folder(unit)) for unit in self.folders.units)
        honour = "true" if self.honour_upstream_unit else "false"
        feeds = _HEAD.format(site=self, push_url=push_url, honour=honour, public_url=self.public_url or self.url)
        feeds += _PETITION.format(path=self.petition_folder) if self.folders.petition else ""
        self.config.write_text(feeds + channels, encoding="utf-8")


_HEAD = """\
region_code = "{site.region_code}"
listen = "127.0.0.1:{site.port}"
public_url = "{public_url}"
database_url = "{site.database_url}"
rules = "{site.rules}"

[encryption]
key_file = "{site.key_file}"

[feeds.hotline]
adapter = "hotline_12345"
secret_file = "secrets/hotline"
push_url = "{push_url}"
honour_upstream_unit = {honour}
"""

_PETITION = """
[feeds.petition]
adapter = "xinfang"
dir = "{path}"
secret_file = "secrets/hotline"
"""

_DROP = """
[channels.{unit}]
adapter = "file_drop"
dir = "{path}"
"""


def _channel(unit: str, url: str) -> str:
    """Return the table of one unit's channel."""
    return f'\n[channels.{unit}]\nadapter = "http_json"\nurl = "{url}"\nsecret_file = "secrets/{unit}"\n'


@dataclass(frozen=True)
class Response:
    """One HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Json:
        """The JSON object of the answer."""
        body: Json = json.loads(self.raw)
        return body


class BridgeProcess:
    """One daemon on one site; may live several times, one life after the other."""

    def __init__(self, site: Site, environment: Mapping[str, str] | None = None) -> None:
        self.site = site
        self.lives = 0
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    @property
    def serves_web(self) -> bool:
        """Whether the process answers HTTP at all."""
        return "web" in self.site.roles.split(",")

    @property
    def log(self) -> Path:
        """Where all lives write their logs."""
        return self.site.directory / "bridge.log"

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start a life and return at once; ``environment`` is added for this life and those after it."""
        self._environment |= environment or {}
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                self._command("serve", "--roles", self.site.roles),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.site.directory,
                env=self._environment,
                start_new_session=True,
            )
        self.lives += 1

    def wait_ready(self) -> None:
        """Wait until ``/readyz`` says yes, or the log does where there is no web.

        Raises:
            RuntimeError: if the process ended instead, with the tail of its log.
        """
        wait_until(self._is_ready, what="/readyz")

    @property
    def pid(self) -> int:
        """The process of this life. Raises RuntimeError before the first."""
        if self._process is None:
            raise RuntimeError("not started yet")
        return self._process.pid

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the life with SIGKILL: no handler runs, nothing is flushed."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """Ask for an orderly end with SIGTERM; return the exit status."""
        return self._signal(signal.SIGTERM)

    def cpu_seconds(self) -> float:
        """Return the processor time of this life so far, of the system and the program together."""
        pid = self._process.pid if self._process is not None else 0
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Make one request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.site.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, token: str) -> Json:
        """Read as an operator.

        Raises:
            RuntimeError: if the answer is not 200.
        """
        answer = self.ask("GET", path, headers={"authorization": f"Bearer {token}"})
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.raw.decode(errors='replace')[:500]}")
        return answer.body

    def post(self, path: str, token: str, body: Json) -> Response:
        """Act as an operator."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return self.ask("POST", path, json.dumps(body).encode(), headers)

    def outbox(self) -> dict[str, float] | None:
        """Return how many messages the outbox holds, by the labels of the metric; None while nobody counts them.

        The clock leader counts; after a kill the next life leads only when its predecessor's lease has ended.
        """
        text = self.ask("GET", "/metrics").raw.decode()
        if _COUNTED not in text:
            return None
        return {labels: float(value) for labels, value in _OUTBOX.findall(text)}

    def command(self, *arguments: str) -> str:
        """Run another ``bridge`` command on the same site and return what it printed.

        Raises:
            RuntimeError: if it did not exit with 0.
        """
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            self._command(*arguments),
            capture_output=True,
            check=False,
            cwd=self.site.directory,
            env=self._environment,
            timeout=PATIENCE_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"bridge {' '.join(arguments)}: {done.returncode} {done.stderr.decode()[-2000:]}")
        return done.stdout.decode()

    def add_token(self, name: str, role: str, unit: str | None = None) -> str:
        """Make an operator's token with ``bridge tokens add``."""
        options = ["--unit", unit] if unit else []
        return self.command("tokens", "add", name, "--role", role, *options).split()[-1]

    def tail(self, lines: int = 30) -> str:
        """Return the last lines of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _command(self, *arguments: str) -> list[str]:
        """Return the command line of the installed program on this site."""
        return [sys.executable, "-m", "bridge", *arguments, "--config", str(self.site.config)]

    def _signal(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(PATIENCE_SECONDS)

    def _is_ready(self) -> bool:
        """Ask ``/readyz`` once."""
        if not self.is_running():
            raise RuntimeError(f"bridge serve ended:\n{self.tail()}")
        if not self.serves_web:
            return b'"daemon.started"' in self.log.read_bytes()[self._log_from :]
        try:
            return self.ask("GET", "/readyz").status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
