"""A whole county on one machine: the daemon, a hotline and the units, each a process of its own.

Owns: starting them in the right order and ending them all. Must not: drive them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bridge.testing.counterparts.control import RemoteHotline, RemoteUnits
from bridge.testing.counterparts.hotline import HotlineSettings
from bridge.testing.counterparts.petition import PetitionDesk
from bridge.testing.counterparts.temper import Temper
from bridge.testing.counterparts.unit import UnitsSettings
from bridge.testing.process import UNITS, BridgeProcess, Site, free_port

ONE_PROCESS = (UNITS,)
"""All units in one process: the cheapest county."""
ONE_PROCESS_EACH = tuple((unit,) for unit in UNITS)
"""Every unit in a process of its own."""


class County:
    """A context manager: inside it everything runs; afterwards nothing does."""

    def __init__(
        self,
        directory: Path,
        *,
        environment: Mapping[str, str] | None = None,
        groups: Sequence[Sequence[str]] = ONE_PROCESS,
        automatic: bool = True,
        temper: Temper | None = None,
        site: Site | None = None,
    ) -> None:
        self.site = site or Site(directory, free_port())
        self.petition = PetitionDesk(self.site.petition_folder)
        self.bridge = BridgeProcess(self.site, environment)
        self.bridges = [self.bridge]
        self._groups = groups
        self._automatic = automatic
        self._temper = temper or Temper()
        self._stack = contextlib.ExitStack()
        self.hotline: RemoteHotline
        self.units: dict[str, RemoteUnits] = {}

    @property
    def desks(self) -> list[RemoteUnits]:
        """The units' processes, each once."""
        return list({remote.name: remote for remote in self.units.values()}.values())

    def outbox(self) -> dict[str, float] | None:
        """Return what the outbox holds as the clock leader counts it; None while no process serves that count."""
        counts = (bridge.outbox() for bridge in self.bridges if bridge.serves_web)
        return next((found for found in counts if found is not None), None)

    def __enter__(self) -> Self:
        """Start the counterparts, write the configuration, start the daemon and wait until it is ready."""
        try:
            self._start_counterparts()
            self._start_bridges()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End every process."""
        self._stack.close()

    def _start_counterparts(self) -> None:
        """Start all processes at once, then wait for their addresses and write them down."""
        secrets, directory = self.site.secrets, self.site.directory
        url = self.site.public_url or self.site.url
        hotline = HotlineSettings(bridge_url=url, secret=secrets["hotline"], temper=self._temper)
        self.hotline = RemoteHotline(hotline, directory)
        self._stack.callback(self.hotline.stop)
        for group in self._groups:
            self._start_units(group)
        urls = {unit: f"{remote.url}/{unit}/assignments" for unit, remote in self.units.items()}
        for bridge in self.bridges:
            bridge.site.write(f"{self.hotline.url}/pushes", urls)

    def _start_bridges(self) -> None:
        """Start the first daemon, which may have to make the database, and then the others."""
        for number, bridge in enumerate(self.bridges):
            self._stack.callback(bridge.kill)
            bridge.start()
            if number == 0:
                bridge.wait_ready()
        for bridge in self.bridges:
            bridge.wait_ready()

    def _start_units(self, group: Sequence[str]) -> None:
        """Start one process for the units of a group."""
        settings = UnitsSettings(
            secrets={unit: self.site.secrets[unit] for unit in group},
            folders={unit: self.site.folder(unit) for unit in group if unit in self.site.folders.units},
            automatic=self._automatic,
            temper=self._temper,
        )
        remote = RemoteUnits(settings, self.site.directory, f"units-{'-'.join(group)}")
        self._stack.callback(remote.stop)
        self.units |= dict.fromkeys(group, remote)
