"""Operators' tokens, by their SHA-256; the token itself is never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from bridge.store.codec import table_of
from bridge.store.tables import TokenRow
from bridge.store.writer import Tx

_T = table_of(TokenRow)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as stored."""

    id: str
    name: str
    role: str
    unit: str | None
    token_hash: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenStore:
    """Tokens of one region."""

    region: str

    def add(self, tx: Tx, token: StoredToken) -> None:
        """Keep a new token."""
        names = ("id", "name", "role", "unit", "token_hash", "created_at", "expires_at", "revoked_at")
        row = {"region_code": self.region, **{name: getattr(token, name) for name in names}}
        tx.write(insert(_T), [row])

    def by_hash(self, tx: Tx, token_hash: str) -> StoredToken | None:
        """Find a token by its hash, revoked and expired ones too."""
        row = tx.read(select(_T).where(_T.c.region_code == self.region, _T.c.token_hash == token_hash)).first()
        return _stored(row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name

    def all(self, tx: Tx) -> list[StoredToken]:
        """List every token, oldest first."""
        rows = tx.read(select(_T).where(_T.c.region_code == self.region).order_by(_T.c.created_at))
        return [_stored(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name

    def revoke(self, tx: Tx, reference: str, wall: datetime) -> int:
        """Revoke the tokens of this id or name; returns how many."""
        where = (_T.c.region_code == self.region, (_T.c.id == reference) | (_T.c.name == reference))
        return tx.write(update(_T).where(*where, _T.c.revoked_at.is_(None)).values(revoked_at=wall)).rowcount


def _stored(row: Any) -> StoredToken:
    return StoredToken(**{name: row[name] for name in StoredToken.__slots__})
