"""Daemons for the benchmarks, and what the system says of them.

Owns: a site a database and a kind of work, orders to the crowd, CPU seconds and memory of a process.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bridge.crypto import Keyring
from bridge.testing.counterparts.control import ROOT, write_private
from bridge.testing.process import UNITS, BridgeProcess, Site, free_port
from tests.benchmarks.crowd import Measured, Order

TICKS = os.sysconf("SC_CLK_TCK")
DISPATCHING = {"BRIDGE_REVIEW": "false"}
"""Everything in scope goes out without a person."""


class Bench:
    """A daemon that only takes tickets, or one whose cases travel to their reply."""

    def __init__(self, folder: Path, database_url: str | None, *, travels: bool) -> None:
        folder.mkdir()
        self.folder = folder
        site = (
            Site(folder, free_port()) if database_url is None else Site(folder, free_port(), database_url=database_url)
        )
        self.port = free_port() if travels else None
        self.process = BridgeProcess(site, DISPATCHING)
        self._orders = 0
        here = f"http://127.0.0.1:{self.port}"
        site.write(f"{here}/pushes", {unit: f"{here}/{unit}" for unit in UNITS} if travels else {})
        push = f'push_url = "{here}/pushes"\n'
        text = site.config.read_text(encoding="utf-8")
        text = text.replace(push, f'{push}push = ["ticket.replied"]\n' if travels else "")
        site.config.write_text(text, encoding="utf-8")
        if database_url is not None:
            Keyring.create(folder / site.key_file)

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.process.start()
        self.process.wait_ready()

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return self.process.pid

    def cpu_seconds(self) -> float:
        """What the daemon has used of the processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def megabytes(self) -> float:
        """How much memory the daemon holds."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def order(
        self, count: int, concurrency: int, *, batch: bool = False, url: str | None = None, secret: str | None = None
    ) -> Measured:
        """Let the crowd send tickets, in a process of its own; ``url`` and ``secret`` of somebody else's server."""
        self._orders += 1
        secrets = self.process.site.secrets
        order = Order(
            url or self.process.site.url, f"{self.folder.name}{self._orders}-", count, concurrency,
            secret or secrets["hotline"],
            dict(secrets), batch, None if url or batch else self.port,
        )  # fmt: skip
        return run_crowd(self.folder, order)


def run_crowd(folder: Path, order: Order) -> Measured:
    """Carry an order out and return what was measured. Raises RuntimeError with what the crowd said."""
    file = folder / "order.json"
    write_private(file, json.dumps(dataclasses.asdict(order)))
    command = [sys.executable, "-m", "tests.benchmarks.crowd", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    measured: dict[str, Any] = json.loads(done.stdout)
    return Measured(**measured)
