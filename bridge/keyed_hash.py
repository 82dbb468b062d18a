"""HMAC-SHA256 under one key, with the key set up once: for a short message that is much of the work.

Owns: :class:`KeyedHash`. Must not: know what a key is for, or show one.
Source: RFC 2104.
"""

from __future__ import annotations

import hmac


class KeyedHash:
    """Hashes messages under one key."""

    def __init__(self, key: bytes) -> None:
        """Set the key up."""
        self._begun = hmac.new(key, digestmod="sha256")

    def of(self, *parts: bytes | bytearray | memoryview) -> bytes:
        """Return the hash (32 bytes) of the parts, one after the other."""
        hashed = self._begun.copy()
        for part in parts:
            hashed.update(part)
        return hashed.digest()
