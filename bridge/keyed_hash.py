"""HMAC-SHA256 under one key, with the key set up once: for a short message that is much of the work.

Owns: :class:`KeyedHash`. Must not: know what a key is for, or show one.
Source: RFC 2104.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

AT_ONCE_BYTES = 1 << 20
"""Hashing holds the interpreter; a large body lets other threads in now and then."""


class KeyedHash:
    """Hashes messages under one key."""

    def __init__(self, key: bytes) -> None:
        """Set the key up."""
        self._begun = HMAC(key, SHA256())

    def of_short(self, message: bytes) -> bytes:
        """Return the hash (32 bytes) of a message of our own, which is short."""
        hashed = self._begun.copy()
        hashed.update(message)
        return hashed.finalize()

    def of(self, *parts: bytes | bytearray | memoryview) -> bytes:
        """Return the hash (32 bytes) of the parts, one after the other."""
        hashed = self._begun.copy()
        for part in parts:
            if len(part) <= AT_ONCE_BYTES:
                hashed.update(part)
            else:
                _update_in_turns(hashed, memoryview(part))
        return hashed.finalize()


def _update_in_turns(hashed: HMAC, body: memoryview) -> None:
    for start in range(0, len(body), AT_ONCE_BYTES):
        hashed.update(body[start : start + AT_ONCE_BYTES])
