"""The roster of a region's running processes: who, with which program, schema and rules, seen when (wall time).

Owns: the table ``replicas``. Must not: judge; ``bridge.roster`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from bridge.store import migrate
from bridge.store.codec import table_of
from bridge.store.tables import ReplicaRow
from bridge.store.writer import Tx

_T = table_of(ReplicaRow)
ALIVE = timedelta(seconds=20)
"""A process unseen for longer counts as dead; each reports every few seconds."""
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Replica:
    """One process as it reports itself."""

    id: str
    roles: str
    version: str
    schema_revision: str
    rules_hash: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ReplicaStore:
    """The roster of one region."""

    region: str

    def report(self, tx: Tx, replica: Replica) -> None:
        """Write a process's line, new or renewed, and forget those long dead."""
        mine = (_T.c.region_code == self.region, _T.c.id == replica.id)
        values = {name: getattr(replica, name) for name in Replica.__slots__}
        if tx.write(update(_T).where(*mine).values(**values)).rowcount == 0:
            tx.write(insert(_T), [{"region_code": self.region, **values}])
            old = replica.seen_at - FORGOTTEN
            tx.write(delete(_T).where(_T.c.region_code == self.region, _T.c.seen_at < old))

    def leave(self, tx: Tx, replica_id: str) -> None:
        """Take a process that ends off the roster."""
        tx.write(delete(_T).where(_T.c.region_code == self.region, _T.c.id == replica_id))

    def alive(self, tx: Tx, wall: datetime) -> list[Replica]:
        """Return the processes seen lately, oldest first."""
        query = select(_T).where(_T.c.region_code == self.region, _T.c.seen_at > wall - ALIVE)
        rows = tx.read(query.order_by(_T.c.started_at, _T.c.id))
        return [Replica(**{name: getattr(row, name) for name in Replica.__slots__}) for row in rows]

    @staticmethod
    def schema_revision(tx: Tx) -> str:
        """Return the revision the database has now; another process may have upgraded it."""
        return migrate.revision(tx.connection)

    @staticmethod
    def server_time(tx: Tx) -> datetime | None:
        """Return the server's clock, by which replicas can be compared; None where there is no server."""
        if tx.connection.dialect.name != "postgresql":
            return None
        now: datetime = tx.read(select(func.clock_timestamp())).scalar_one()
        return now
