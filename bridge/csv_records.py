"""CSV as counterparts really write it: one bad record never takes its neighbours with it.

Owns: telling UTF-8 from GBK by the header, putting records together from lines within bounds, resuming after a
quotation mark that never closes. Must not: know a column. Source: contract section 7; RFC 4180 for the format.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from bridge.errors import FileRefused

MAX_RECORD_BYTES = 1 << 20
"""A longer record is refused; 20,000 characters of content are 80 kB at most."""

ENCODINGS = ("utf-8", "gb18030")
"""GB18030 contains GBK and GB2312. In both, a trailing byte is never a comma, a quotation mark or a line end."""

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One record: its cells, or what is wrong with it; ``line`` is where it begins, from 1."""

    line: int
    raw: bytes
    cells: tuple[str, ...] = ()
    problem: str = ""


class CsvTable:
    """A file with a header. Iterating reads it once, one record in memory at a time.

    ``recognise`` is given a header's cells and returns why it is none of ours, or None: that also tells the encoding.
    """

    def __init__(self, file: BinaryIO, recognise: Callable[[Sequence[str]], str | None]) -> None:
        """Read the header.

        Raises:
            FileRefused: there is no header of ours in any encoding.
        """
        self._lines = _Lines(file)
        first = self._lines.next_record()
        if first is None:
            raise FileRefused("文件是空的")
        if first.raw.startswith(_BOMS):
            raise FileRefused("文件是 UTF-16，请另存为 CSV UTF-8")
        raw = first.raw.removeprefix(codecs.BOM_UTF8)
        found = [_header(raw, encoding, recognise) for encoding in ENCODINGS]
        chosen = next((each for each in found if not each.problem), None)
        if chosen is None:
            raise FileRefused(found[0].problem if found[0].cells else found[-1].problem)
        self.header = chosen.cells
        self.encoding = ENCODINGS[found.index(chosen)]

    def __iter__(self) -> Iterator[CsvRecord]:
        """Read the records; blank lines are passed over."""
        while (record := self._lines.next_record()) is not None:
            if record.problem:
                yield record
                continue
            read = _cells(record, self.encoding, len(self.header))
            if read.problem and self._lines.was_long:
                self._lines.back_to_second_line()
            if read.cells or read.problem:
                yield read


@dataclass(slots=True)
class _Lines:
    """Puts physical lines together to records, and can go back to the second line of the last one."""

    file: BinaryIO
    offset: int = 0
    line: int = 1
    was_long: bool = False
    _second: tuple[int, int] = (0, 0)

    def next_record(self) -> CsvRecord | None:
        """Read up to the end of a record; None at the end of the file."""
        start, begins_at = self.line, self.offset
        first = self.file.readline(MAX_RECORD_BYTES)
        if not first:
            return None
        self._advance(first)
        if len(first) >= MAX_RECORD_BYTES and not first.endswith(b"\n"):
            self._skip_line()
            return CsvRecord(start, first[:1000], problem="一行超过 1 MiB")
        self._second, self.was_long = (begins_at + len(first), start + 1), False
        return self._complete(start, first)

    def _complete(self, start: int, first: bytes) -> CsvRecord:
        parts, size, is_open = [first], len(first), _ends_open(first, is_open=False)
        while is_open:
            more = self.file.readline(MAX_RECORD_BYTES)
            size += len(more)
            if not more or size > MAX_RECORD_BYTES:
                self.back_to_second_line()
                return CsvRecord(start, first, problem="引号没有闭合")
            self._advance(more)
            self.was_long = True
            parts.append(more)
            is_open = _ends_open(more, is_open=True)
        return CsvRecord(start, b"".join(parts))

    def back_to_second_line(self) -> None:
        """Go on after the first line of the last record: what looked like one were several."""
        self.offset, self.line = self._second
        self.file.seek(self.offset)

    def _advance(self, part: bytes) -> None:
        self.offset += len(part)
        self.line += part.endswith(b"\n")

    def _skip_line(self) -> None:
        while part := self.file.readline(MAX_RECORD_BYTES):
            self._advance(part)
            if part.endswith(b"\n"):
                return


def _ends_open(line: bytes, *, is_open: bool) -> bool:
    """Tell whether a quoted cell goes on in the next line; a quotation mark opens only at a cell's beginning."""
    at = 0
    while True:
        if is_open:
            at = line.find(b'"', at)
            if at < 0:
                return True
            is_open = line[at + 1 : at + 2] == b'"'
            at += 2 if is_open else 1
        elif line[at : at + 1] == b'"':
            is_open, at = True, at + 1
        else:
            comma = line.find(b",", at)
            if comma < 0:
                return False
            at = comma + 1


def _header(raw: bytes, encoding: str, recognise: Callable[[Sequence[str]], str | None]) -> CsvRecord:
    record = _cells(CsvRecord(1, raw), encoding, None)
    problem = record.problem or recognise(record.cells) or ""
    return CsvRecord(1, raw, record.cells, problem)


def _cells(record: CsvRecord, encoding: str, width: int | None) -> CsvRecord:
    """Decode and split a record. Cells beyond the header count only if they hold something."""
    try:
        cells = _split(record.raw, encoding)
    except UnicodeDecodeError:
        return CsvRecord(record.line, record.raw, problem="含有无法识别的字符，应为 UTF-8 或 GBK 编码")
    except csv.Error:
        return CsvRecord(record.line, record.raw, problem="引号或换行不合 CSV 格式，或单元格过大")
    if b"\x00" in record.raw:
        return CsvRecord(record.line, record.raw, problem="含有空字符（NUL）")
    if not any(cell.strip() for cell in cells):
        return CsvRecord(record.line, record.raw)
    if width is not None and len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    if width is not None and len(cells) != width:
        return CsvRecord(record.line, record.raw, problem=f"有 {len(cells)} 列，表头为 {width} 列")
    return CsvRecord(record.line, record.raw, tuple(cells))


def _split(raw: bytes, encoding: str) -> list[str]:
    return next(csv.reader([raw.decode(encoding)], strict=True), [])


def plain(cell: str) -> str:
    """Return what a cell says: without blanks around it and without the marks that keep a spreadsheet from reckoning."""
    cell = cell.strip().strip("\ufeff\u3000")
    if len(cell) > 2 and cell.startswith('="') and cell.endswith('"'):  # noqa: PLR2004 - the marks themselves
        return cell[2:-1]
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Write rows for a spreadsheet: UTF-8 with BOM; a cell that would be a formula is text. :func:`plain` undoes it."""
    yield codecs.BOM_UTF8
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
        yield line.getvalue().encode("utf-8", "replace")
