"""A county served by several daemons over one PostgreSQL, behind a balancer.

Owns: one folder and port for each daemon, the key and the secrets they share. Must not: create the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bridge.testing.balancer import Balancer
from bridge.testing.counterparts.temper import Temper
from bridge.testing.county import County
from bridge.testing.process import ROLES, BridgeProcess, Site, free_port

EVERY_ROLE = ",".join(ROLES)


class Fleet(County):
    """``roles`` names what each daemon does; the first must serve the web, as the test asks it."""

    def __init__(
        self,
        directory: Path,
        database_url: str,
        *,
        roles: Sequence[str] = (EVERY_ROLE, EVERY_ROLE),
        environment: Mapping[str, str] | None = None,
        temper: Temper | None = None,
        automatic: bool = True,
        region_code: str = "140525",
    ) -> None:
        public = free_port()
        site = Site(
            directory / "replica-1",
            free_port(),
            database_url=database_url,
            region_code=region_code,
            key_file=str(directory / "keys.json"),
            public_url=f"http://127.0.0.1:{public}",
            roles=roles[0],
        )
        site.directory.mkdir()
        super().__init__(directory, environment=environment, automatic=automatic, temper=temper, site=site)
        others = [
            replace(site, directory=directory / f"replica-{number}", port=free_port(), roles=each)
            for number, each in enumerate(roles[1:], 2)
        ]
        for other in others:
            other.directory.mkdir()
        self.bridges += [BridgeProcess(other, environment) for other in others]
        self.balancer = Balancer(public, [bridge.site.url for bridge in self.bridges if bridge.serves_web])

    def _start_bridges(self) -> None:
        """Start the balancer too."""
        super()._start_bridges()
        self._stack.enter_context(self.balancer)
