"""The lines of a spreadsheet, as text and dates, from XLSX, XLS or CSV.

Owns: finding the sheet and its header. Must not: know what a column means beyond its name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from bridge.csv_records import ENCODINGS, plain
from bridge.errors import FileRefused
from bridge.os_errors import worded
from bridge.takeover.columns import Heading, heading_of, looks_like_heading

Cell = str | datetime | date
_SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_HEADER_WITHIN = 20
"""How many lines of title may stand above the header."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line below the header; ``number`` is the row as the spreadsheet shows it."""

    number: int
    cells: tuple[Cell, ...]

    def at(self, place: int | None) -> Cell:
        """Return a cell; an absent one is empty."""
        return self.cells[place] if place is not None and place < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: its header and its lines."""

    heading: Heading
    titles: tuple[str, ...]
    lines: tuple[Line, ...]


def read_table(path: Path, sheet: str | None = None) -> Table:
    """Read a file. Raises FileRefused with the remedy."""
    if path.suffix.lower() in _SHEETS:
        rows = list(_of_workbook(path, sheet))
    elif path.suffix.lower() == ".csv":
        rows = list(_of_csv(path))
    else:
        raise FileRefused("文件名须以 .xlsx、.xls 或 .csv 结尾")
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        titles = tuple(str(cell) for cell in row)
        if looks_like_heading(titles):
            return _table(titles, rows[index + 1 :], first=index + 2)
    raise FileRefused(
        f"前 {_HEADER_WITHIN} 行里没有表头；表头须含“工单编号”“诉求内容”“受理日期”，可用 --template 生成模板"
    )


def _table(titles: tuple[str, ...], rows: Sequence[Sequence[Cell]], first: int) -> Table:
    heading = heading_of(titles)
    if heading.problems:
        raise FileRefused("表头：" + "；".join(heading.problems) + "。可用 --template 生成模板对照")
    lines = tuple(Line(first + index, tuple(row)) for index, row in enumerate(rows) if any(row))
    return Table(heading, titles, lines)


def _of_workbook(path: Path, sheet: str | None) -> Iterator[list[Cell]]:
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            raise FileRefused(f"没有工作表“{sheet}”；有：{'、'.join(names)}")
        rows = book.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        raise FileRefused(f"表格读不出来（{type(error).__name__}）；请用 Excel 或 WPS 另存为 .xlsx 再试") from None
    for row in rows:
        yield [_cell(value) for value in row]


def _cell(value: object) -> Cell:
    """Return what a cell says: a date stays one, a whole number loses its ``.0``, anything else is its text."""
    if isinstance(value, datetime | date):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, time | timedelta | bool) or value is None:
        return "" if value is None else str(value)
    return plain(str(value))


def _of_csv(path: Path) -> Iterator[list[Cell]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"文件读不出来：{worded(error)}") from None
    text = _decoded(raw)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield [plain(cell) for cell in row]
    except csv.Error:
        raise FileRefused("引号或换行不合 CSV 格式；请用 Excel 或 WPS 另存为 .xlsx 再试") from None


def _decoded(raw: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.removeprefix(b"\xef\xbb\xbf").decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused("文字编码不是 UTF-8 或 GBK；请另存为 CSV UTF-8 或 .xlsx")
