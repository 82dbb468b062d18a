"""Tables for people who open them in Excel or WPS: CSV with a byte order mark, and XLSX.

Owns: the guard against cells that a spreadsheet would execute, the frozen header, widths and number formats.
Must not: know what a table is about.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from rich.cells import cell_len

from bridge.csv_records import FORMULA

Cell = str | int | float | None
_MOST_WIDTH = 40
_LINE_POINTS = 12
_CHARACTERS_PER_MM = 0.5
"""A column of Excel is measured in digits of its standard font, about two millimetres each."""


@dataclass(frozen=True, slots=True)
class Print:
    """A table made to be printed, A4 across: what stands above it on every page, and the widths of its columns in mm."""

    titles: Sequence[str]
    widths: Sequence[int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its name, its heads, and its lines. ``percent`` are the columns whose numbers are rates."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    percent: frozenset[int] = frozenset()
    printed: Print | None = None


def guarded(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def as_csv(sheets: Sequence[Sheet]) -> bytes:
    """Render tables under each other, an empty line between them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for number, sheet in enumerate(sheets):
        writer.writerows([[]] if number else [])
        writer.writerow([guarded(head) for head in sheet.heads])
        writer.writerows([guarded(cell) for cell in line] for line in sheet.lines)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Render a workbook, a table a sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        page.append([guarded(head) for head in sheet.heads])
        for line in sheet.lines:
            page.append([guarded(cell) for cell in line])
        page.freeze_panes = "A2"
        for head in page[1]:
            head.font = Font(bold=True)
        for row in page.iter_rows(min_row=2):
            for column, cell in enumerate(row):
                if isinstance(cell.value, (int, float)):
                    cell.number_format = "0.0%" if column in sheet.percent else "0"
        for column, head in enumerate(sheet.heads):
            widths = [
                cell_len(str(cell)) for cell in (head, *(line[column] for line in sheet.lines)) if cell is not None
            ]
            page.column_dimensions[get_column_letter(column + 1)].width = min(max(widths, default=4) + 2, _MOST_WIDTH)
        if sheet.printed is not None:
            _make_printable(page, sheet.printed)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _make_printable(page: Worksheet, printed: Print) -> None:
    """Fit a table to A4 across: its head on every page, lines around its cells, page numbers at the foot."""
    side = Side(style="thin")
    for row in page.iter_rows():
        for cell in row:
            cell.border = Border(side, side, side, side)
            cell.alignment = Alignment(wrap_text=True, vertical="center" if cell.row == 1 else "top")
            cell.font = Font(name="宋体", size=9, bold=cell.row == 1)
    for column, width in enumerate(printed.widths, start=1):
        page.column_dimensions[get_column_letter(column)].width = width * _CHARACTERS_PER_MM
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = "1:1"
    page.page_margins.left = page.page_margins.right = page.page_margins.bottom = 0.4
    page.page_margins.top, page.page_margins.header = 0.9, 0.3
    title, *rest = printed.titles
    page.HeaderFooter.oddHeader = HeaderFooterItem(
        center=_HeaderFooterPart(f'&"宋体,Bold"&14{title}'),
        right=_HeaderFooterPart(f'&"宋体,Regular"&9{" ".join(rest)}'),
    )
    page.HeaderFooter.oddFooter = HeaderFooterItem(center=_HeaderFooterPart("第 &P 页 共 &N 页"))
    for number, row in enumerate(page.iter_rows(), start=1):
        lines = [_lines(str(cell.value or ""), width) for cell, width in zip(row, printed.widths, strict=True)]
        page.row_dimensions[number].height = max(lines) * _LINE_POINTS + _LINE_POINTS / 2


def _lines(text: str, width: int) -> int:
    """Return how many lines a text takes in a column of so many millimetres; a spreadsheet does not ask by itself."""
    room = max(int(width * _CHARACTERS_PER_MM) - 1, 1)
    return sum(max(-(-cell_len(line) // room), 1) for line in text.split("\n"))


def write(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write tables into a file, whose ending says how. Raises ValueError for another ending, OSError."""
    writers = {".csv": as_csv, ".xlsx": as_xlsx}
    if path.suffix.lower() not in writers:
        raise ValueError("文件名须以 .csv 或 .xlsx 结尾")
    path.write_bytes(writers[path.suffix.lower()](sheets))
