"""What an adapter says about a counterpart that leaves files; re-exported by :mod:`bridge.adapter`.

Owns: the mixin and its values. Must not: touch a file system; :mod:`bridge.feeds` polls and :mod:`bridge.folder` moves.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from bridge.core.commands import UnitReceipt
from bridge.core.model.ticket import TicketDraft
from bridge.folder import ExchangeFolder
from bridge.reaching import Reached


@dataclass(frozen=True, slots=True)
class FiledReceipt:
    """A receipt found in a file, with the assignment it answers."""

    assignment_id: str
    receipt: UnitReceipt


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a file holds: a value, or why there is none (Chinese, without a citizen's words).

    ``line`` counts from 1 and identifies the entry: reading the same bytes again gives the same lines.
    """

    line: int
    value: TicketDraft | FiledReceipt | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A file to be written to ``bad/`` about entries that were refused."""

    name: str
    content: Iterable[bytes]


class FolderSource(ABC):
    """Mixin of an adapter whose counterpart leaves files in ``in/``; see :mod:`bridge.feeds` for what is done with them.

    Both methods are pure: they read the bytes they are given and nothing else. They run in a thread.
    """

    suffix: ClassVar[str]
    name_counts: ClassVar[bool] = False
    """Whether the same bytes under another name are another file: they are where the name says what the file is about."""
    folder: ExchangeFolder

    @abstractmethod
    def entries(self, name: str, file: BinaryIO) -> Iterator[Entry]:
        """Read a file's entries one after the other; a bad one is an :class:`Entry` with a problem.

        Raises:
            FileRefused: the file as a whole, or all of it from some line on, cannot be taken.
        """

    @abstractmethod
    def note(self, name: str, file: BinaryIO | None, problems: Mapping[int, str]) -> Note:
        """Say what is written about refused entries, by line; ``file`` is None where the name is no file at all."""

    async def probe(self) -> Reached:
        """Look whether the folder can be read and written. Raises FolderTrouble."""
        refused = await asyncio.to_thread(self.folder.check)
        return Reached(f"目录 {self.folder.directory} 可以读写", refused_files=refused)

    def answer(self, name: str, body: Mapping[str, Any]) -> Note | None:  # noqa: ARG002 - for those who want it
        """Say what is written to ``done/`` about a file that holds a single entry; nothing unless overridden."""
        return None
