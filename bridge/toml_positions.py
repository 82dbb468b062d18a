"""Where each key of a TOML text stands, because the standard parser does not tell.

Owns: a scanner for headers and keys. Must not: validate; the text has been accepted by ``tomllib`` before.
"""

from __future__ import annotations

import re
import tomllib

Position = tuple[int, int]
Path = tuple[str, ...]

_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*\[\[?\s*({_DOTTED})\s*\]")
_ASSIGNMENT = re.compile(rf"^\s*({_DOTTED})\s*=")
_PART = re.compile(_KEY)
_MARK = re.compile(r"\"\"\"|'''|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|#.*|[\[\]{}]")
_SYNTAX = re.compile(r"\(at line (\d+), column (\d+)\)")


def positions(text: str) -> dict[Path, Position]:
    """Map every table and key to its line and column, both from 1."""
    found: dict[Path, Position] = {}
    table: Path = ()
    rest = _Rest()
    for number, line in enumerate(text.splitlines(), start=1):
        if rest.open:
            rest.feed(line)
            continue
        if header := _HEADER.match(line):
            table = _parts(header[1])
            _note(found, (), table, (number, header.start(1) + 1))
        elif assignment := _ASSIGNMENT.match(line):
            _note(found, table, _parts(assignment[1]), (number, assignment.start(1) + 1))
            rest.feed(line[assignment.end() :])
    return found


def nearest(found: dict[Path, Position], path: Path) -> Position | None:
    """Look up a path, or the closest thing around it that has a position."""
    return next((found[path[:length]] for length in range(len(path), 0, -1) if path[:length] in found), None)


def syntax_position(error: tomllib.TOMLDecodeError) -> Position | None:
    """Read the position out of the parser's message."""
    match = _SYNTAX.search(str(error))
    return (int(match[1]), int(match[2])) if match else None


def _note(found: dict[Path, Position], table: Path, key: Path, position: Position) -> None:
    for length in range(1, len(key) + 1):
        found.setdefault(table + key[:length], position)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


class _Rest:
    """Follows a value over line ends: arrays, inline tables and multi-line texts."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""

    @property
    def open(self) -> bool:
        """Whether the value goes on in the next line."""
        return bool(self._depth or self._quote)

    def feed(self, line: str) -> None:
        """Take one more line of the value."""
        start = 0
        while start <= len(line):
            if self._quote:
                start = self._leave_text(line, start)
            elif mark := _MARK.search(line, start):
                start = mark.end()
                self._take(mark[0])
            else:
                return

    def _leave_text(self, line: str, start: int) -> int:
        end = line.find(self._quote, start)
        if end < 0:
            return len(line) + 1
        self._quote = ""
        return end + 3

    def _take(self, mark: str) -> None:
        if mark in {'"""', "'''"}:
            self._quote = mark
        elif mark in "[{":
            self._depth += 1
        elif mark in "]}":
            self._depth -= 1
