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
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from rich.cells import cell_len

from bridge.csv_records import FORMULA

Cell = str | int | float | None
_MOST_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its name, its heads, and its lines. ``percent`` are the columns whose numbers are rates."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    percent: frozenset[int] = frozenset()


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
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def write(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write tables into a file, whose ending says how. Raises ValueError for another ending, OSError."""
    writers = {".csv": as_csv, ".xlsx": as_xlsx}
    if path.suffix.lower() not in writers:
        raise ValueError("文件名须以 .csv 或 .xlsx 结尾")
    path.write_bytes(writers[path.suffix.lower()](sheets))
