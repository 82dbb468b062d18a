"""The file in which an audit keeps its marks between two runs.

Owns: reading it, replacing it whole, the wording when that cannot be done. Must not: decide what a difference means.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from bridge.errors import StoreError

if TYPE_CHECKING:
    from bridge.store.marks import Marks
    from bridge.store.store import Store


def kept(path: Path | None, store: Store) -> Marks:
    """Return the marks of the audit before; none if there was no file yet. Raises StoreError."""
    from bridge.store.marks import Marks, marks_from

    try:
        text = path.read_text() if path is not None else None
    except FileNotFoundError:
        text = None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"核对记号文件 {path} 读不出来（{type(error).__name__}）；请检查路径与权限") from None
    return Marks() if text is None else marks_from(text, store.vault, store.region)


def keep(path: Path, marks: Marks, store: Store) -> None:
    """Replace the file by what was met now: private, durable, never half written. Raises StoreError."""
    from bridge.store.marks import text_of

    try:
        with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            part.write(text_of(marks, store.vault, store.region))
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(path)
    except OSError as error:
        raise StoreError(f"核对记号写不进 {path}（{type(error).__name__}）；请检查文件夹是否存在、可写") from None
