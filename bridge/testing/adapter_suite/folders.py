"""What holds of every adapter whose counterpart is a folder, in both directions.

Owns: one name for a message sent again, hostile and broken files, discretion about their contents. Must not: know a
format: a sound file of it comes from :meth:`FolderSuite.file`.
"""

from __future__ import annotations

import asyncio
import io
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bridge.adapter import Adapter, AdapterContext, Entry, FileRefused, FolderSource
from bridge.clock import SystemClock
from bridge.core.retry import RetryAfter
from bridge.signed_http import client_session
from bridge.testing.adapter_suite.bodies import GARBAGE
from bridge.testing.adapter_suite.messages import CITIZEN, configured, message_to, send, verdict_on

_MAX_NAME_BYTES = 255


class FolderSuite(ABC):
    """Subclass it with ``adapter``, :meth:`keys` and :meth:`file`."""

    pytestmark = pytest.mark.asyncio

    adapter: ClassVar[type[Adapter[Any]]]

    @abstractmethod
    def keys(self, directory: Path) -> Mapping[str, Any]:
        """Return the adapter's keys of ``bridge.toml`` for a folder."""

    @abstractmethod
    def file(self) -> tuple[str, bytes]:
        """Return the name and bytes of a sound file of at least one entry, with a citizen's name in it."""

    @asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[Adapter[Any]]:
        """Start the adapter on a folder."""
        async with client_session() as http:
            context = AdapterContext("suite", http, SystemClock())
            async with self.adapter(configured(self.adapter, self.keys(directory)), context) as adapter:
                yield adapter

    async def test_a_message_sent_again_is_the_same_file(self, tmp_path: Path) -> None:
        async with self.running(tmp_path) as adapter:
            assert adapter.capabilities.idempotent
            message = message_to(adapter)
            assert await asyncio.gather(*(send(adapter, message) for _ in range(5))) == [None] * 5
            assert await send(adapter, message_to(adapter, 2)) is None
        written = sorted((tmp_path / "out").iterdir())
        assert len(written) == 2  # noqa: PLR2004 - one a message
        assert message.payload in {path.read_bytes() for path in written}

    async def test_a_folder_that_cannot_be_written_is_tried_again(self, tmp_path: Path) -> None:
        (tmp_path / "out").write_bytes(b"")
        async with self.running(tmp_path) as adapter:
            error = await send(adapter, message_to(adapter))
            assert error is not None
            assert isinstance(verdict_on(adapter, error), RetryAfter)
            (tmp_path / "out").unlink()
            assert await send(adapter, message_to(adapter)) is None

    async def test_cancelling_an_attempt_leaves_no_half_written_file(self, tmp_path: Path) -> None:
        async with self.running(tmp_path) as adapter:
            attempt = asyncio.create_task(send(adapter, message_to(adapter)))
            await asyncio.to_thread(lambda: None)
            attempt.cancel()
            await asyncio.gather(attempt, return_exceptions=True)
            assert await send(adapter, message_to(adapter)) is None
            shown = [path for path in (tmp_path / "out").iterdir() if path.name[0] != "."]
            assert [path.read_bytes() for path in shown] == [message_to(adapter).payload]

    async def test_a_sound_file_is_read_the_same_each_time(self, tmp_path: Path) -> None:
        async with self.running(tmp_path) as adapter:
            name, content = self.file()
            assert isinstance(adapter, FolderSource)
            assert name.endswith(adapter.suffix)
            entries = _read(adapter, name, content)
            assert entries
            assert not any(entry.problem for entry in entries)
            assert len({entry.line for entry in entries}) == len(entries)
            assert _read(adapter, name, content) == entries

    async def test_whatever_a_file_holds_is_an_entry_a_problem_or_a_refusal(self, tmp_path: Path) -> None:
        async with self.running(tmp_path) as adapter:
            name, content = self.file()
            middle = len(content) // 2
            hostile = [
                *GARBAGE,
                *(content[:length] for length in range(0, len(content), 5)),
                *(content[:middle] + junk + content[middle:] for junk in (b"\x00", b'"', b"\xff", b"\r", b"\xe7\xa5")),
                content + b"x" * (3 << 20),
                content.decode().encode("utf-16"),
                content.decode().encode("gb18030")[:-3],
            ]
            for each in hostile:
                _check_refusals(adapter, name, each)

    async def test_refused_entries_can_be_noted_whatever_the_name(self, tmp_path: Path) -> None:
        async with self.running(tmp_path) as adapter:
            assert isinstance(adapter, FolderSource)
            for name in ("a", "信" * 80, "a\nb", "\udcff\udcfe", "=cmd|calc"):
                note = adapter.note(name + adapter.suffix, None, {1: "原因"})
                assert "原因".encode() in b"".join(note.content)
                assert len(note.name.encode("utf-8", "surrogateescape")) < _MAX_NAME_BYTES
                assert "/" not in note.name


def _read(adapter: Adapter[Any], name: str, content: bytes) -> list[Entry]:
    assert isinstance(adapter, FolderSource)
    return list(adapter.entries(name, io.BytesIO(content)))


def _check_refusals(adapter: Adapter[Any], name: str, content: bytes) -> None:
    """Read a broken file, and write the note about it; a problem's text gives nobody away."""
    assert isinstance(adapter, FolderSource)
    problems: dict[int, str] = {}
    try:
        for entry in adapter.entries(name, io.BytesIO(content)):
            if entry.value is None:
                problems[entry.line] = entry.problem
    except FileRefused as error:
        problems[error.line] = str(error)
    assert all(problems.values()), "an entry that is not taken says why"
    assert not any(word in text for text in problems.values() for word in CITIZEN)
    if problems:
        assert b"".join(adapter.note(name, io.BytesIO(content), problems).content)
