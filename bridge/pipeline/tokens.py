"""Operators' tokens: issuing, checking, revoking.

Owns: the form of a token (``tb_`` and 256 random bits), its expiry by the wall clock, which role needs a unit. Must
not: store a token; only its SHA-256 is kept, which is enough for 256 random bits.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.model.event import Actor
from bridge.errors import AuthenticationFailed
from bridge.ports import Ports
from bridge.store.store import Store
from bridge.store.tokens import StoredToken

PREFIX = "tb_"
TOKEN_BYTES = 32
DEFAULT_DAYS = 90
"""Source: the contract §1 (``--days 90``)."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Whose token a request carried; ``unit`` bounds a clerk."""

    name: str
    role: str
    unit: str | None = None

    @property
    def actor(self) -> Actor:
        """The operator as the history names it."""
        return Actor("operator", self.name, self.role)


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def issue(store: Store, ports: Ports, operator: Operator, days: int = DEFAULT_DAYS) -> str:
    """Make a token for an operator and return it; it cannot be read again."""
    token = PREFIX + base64.urlsafe_b64encode(ports.rng.token(TOKEN_BYTES)).decode().rstrip("=")
    wall = ports.clock.wall()
    stored = StoredToken(
        id=ports.ids.new("k"),
        name=operator.name,
        role=operator.role,
        unit=operator.unit,
        token_hash=token_hash(token),
        created_at=wall,
        expires_at=wall + timedelta(days=days),
    )
    await store.write(lambda tx: store.tokens.add(tx, stored))
    return token


async def authenticate(store: Store, token: str, wall: datetime) -> Operator:
    """Return whose token this is.

    Raises:
        AuthenticationFailed: unknown, expired or revoked; the text does not say which.
    """
    hashed = token_hash(token)
    stored = await store.read(lambda tx: store.tokens.by_hash(tx, hashed))
    if stored is None or stored.revoked_at is not None or stored.expires_at <= wall:
        raise AuthenticationFailed
    return Operator(stored.name, stored.role, stored.unit)


async def listed(store: Store) -> list[StoredToken]:
    """List every token, expired and revoked ones too."""
    return await store.read(store.tokens.all)


async def revoke(store: Store, reference: str, wall: datetime) -> int:
    """Revoke the tokens of an id or a name from now on; returns how many."""
    return await store.write(lambda tx: store.tokens.revoke(tx, reference, wall))
