"""One leader per singleton loop, by a lease row with a fencing number (wall time)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from bridge.store.codec import table_of
from bridge.store.tables import LeaseRow
from bridge.store.writer import Tx

_T = table_of(LeaseRow)


@dataclass(frozen=True, slots=True)
class LeaseStore:
    """Leases of one region."""

    region: str

    def hold(self, tx: Tx, name: str, owner: str, wall: datetime, until: datetime) -> bool:
        """Take or renew a lease; False while somebody else holds it."""
        where = (_T.c.region_code == self.region, _T.c.name == name)
        row = tx.read(select(_T).where(*where)).first()
        if row is None:
            values = {"region_code": self.region, "name": name, "owner": owner, "until": until, "fence": 1}
            tx.write(insert(_T), [values])
            return True
        if row.owner != owner and row.until > wall:
            return False
        fence = row.fence if row.owner == owner else row.fence + 1
        taken = update(_T).where(*where, _T.c.fence == row.fence, _T.c.owner == row.owner)
        return tx.write(taken.values(owner=owner, until=until, fence=fence)).rowcount == 1

    def clear(self, tx: Tx) -> None:
        """End every lease: whoever held them is dead when this is the only process on the database (SQLite)."""
        tx.write(delete(_T).where(_T.c.region_code == self.region))

    def release(self, tx: Tx, name: str, owner: str, wall: datetime) -> None:
        """Give a lease back so that another replica takes over at once."""
        where = (_T.c.region_code == self.region, _T.c.name == name, _T.c.owner == owner)
        tx.write(update(_T).where(*where).values(until=wall))
