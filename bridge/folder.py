"""An exchange folder (``in/ done/ bad/ out/``): every system call on it, and the name of every failure.

Owns: bounded scanning, opening without following links, writing beside and renaming, moving aside. Must not: know a
format or what a file means. Everything is relative to open directory handles, so a link planted in the folder leads
nowhere. Source: contract section 7; a name that exists with the same bytes is done, with other bytes is never replaced
in ``done/`` and ``bad/``.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import heapq
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import AfterValidator, ValidationInfo

from bridge.errors import DeliveryError, FailureReason, FolderTrouble
from bridge.file_names import fitted, is_safe_name, natural_key
from bridge.os_errors import worded

QUIET_SECONDS = 2.0
"""A file that changed within this time may still be written; it is looked at again later."""

IN, DONE, BAD, OUT = "in", "done", "bad", "out"
_MODE_FILE, _MODE_FOLDER = 0o660, 0o770
_NOTES = (".errors.csv", ".error.json", ".tmp")
_STALE_TMP = timedelta(hours=1)
_CHUNK = 1 << 20


def located(path: Path, info: ValidationInfo) -> Path:
    """Count a path from the folder of ``bridge.toml``."""
    folder: Path = (info.context or {}).get("folder") or Path.cwd()
    return folder / path.expanduser()


LocatedPath = Annotated[Path, AfterValidator(located)]
"""A path that counts from the folder of ``bridge.toml``."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A name in ``in/``; ``problem`` says why it is not a file to be read (Chinese)."""

    name: str
    problem: str | None = None


class FileChanged(Exception):
    """The file is gone, or was written to while it was read; then it is read again later."""


class FileUnreadable(FolderTrouble):
    """One file cannot be opened (its owner's permissions); it stays where it is."""


class ExchangeFolder:
    """One folder shared with a counterpart. Blocking; :meth:`send` is the asynchronous way out."""

    def __init__(self, directory: Path, wall: Callable[[], datetime]) -> None:
        """Touch nothing yet; ``wall`` tells how old a file is."""
        self.directory = directory
        self._wall = wall

    def prepare(self) -> None:
        """Make the folders that are not there and clear what a killed process left half written.

        Raises:
            FolderTrouble: that cannot be done.
        """
        self._make(IN, DONE, BAD, OUT)
        for each in (BAD, OUT):
            self._sweep(each)

    def check(self) -> int:
        """Look whether all four folders are there and can be written; return how many files lie in ``bad/``.

        Raises:
            FolderTrouble: naming the folder and the reason.
        """
        for each in (IN, DONE, BAD, OUT):
            with self._opened(each) as folder, self.named(each):
                if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder):
                    raise PermissionError(errno.EACCES, "")
        with self._opened(BAD) as folder, os.scandir(folder) as entries:
            return sum(not entry.name.endswith(_NOTES) for entry in entries)

    def _make(self, *names: str) -> None:
        with self.named(""):
            self.directory.mkdir(mode=_MODE_FOLDER, parents=True, exist_ok=True)
        for each in names:
            with self._root() as root, self.named(each), contextlib.suppress(FileExistsError):
                os.mkdir(each, _MODE_FOLDER, dir_fd=root)

    def waiting(self, suffix: str, limit: int) -> list[Waiting]:
        """Return the first ``limit`` names in natural order that end in ``suffix`` and are quiet.

        One pass over the folder, never more than ``limit`` names in memory. Raises FolderTrouble.
        """
        with self._opened(IN) as folder, os.scandir(folder) as entries:
            named = (entry.name for entry in entries if entry.name.endswith(suffix) and entry.name[0] not in ".~")
            first = heapq.nsmallest(limit, named, key=natural_key)
            found = [self._look(folder, name) for name in first]
        return [each for each in found if each is not None]

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file of ``in/``; refuses links.

        Raises:
            FileChanged: it is gone.
            FileUnreadable: this one file cannot be opened, others perhaps can.
            FolderTrouble: nothing in the folder can.
        """
        with self._opened(IN) as folder:
            try:
                handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            except FileNotFoundError:
                raise FileChanged(name) from None
            except OSError as error:
                raise FileUnreadable(str(self._trouble(IN, error))) from None
        with os.fdopen(handle, "rb") as file:
            yield file

    def check_unchanged(self, name: str, seen: os.stat_result) -> None:
        """Raises FileChanged when the name has other content by now than when it was ``seen``; FolderTrouble."""
        with self._opened(IN) as folder:
            try:
                now = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                raise FileChanged(name) from None
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (seen.st_ino, seen.st_size, seen.st_mtime_ns):
            raise FileChanged(name)

    def keep(self, folder: str, name: str, content: Iterable[bytes]) -> None:
        """Write a file to ``done/`` or ``bad/``; one of this name with other bytes is left as it is. Raises FolderTrouble."""
        with self._opened(folder) as handle:
            self._write(handle, name, content, replace=False)

    def move(self, name: str, folder: str) -> None:
        """Move a file from ``in/`` to ``done/`` or ``bad/``; one that is gone was moved by somebody else.

        Raises:
            FolderTrouble: that cannot be done.
        """
        with self._opened(IN) as source, self._opened(folder) as target:
            to = _free_name(target, name, lambda: _digest_of(source, name))
            with contextlib.suppress(FileNotFoundError):
                os.rename(name, to, src_dir_fd=source, dst_dir_fd=target)
            _sync(target)
            _sync(source)

    def put(self, name: str, content: bytes) -> None:
        """Write a file to ``out/``, whole or not at all; an equal one there already is enough. Raises FolderTrouble."""
        self._make(OUT)
        with self._opened(OUT) as folder:
            if _digest_of(folder, name) != hashlib.sha256(content).digest():
                self._write(folder, name, (content,), replace=True)

    async def send(self, name: str, content: bytes) -> None:
        """Write a file to ``out/`` beside the event loop, as one attempt to deliver.

        Raises:
            DeliveryError: the name is none, or the folder cannot be written.
        """
        if not is_safe_name(name):
            raise DeliveryError(FailureReason.REJECTED, "编号不能用作文件名，请人工处理")
        try:
            await asyncio.to_thread(self.put, name, content)
        except FolderTrouble as error:
            raise DeliveryError(FailureReason.UNAVAILABLE, str(error)) from None

    def _look(self, folder: int, name: str) -> Waiting | None:
        try:
            seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(seen.st_mode):
            return Waiting(name, "不是普通文件（符号链接或目录），不予读取")
        age = self._wall().timestamp() - seen.st_mtime
        return None if 0 <= age < QUIET_SECONDS else Waiting(name)

    def _write(self, folder: int, name: str, content: Iterable[bytes], *, replace: bool) -> None:
        temporary = f".{secrets.token_hex(4)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(temporary, flags, _MODE_FILE, dir_fd=folder), "wb") as file:
                for chunk in content:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            to = name if replace else _free_name(folder, name, lambda: _digest_of(folder, temporary))
            os.rename(temporary, to, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        _sync(folder)

    def _sweep(self, name: str) -> None:
        """Remove temporary files of a process that died writing them."""
        oldest = (self._wall() - _STALE_TMP).timestamp()
        with self._opened(name) as folder, os.scandir(folder) as entries:
            for entry in entries:
                ours = entry.name.startswith(".") and entry.name.endswith(".tmp")
                if ours and entry.stat(follow_symlinks=False).st_mtime < oldest:
                    os.unlink(entry.name, dir_fd=folder)

    @contextlib.contextmanager
    def _root(self) -> Iterator[int]:
        with self.named(""):
            handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                yield handle
            finally:
                os.close(handle)

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        with self._root() as root, self.named(name):
            handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root)
            try:
                yield handle
            finally:
                os.close(handle)

    @contextlib.contextmanager
    def named(self, name: str) -> Iterator[None]:
        """Let an OSError inside be the trouble of ``name``."""
        try:
            yield
        except OSError as error:
            raise self._trouble(name, error) from None

    def _trouble(self, name: str, error: OSError) -> FolderTrouble:
        return FolderTrouble(f"交换目录 {self.directory / name}：{worded(error)}")


def _free_name(folder: int, name: str, digest: Callable[[], bytes | None]) -> str:
    """Return ``name``, or one beside it when something else has it already; the same bytes keep the name."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return name
    new = digest()
    if new is not None and new == _digest_of(folder, name):
        return name
    stem, dot, suffix = name.partition(".")
    mark = new.hex()[:8] if new is not None else secrets.token_hex(4)
    return fitted(f"{stem}-{mark}", dot + suffix)


def _digest_of(folder: int, name: str) -> bytes | None:
    """Return the SHA-256 of a regular file; None for anything else."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return digest_of(file)


def digest_of(file: BinaryIO) -> bytes:
    """Return the SHA-256 of what is left of a file, a chunk at a time."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.digest()


def _sync(folder: int) -> None:
    """Make a rename durable; network file systems that cannot sync a folder are taken at their word."""
    with contextlib.suppress(OSError):
        os.fsync(folder)
