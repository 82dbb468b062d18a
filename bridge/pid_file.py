"""The daemon's process number beside ``bridge.toml``, for commands that signal it on the same machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "bridge.pid"


@contextmanager
def pid_file(folder: Path) -> Iterator[None]:
    """Keep the file while the daemon runs; a folder that cannot be written only costs the convenience."""
    path = folder / NAME
    try:
        path.write_text(f"{os.getpid()}\n", encoding="ascii")
    except OSError:
        yield
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running(folder: Path) -> int | None:
    """Return the daemon's process number; None if none runs from this folder here."""
    try:
        number = int((folder / NAME).read_text(encoding="ascii"))
        os.kill(number, 0)
    except (OSError, ValueError):
        return None
    return number
