"""The case files written last, kept opened: the next change of a case reads one row instead of opening them all.

Owns: how many and how large. Must not: be believed without the version and the chain head the transaction sees
(:meth:`bridge.store.cases.CaseStore.load`), or be told of a file before its commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.core.model.file import CaseFile
from bridge.store.seals import Sealed

FILES = 512
FILE_BYTES = 64 * 1024
"""Larger files (attachments carried inline) are read again each time: what is kept stays below 32 MiB of content."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A case file, about how many bytes of sealed content it holds, and what its seal is over."""

    file: CaseFile
    size: int
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class Recent:
    """The files of one process; used by its writer only."""

    _kept: dict[str, Kept] = field(default_factory=dict)

    def knows(self, case_id: str) -> bool:
        """Tell whether some version of a case is kept; if not, looking at the case's head is no use."""
        return case_id in self._kept

    def find(self, case_id: str, version: int, head: str) -> Kept | None:
        """Return a case as of this version and chain head."""
        kept = self._kept.get(case_id)
        if kept is None or (kept.file.case.version, kept.file.case.event_hash) != (version, head):
            return None
        return kept

    def size_of(self, file: CaseFile | None) -> int:
        """Return how much a file holds; one that is not kept counts as too large to keep."""
        kept = self._kept.get(file.case.id) if file is not None else None
        if kept is not None and kept.file is file:
            return kept.size
        return FILE_BYTES if file is not None else 0

    def sealed_of(self, file: CaseFile) -> Sealed | None:
        """Return what the seal of a file that is kept is over; it was made here, and need not be opened and checked."""
        kept = self._kept.get(file.case.id)
        return kept.sealed if kept is not None and kept.file is file else None

    def keep(self, file: CaseFile, size: int, sealed: Sealed | None) -> None:
        """Keep a committed file instead of its former version, at the cost of the oldest."""
        self._kept.pop(file.case.id, None)
        if size >= FILE_BYTES:
            return
        while len(self._kept) >= FILES:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[file.case.id] = Kept(file, size, sealed)
