"""One file of an exchange folder between its first byte and the moment it is moved aside; blocking, for a thread.

Owns: the file's identity, its size limit, and the order of the last steps: notes first, the file itself last.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

import structlog

from bridge.adapter import Entry, FolderSource, Note
from bridge.errors import FileRefused, FolderTrouble
from bridge.folder import BAD, DONE, IN, Waiting, digest_of

log = structlog.get_logger(__name__)

MAX_FILE_BYTES = 256 << 20
"""As a batch over HTTP. Source: contract section 3."""


@dataclass
class Reading:
    """A file being read. ``key`` identifies it once it is open: SHA-256 (hex) of its bytes, and of its name if that counts."""

    source: FolderSource
    waiting: Waiting
    key: str = ""
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _file: BinaryIO | None = None
    _seen: os.stat_result | None = None
    _entries: Iterator[Entry] = field(default_factory=lambda: iter(()))

    @property
    def name(self) -> str:
        """The file's name in ``in/``."""
        return self.waiting.name

    def open(self) -> None:
        """Open the file and read its identity. Raises FileChanged, FileUnreadable, FolderTrouble."""
        if self.waiting.problem:
            self._entries = iter([Entry(1, problem=self.waiting.problem)])
            return
        self._file = self._stack.enter_context(self.source.folder.reading(self.name))
        with self.source.folder.named(IN):
            self._identify(self._file)

    def _identify(self, file: BinaryIO) -> None:
        self._seen = os.fstat(file.fileno())
        if self._seen.st_size > MAX_FILE_BYTES:
            self._entries = iter([Entry(1, problem="文件超过 256 MiB，请拆分后重新放入")])
            return
        digest = digest_of(file)
        named = hashlib.sha256(os.fsencode(self.name) + b"/" + digest).digest()
        self.key = (named if self.source.name_counts else digest).hex()
        file.seek(0)
        self._entries = self._guarded(file)

    def next(self, count: int) -> list[Entry]:
        """Read the next entries; none at the end. Raises FolderTrouble."""
        with self.source.folder.named(IN):
            return list(islice(self._entries, count))

    def finish(self, problems: Mapping[int, str], answer: Note | None, *, taken: bool) -> None:
        """Write what is to be said about the file, then move it: to ``bad/`` if nothing of it was taken, else ``done/``.

        Raises:
            FileChanged: it was written to meanwhile and stays.
            FolderTrouble: the folder is full, read-only or gone; the file stays.
        """
        folder = self.source.folder
        if self._seen is not None:
            folder.check_unchanged(self.name, self._seen)
        if problems:
            note = self._note(problems)
            folder.keep(BAD, note.name, note.content)
        if answer is not None:
            folder.keep(DONE, answer.name, answer.content)
        folder.move(self.name, BAD if problems and not taken else DONE)

    def close(self) -> None:
        """Close the file; harmless while another thread still reads."""
        with contextlib.suppress(OSError, ValueError):
            self._stack.close()

    def _note(self, problems: Mapping[int, str]) -> Note:
        if self._file is not None:
            self._file.seek(0)
        return self.source.note(self.name, self._file if self.key else None, problems)

    def _guarded(self, file: BinaryIO) -> Iterator[Entry]:
        """Read on until the file or its adapter fails; what was read before counts."""
        line = 1
        try:
            for entry in self.source.entries(self.name, file):
                line = entry.line
                yield entry
        except FileRefused as error:
            yield Entry(error.line, problem=str(error))
        except (OSError, FolderTrouble):
            raise
        except Exception:
            log.exception("folder.entry_unreadable", line=line)
            yield Entry(line + 1, problem="程序错误，此行起未能读取，详见日志")
