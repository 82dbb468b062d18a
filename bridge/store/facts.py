"""Facts about the database itself, by name: the table ``settings``.

Owns: reading and writing them. Must not: hold anything about a case.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from bridge.store.codec import table_of
from bridge.store.tables import SettingRow
from bridge.store.writer import Tx

_T = table_of(SettingRow)
LAST_BACKUP = "last_backup_at"
"""When the last backup was finished (ISO 8601)."""
LAST_AUDIT = "last_audit_at"
"""When the whole ledger was last verified (ISO 8601)."""
AUDIT_FINDINGS = "last_audit_findings"
"""How many findings that verification had."""


@dataclass(frozen=True, slots=True)
class FactStore:
    """Facts of one region."""

    region: str

    def get(self, tx: Tx, name: str) -> str | None:
        """Return a fact; None if it was never noted."""
        found: str | None = tx.read(
            select(_T.c.value).where(_T.c.region_code == self.region, _T.c.name == name)
        ).scalar()
        return found

    def put(self, tx: Tx, name: str, value: str) -> None:
        """Note a fact, new or changed."""
        where = (_T.c.region_code == self.region, _T.c.name == name)
        if tx.write(update(_T).where(*where).values(value=value)).rowcount == 0:
            tx.write(insert(_T), [{"region_code": self.region, "name": name, "value": value}])
