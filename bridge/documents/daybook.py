"""The 台账 on paper: as an Excel workbook and as a Word document, A4 across, its head on every page.

Owns: columns, widths and the room left for writing by hand. Must not: read the ledger.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

from bridge.core.civil import SHANGHAI
from bridge.core.daybook import DayLine
from bridge.documents.drawing.page import BODY, CENTER, HEAVY, LEFT, TITLE, sheet, write
from bridge.pipeline.daybook import Contact, Daybook
from bridge.sheets import Cell, Print, Sheet, as_xlsx

COLUMNS: tuple[tuple[str, int], ...] = (
    ("序号", 9), ("工单编号", 36), ("受理", 15), ("类别、事项", 48), ("诉求人、电话", 27), ("被反映单位", 24),
    ("主办／联办", 18), ("状态", 15), ("下一步（期限）", 54), ("答复期限", 17), ("办理记录", 14),
)  # fmt: skip
"""Heads and widths in millimetres: the 277 that A4 across leaves between margins of 10."""
CONTACTS = (("单位", 60), ("联系人", 40), ("电话", 60), ("联络员", 110))
_MARGIN_MM = 10
_SMALL, _LINE = 9, 12


def _row(book: Daybook, number: int, line: DayLine) -> list[str]:
    return [
        str(number),
        "\n".join(line.numbers),
        _day(line.received_at, book.at),
        f"{line.category}\n{line.matter}",
        "\n".join(filter(None, dict.fromkeys((line.petitioner, line.phone)))),
        line.counterparty,
        "\n".join((line.lead or "（未分派）", *line.co_units)),
        line.state,
        "\n".join(line.steps),
        _day(line.reply_at, book.at) + ("\n超期" if line.overdue else ""),
        "",
    ]


def _day(moment: datetime | None, today: datetime) -> str:
    """Write a day, with its year where that is not this one."""
    if moment is None:
        return ""
    day, same_year = moment.astimezone(SHANGHAI), moment.astimezone(SHANGHAI).year == today.astimezone(SHANGHAI).year
    return f"{day:%m-%d}" if same_year else f"{day:%Y-%m-%d}"


def _contact(contact: Contact) -> list[str]:
    return [contact.unit, contact.person, contact.phone, "、".join(contact.coordinators)]


def title_of(book: Daybook) -> str:
    """Return the 台账's title."""
    whose = f"（{book.reader}）" if book.reader else ""
    return f"社会保险费征缴争议在办案件台账{whose}"


def subtitle_of(book: Daybook) -> str:
    """Return how many cases there are, and as of when."""
    late = sum(line.overdue for line in book.lines)
    return f"截至 {book.at.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}，在办 {len(book.lines)} 件，其中超期 {late} 件"


def workbook(book: Daybook) -> bytes:
    """Return the 台账 as XLSX: the cases, and whom to call."""
    lines: list[Sequence[Cell]] = [_row(book, number, line) for number, line in enumerate(book.lines, start=1)]
    people: list[Sequence[Cell]] = [_contact(contact) for contact in book.contacts]
    head = (title_of(book), subtitle_of(book))
    return as_xlsx(
        [
            Sheet("台账", [name for name, _ in COLUMNS], lines, printed=Print(head, [mm for _, mm in COLUMNS])),
            Sheet(
                "通讯录",
                [name for name, _ in CONTACTS],
                people,
                printed=Print(("单位通讯录",), [mm for _, mm in CONTACTS]),
            ),
        ]
    )


def word(book: Daybook) -> bytes:
    """Return the 台账 as a Word document."""
    document = sheet()
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = Mm(_MARGIN_MM)
    section.bottom_margin, section.footer_distance = Mm(16), Mm(8)
    _headline(document.add_paragraph(), title_of(book), TITLE, 18)
    _headline(document.add_paragraph(), subtitle_of(book), BODY, 11)
    lines = [_row(book, number, line) for number, line in enumerate(book.lines, start=1)]
    _table(document.add_table(1 + len(lines), len(COLUMNS)), COLUMNS, lines)
    _headline(document.add_paragraph(), "单位通讯录", HEAVY, 12)
    people = [_contact(contact) for contact in book.contacts]
    _table(document.add_table(1 + len(people), len(CONTACTS)), CONTACTS, people)
    document.core_properties.title = title_of(book)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def _headline(paragraph: Paragraph, text: str, font: str, size: int) -> None:
    paragraph.alignment = CENTER
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.keep_with_next = True
    write(paragraph, text, font=font, size=size)


def _table(table: Table, columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]) -> None:
    table.style, table.autofit = "Table Grid", False
    for column, (_, width) in zip(table.columns, columns, strict=True):
        column.width = Mm(width)
    head, *below = table.rows
    _fill(head, columns, [name for name, _ in columns], font=HEAVY)
    _property(head, "w:tblHeader")
    for row, texts in zip(below, rows, strict=True):
        _property(row, "w:cantSplit")
        _fill(row, columns, texts, font=BODY)


def _property(row: _Row, name: str) -> None:
    """Set a flag of a row: its head on every page, or no break inside."""
    flag = OxmlElement(name)
    flag.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(flag)  # noqa: SLF001 - python-docx has no other way


def _fill(row: _Row, columns: Sequence[tuple[str, int]], texts: Sequence[str], *, font: str) -> None:
    for cell, (_, width), text in zip(row.cells, columns, texts, strict=True):
        cell.width = Mm(width)
        paragraph = cell.paragraphs[0]
        paragraph.alignment = CENTER if font == HEAVY else LEFT
        paragraph.paragraph_format.line_spacing = Pt(_LINE)
        write(paragraph, text, font=font, size=_SMALL)
