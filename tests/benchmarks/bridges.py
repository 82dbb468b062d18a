"""Daemons for the benchmarks, and what the system says of them.

Owns: sites on one database for a kind of work, orders to the crowd, CPU seconds and memory of the processes.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridge.crypto import Keyring
from bridge.testing.counterparts.control import ROOT, write_private
from bridge.testing.process import UNITS, BridgeProcess, Site, free_port
from tests.benchmarks.crowd import Measured, Order

TICKS = os.sysconf("SC_CLK_TCK")
DISPATCHING = {"BRIDGE_REVIEW": "false", "BRIDGE_WEB__DRAIN_SECONDS": "0"}
"""Everything in scope goes out without a person; a daemon that is stopped does not wait for a balancer to notice."""


class Bench:
    """One or several daemons that only take tickets, or whose cases travel to their reply."""

    def __init__(self, folder: Path, database_url: str | None, *, travels: bool, replicas: int = 1) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port() if travels else None
        self._orders = 0
        first = (
            Site(folder, free_port())
            if database_url is None
            else Site(folder, free_port(), database_url=database_url, key_file=str(folder / "keys.json"))
        )
        self.processes = [self._process(first)]
        for number in range(2, replicas + 1):
            directory = folder / f"replica-{number}"
            directory.mkdir()
            site = dataclasses.replace(first, directory=directory, port=free_port(), public_url=first.url)
            self.processes.append(self._process(site))
        if database_url is not None:
            Keyring.create(Path(first.key_file))

    def _process(self, site: Site) -> BridgeProcess:
        here = f"http://127.0.0.1:{self.port}"
        site.write(f"{here}/pushes", {unit: f"{here}/{unit}" for unit in UNITS} if self.port else {})
        push = f'push_url = "{here}/pushes"\n'
        text = site.config.read_text(encoding="utf-8")
        text = text.replace(push, f'{push}push = ["ticket.replied"]\n' if self.port else "")
        site.config.write_text(text, encoding="utf-8")
        return BridgeProcess(site, DISPATCHING)

    @property
    def process(self) -> BridgeProcess:
        """The daemon, or the first of several."""
        return self.processes[0]

    def start(self) -> None:
        """Start the daemons one after the other and wait until they are ready."""
        for process in self.processes:
            process.start()
            process.wait_ready()

    def kill(self) -> None:
        """End every daemon."""
        for process in self.processes:
            process.kill()

    def live_as(self, roles: str, **environment: str) -> BridgeProcess:
        """Stop the one daemon and start it again with these roles; it is not ready yet."""
        self.process.stop()
        site = dataclasses.replace(self.process.site, roles=roles)
        self.processes = [BridgeProcess(site, DISPATCHING | environment)]
        self.process.start()
        return self.process

    def cpu_seconds(self) -> float:
        """What the daemons have used of the processor so far, together."""
        return sum(process.cpu_seconds() for process in self.processes)

    def megabytes(self) -> float:
        """How much memory the daemon holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def order(
        self, count: int, concurrency: int, *, batch: bool = False, url: str | None = None, secret: str | None = None
    ) -> Measured:
        """Let the crowd send tickets, in a process of its own; ``url`` and ``secret`` of somebody else's server."""
        return run_crowd(self.folder, self._order(
            count, concurrency, batch=batch, urls=[url] if url else [process.site.url for process in self.processes],
            hotline=secret or self.process.site.secrets["hotline"], port=None if url or batch else self.port,
        ))  # fmt: skip

    def load(self, count: int) -> None:
        """Let the crowd send tickets without a counterpart that takes what comes of them."""
        run_crowd(self.folder, self._order(count, 32, port=None))

    def deliver(self, count: int, delay_seconds: float = 0.0) -> subprocess.Popen[str]:
        """Begin to take ``count`` messages to units, each after a while; :func:`result_of` tells how fast they came."""
        return begin_crowd(self.folder, self._order(0, 0, expect=count, delay_seconds=delay_seconds))

    def _order(self, count: int, concurrency: int, **more: Any) -> Order:
        self._orders += 1
        site = self.process.site
        given = {"urls": [site.url], "hotline": site.secrets["hotline"], "port": self.port, **more}
        return Order(
            prefix=f"{self.folder.name}{self._orders}-", count=count, concurrency=concurrency,
            units=dict(site.secrets), **given,
        )  # fmt: skip


def run_crowd(folder: Path, order: Order) -> Measured:
    """Carry an order out and return what was measured. Raises RuntimeError."""
    return result_of(begin_crowd(folder, order))


def begin_crowd(folder: Path, order: Order) -> subprocess.Popen[str]:
    """Begin to carry an order out."""
    file = folder / "order.json"
    write_private(file, json.dumps(dataclasses.asdict(order)))
    command = [sys.executable, "-m", "tests.benchmarks.crowd", str(file)]
    with (folder / "crowd.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
    if order.port is not None and process.stdout is not None:
        process.stdout.readline()
    return process


def result_of(crowd: subprocess.Popen[str]) -> Measured:
    """Wait for a crowd. Raises RuntimeError; ``crowd.log`` in its folder has the reason."""
    with crowd:
        said = crowd.stdout.read() if crowd.stdout is not None else ""
    if crowd.returncode:
        raise RuntimeError("the crowd failed; crowd.log beside its order has the reason")
    measured: dict[str, Any] = json.loads(said)
    return Measured(**measured)


def server_cpu_seconds(postmaster: int) -> float:
    """What a PostgreSQL server with all its sessions, those that ended too, has used of the processor so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if stat.parent.name == str(postmaster):
                ticks += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == postmaster:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS
