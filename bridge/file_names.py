"""Names of files in exchange folders: which are safe, how they are shortened, in which order they are read.

Owns: rules that hold on common file systems of either side. Must not: touch one.
"""

from __future__ import annotations

import hashlib
import os
import re

MAX_NAME_BYTES = 200
"""What a name may take of the 255 bytes of common file systems, leaving room for ``.<random>.tmp``."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_DIGITS = re.compile(r"(\d+)")


def is_safe_name(text: str) -> bool:
    """Tell whether a text from outside can be (part of) a file's name on common systems, and nothing else."""
    short = len(text.encode("utf-8", "replace")) <= MAX_NAME_BYTES
    return bool(text) and short and not _UNSAFE.search(text) and text == text.strip() and text[0] not in ".~"


def fitted(name: str, suffix: str) -> str:
    """Return ``name + suffix``, shortened with a digest where a file system would not take it."""
    raw = os.fsencode(name)
    if len(raw) + len(suffix) <= MAX_NAME_BYTES:
        return name + suffix
    short = raw[: MAX_NAME_BYTES - len(suffix) - 9].decode("utf-8", "ignore")
    return f"{short}-{hashlib.sha256(raw).hexdigest()[:8]}{suffix}"


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts ``a2`` before ``a10``."""
    return [(0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part) for part in _DIGITS.split(name)]
