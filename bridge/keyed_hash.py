"""HMAC-SHA256 under one key, with the key set up once: for a short message that is most of the work.

Owns: :class:`KeyedHash`. Must not: know what a key is for, or show one.
Source: RFC 2104.
"""

from __future__ import annotations

import hashlib

_BLOCK_BYTES = 64
"""Source: FIPS 180-4, the block of SHA-256."""


class KeyedHash:
    """Hashes messages under one key."""

    def __init__(self, key: bytes) -> None:
        """Hash the two pads of the key."""
        short = key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()
        block = short.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def of(self, *parts: bytes | bytearray | memoryview) -> bytes:
        """Return the hash (32 bytes) of the parts, one after the other."""
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return outer.digest()
