"""Who else serves this region's ledger, and whether all of them agree on program, schema and rules.

Owns: this process's line in the roster, the comparison, saying so in the log and in ``/readyz``. Must not: stop
anything: replicas that differ for a minute are what every rolling restart looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bridge import __version__
from bridge.errors import StoreError
from bridge.ports import Clock
from bridge.store import migrate
from bridge.store.replicas import Replica
from bridge.store.store import Store
from bridge.store.writer import Tx

log = structlog.get_logger(__name__)

REPORT_SECONDS = 3.0
SKEW = timedelta(seconds=2)
"""How far this machine's clock may be from the database server's: leases last six seconds."""


@dataclass
class Roster:
    """Reports this process and watches the others; ``rules_hash`` tells which rules are in use now.

    ``skewed`` is told by how many seconds this machine's clock is ahead of the database server's.
    """

    store: Store
    clock: Clock
    owner: str
    roles: Sequence[str]
    rules_hash: Callable[[], str]
    skewed: Callable[[float], None] = lambda _seconds: None
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note when this process began."""
        self._started_at = self.clock.wall()
        self._schema = migrate.head()

    async def step(self) -> None:
        """Report, look at the others, say what changed."""
        me = self._me()

        def unit(tx: Tx) -> tuple[list[Replica], list[str]]:
            replicas = self.store.replicas
            replicas.report(tx, me)
            return replicas.alive(tx, me.seen_at), self._surroundings(tx)

        alive, problems = await self.store.write(unit)
        self._tell([*problems, *(text for other in alive for text in differences(me, other))])

    async def leave(self) -> None:
        """Take this process off the roster."""
        with suppress(StoreError):
            await self.store.write(lambda tx: self.store.replicas.leave(tx, self.owner))

    def _me(self) -> Replica:
        return Replica(
            id=self.owner,
            roles=",".join(self.roles),
            version=__version__,
            schema_revision=self._schema,
            rules_hash=self.rules_hash(),
            started_at=self._started_at,
            seen_at=self.clock.wall(),
        )

    def _surroundings(self, tx: Tx) -> list[str]:
        """Compare this process with the database itself: its schema, its clock."""
        problems = []
        found = self.store.replicas.schema_revision(tx)
        if found != self._schema:
            problems.append(f"数据库结构为 {found}，本程序为 {self._schema}：请把各副本换成同一版本并重启")
        server = self.store.replicas.server_time(tx)
        skew = self.clock.wall() - server if server is not None else timedelta()
        self.skewed(skew.total_seconds())
        if abs(skew) > SKEW:
            problems.append("本机时钟与数据库服务器相差超过 2 秒，请检查各机器的时间同步（NTP）")
        return problems

    def _tell(self, warnings: list[str]) -> None:
        if warnings and warnings != self.warnings:
            log.warning("replicas.differ", differences=warnings)
        elif self.warnings and not warnings:
            log.info("replicas.agreed")
        self.warnings = warnings


def differences(me: Replica, other: Replica) -> list[str]:
    """Say in what another process differs from this one."""
    names = {"version": "程序版本", "schema_revision": "数据库结构版本", "rules_hash": "规则"}
    return [
        f"副本 {other.id} 的{label}（{getattr(other, name)[:12]}）与本进程（{getattr(me, name)[:12]}）不同"
        for name, label in names.items()
        if getattr(other, name) != getattr(me, name)
    ]
