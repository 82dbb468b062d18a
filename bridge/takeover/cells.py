"""The cells of one line by column, and the problems found in them.

Owns: reading one cell. Must not: echo what a cell holds; it may be a citizen's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from bridge.takeover.columns import name_of
from bridge.takeover.reading import Line, Table
from bridge.takeover.words import instant_of, near, text_of

T = TypeVar("T")
_SEPARATORS = re.compile(r"[、,，;；/\s]+")
_NAMED = 12
"""How many accepted words a refusal lists."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a line: its number, the column's name, what to do."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        """Render for a person."""
        return f"第 {self.row} 行“{self.column}”：{self.message}"


@dataclass(slots=True)
class Cells:
    """One line of a table."""

    line: Line
    table: Table
    problems: list[RowProblem] = field(default_factory=list)

    def problem(self, key: str, message: str) -> None:
        """Note what is wrong with a column (by its key, or a name of its own)."""
        self.problems.append(RowProblem(self.line.number, name_of(key), message))

    def text(self, key: str, *, required: bool = False) -> str:
        """Return a cell's text."""
        text = text_of(self.line.at(self.table.heading.places.get(key)))
        if required and not text:
            self.problem(key, "不能为空")
        return text

    def instant(self, key: str, *, required: bool = False, end_of_day: bool = False) -> datetime | None:
        """Read a date or a moment (UTC)."""
        cell = self.line.at(self.table.heading.places.get(key))
        if cell == "":
            if required:
                self.problem(key, "不能为空；不清楚时刻就只填日期，如 2026年3月2日")
            return None
        try:
            return instant_of(cell, end_of_day=end_of_day).astimezone(UTC)
        except (ValueError, OverflowError):
            self.problem(key, "不是日期；可写 2026-03-02、2026/3/2、2026年3月2日，或用 Excel 日期")
            return None

    def word(self, key: str, known: Mapping[str, T], *, required: bool = False) -> T | None:
        """Read one of the known words."""
        text = self.text(key, required=required)
        if text and text not in known:
            self.problem(key, f"不认识这个说法{near(text, known)} 可写：{'、'.join(list(known)[:_NAMED])}")
        return known.get(text)

    def words(self, key: str, known: Mapping[str, str]) -> tuple[str, ...]:
        """Read several of the known words."""
        texts = [text for text in _SEPARATORS.split(self.text(key)) if text]
        for text in texts:
            if text not in known:
                self.problem(key, f"有一个单位规则里没有{near(text, known)} 几个单位用顿号隔开")
        return tuple(dict.fromkeys(known[text] for text in texts if text in known))

    def opinions(self) -> list[tuple[str, str]]:
        """Return the units' opinions on paper: the name in the column's head, and the words."""
        places = self.table.heading.opinions
        return [(name, text) for name, place in places.items() if (text := text_of(self.line.at(place)))]

    def rest(self) -> dict[str, str]:
        """Return the remark, and the columns nobody knows, as they stand."""
        known = {*self.table.heading.places.values(), *self.table.heading.opinions.values()}
        more = {title: text for n, (title, text) in enumerate(self._titled()) if n not in known}
        return {title: text for title, text in (("备注", self.text("note")), *more.items()) if title and text}

    def as_written(self) -> dict[str, str]:
        """Return the whole line, by its heads."""
        return {title: text for title, text in self._titled() if title}

    def _titled(self) -> list[tuple[str, str]]:
        return [(title, text_of(self.line.at(n))) for n, title in enumerate(self.table.titles)]
