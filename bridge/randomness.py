"""Random bytes for ids, drawn from the operating system a block at a time.

Owns: :func:`token`. Must not: give a byte twice, to another thread or to a forked process either; be used for keys,
secrets or nonces, since a machine copied while it runs would give the rest of its block once more.
"""

from __future__ import annotations

import os
from threading import Lock

_BLOCK_BYTES = 4096
_SMALL_BYTES = 64
"""More than this is drawn by itself."""


class _Block:
    """Bytes drawn and not given yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes = b""
        self._given = 0

    def take(self, count: int) -> bytes:
        with self._lock:
            start, end = self._given, self._given + count
            if end > len(self._bytes):
                self._bytes = os.urandom(_BLOCK_BYTES)
                start, end = 0, count
            self._given = end
            return self._bytes[start:end]

    def forget(self) -> None:
        self._lock = Lock()
        self._bytes = b""


_block = _Block()
os.register_at_fork(after_in_child=_block.forget)


def token(count: int) -> bytes:
    """Return ``count`` bytes that nobody can foresee and nobody else gets."""
    return _block.take(count) if count <= _SMALL_BYTES else os.urandom(count)
