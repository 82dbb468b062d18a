"""信访's side of its exchange folder: tables of letters go into ``in/``, answers are found in ``out/``.

Owns: the files of one 信访 feed. Must not: import the daemon, or know what an answer means. Source: contract section 7.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.testing.counterparts.drop import LONG_AGO
from bridge.testing.counterparts.ledger import Entry

Row = Mapping[str, str]
"""One letter's cells by Chinese label."""


class PetitionDesk:
    """The folder of one feed; every file of ``out/`` is remembered with its first content."""

    def __init__(self, directory: Path, feed: str = "petition") -> None:
        self.directory = directory
        self.feed = feed
        self.changed: list[str] = []
        """Names of answers that were written again with another content, or taken back."""
        self._seen: dict[str, Entry] = {}

    def hand_in(self, name: str, rows: Sequence[Row], encoding: str = "gbk") -> None:
        """Put one table into ``in/`` in one move, dated long ago: a file written just now is left alone for a while."""
        inbox = self.directory / "in"
        inbox.mkdir(parents=True, exist_ok=True)
        temporary = inbox / f"{name}.tmp"
        temporary.write_bytes(table(rows, encoding))
        os.utime(temporary, (LONG_AGO, LONG_AGO))
        temporary.rename(inbox / name)

    def names(self, where: str) -> list[str]:
        """Return the names in ``in``, ``done``, ``bad`` or ``out``; the daemon's temporary files are none."""
        return sorted(path.name for path in (self.directory / where).glob("[!.]*"))

    def taken(self, name: str) -> bool:
        """Tell whether a table was taken whole: it is in ``done/`` and no longer in ``in/``."""
        return (self.directory / "done" / name).exists() and not (self.directory / "in" / name).exists()

    def refused(self, name: str) -> str:
        """Return what was said about the refused rows of a table; nothing if none was."""
        path = self.directory / "bad" / f"{name.removesuffix('.csv')}.errors.csv"
        return path.read_text(encoding="utf-8-sig") if path.exists() else ""

    def received(self, after: int = 0) -> list[Entry]:
        """Look into ``out/`` and return the answers after number ``after``, in order of first arrival."""
        present = sorted((self.directory / "out").glob("[!.]*.json"), key=lambda path: path.stat().st_mtime_ns)
        self.changed += sorted(set(self._seen) - {path.name for path in present})
        for path in present:
            self._read(path)
        return list(self._seen.values())[after:]

    def _read(self, path: Path) -> None:
        """Remember a new answer; another content under a known name is a contradiction."""
        raw = path.read_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        known = self._seen.get(path.name)
        if known is None:
            self._seen[path.name] = Entry(len(self._seen) + 1, path.name, self.feed, json.loads(raw), digest)
        elif known.digest != digest:
            self.changed.append(path.name)


def table(rows: Sequence[Row], encoding: str) -> bytes:
    """Return rows as 信访's export writes them: labels of all rows as the header, CRLF."""
    labels = list(dict.fromkeys(label for row in rows for label in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, labels, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)
