"""A sheet of official paper: A4, the margins, fonts and line spacing of GB/T 9704-2012.

Owns: page set-up, the paragraph forms, the page number. Must not: know a document. Source: GB/T 9704-2012, 5 to 7.
"""

from __future__ import annotations

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

TITLE, BODY, HEAVY = "方正小标宋简体", "仿宋_GB2312", "黑体"
SIZE_2, SIZE_SMALL_2, SIZE_3, SIZE_4, SIZE_5 = 22, 18, 16, 14, 12
"""二号, 小二 for an issuer with a long name, 三号, 四号, and 小四 for tables, in points."""
LINE_POINTS = 28
RED = RGBColor(0xE6, 0x00, 0x12)
CENTER, RIGHT, LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT
_FALLBACKS = {
    TITLE: "宋体;SimSun;Noto Serif CJK SC",
    BODY: "仿宋;FangSong;Noto Serif CJK SC",
    HEAVY: "SimHei;Noto Sans CJK SC",
}


def sheet() -> Docx:
    """Return an empty document on A4 with the margins 37/35/28/26 mm and a page number at the foot."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(SIZE_3)
    _font(normal.element.get_or_add_rPr(), BODY)
    spacing = normal.paragraph_format
    spacing.line_spacing_rule, spacing.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(LINE_POINTS)
    spacing.space_before = spacing.space_after = Pt(0)
    _page_number(section.footer.paragraphs[0])
    _name_fallbacks(document)
    return document


def _font(properties: object, name: str) -> None:
    fonts = properties.get_or_add_rFonts()  # type: ignore[attr-defined]
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:hint"), "eastAsia")


def write(paragraph: Paragraph, text: str, *, font: str = BODY, size: int = SIZE_3) -> Paragraph:
    """Put a text into a paragraph."""
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    _font(run._element.get_or_add_rPr(), font)  # noqa: SLF001 - python-docx has no other way to East Asian fonts
    return paragraph


def line(
    document: Docx, text: str, *, font: str = BODY, size: int = SIZE_3, align: WD_ALIGN_PARAGRAPH | None = None
) -> Paragraph:
    """Add a line that is not indented."""
    paragraph = write(document.add_paragraph(), text, font=font, size=size)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def body(document: Docx, text: str, *, font: str = BODY) -> Paragraph:
    """Add a paragraph of the text, its first line indented by two characters."""
    paragraph = write(document.add_paragraph(), text, font=font)
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()  # noqa: SLF001 - as above
    indent.set(qn("w:firstLineChars"), "200")
    indent.set(qn("w:firstLine"), str(2 * SIZE_3 * 20))
    return paragraph


def head(document: Docx, *, issuer_size: int = SIZE_2) -> None:
    """Add the issuing office in red, the 文号, the red line and the title."""
    issuer = line(document, "{{ 发文机关 }}", font=TITLE, size=issuer_size, align=CENTER)
    issuer.runs[0].font.color.rgb = RED
    number = line(document, "{{ 文号 }}", align=CENTER)
    number.paragraph_format.space_before = Pt(LINE_POINTS / 2)
    number._p.get_or_add_pPr().append(  # noqa: SLF001 - as above
        parse_xml(f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="12" w:space="4" w:color="E60012"/></w:pBdr>')
    )
    title = line(document, "{{ 标题 }}", font=TITLE, size=SIZE_2, align=CENTER)
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(LINE_POINTS)
    title.paragraph_format.line_spacing = Pt(32)


def sign(document: Docx) -> None:
    """Add the 落款 and the date, kept together on one page with the last line of the text: never on a page of their own."""
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph().paragraph_format.keep_with_next = True
    for text in ("{{ 落款 }}", "{{ 成文日期 }}"):
        paragraph = line(document, text, align=RIGHT)
        paragraph.paragraph_format.keep_together = True
        paragraph.paragraph_format.keep_with_next = text.startswith("{{ 落")
        paragraph._p.get_or_add_pPr().get_or_add_ind().set(qn("w:rightChars"), "200")  # noqa: SLF001 - as above


def cell(table: Table, row: int, column: int, text: str, *, label: bool = False) -> None:
    """Put a text into a cell of a form."""
    paragraph = write(table.cell(row, column).paragraphs[0], text, font=HEAVY if label else BODY, size=SIZE_5)
    paragraph.paragraph_format.line_spacing = Pt(20)
    paragraph.alignment = CENTER if label else LEFT


def grid(document: Docx, rows: int, widths_mm: tuple[int, ...]) -> Table:
    """Add a ruled table; rows are not torn apart at a page's end, long ones may break."""
    table: Table = document.add_table(rows, len(widths_mm))
    table.style = document.styles["Table Grid"]
    table.autofit = False
    for column, width in enumerate(widths_mm):
        table.columns[column].width = Mm(width)
        for each in table.columns[column].cells:
            each.width = Mm(width)
    return table


def _page_number(paragraph: Paragraph) -> None:
    paragraph.alignment = CENTER
    write(paragraph, "- ", size=SIZE_4)
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("value", "1"), ("end", "")):
        run = write(paragraph, text if kind == "value" else "", size=SIZE_4).runs[-1]
        if kind == "":
            inner = f'<w:instrText {nsdecls("w")} xml:space="preserve"> {text} </w:instrText>'
        else:
            inner = f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>'
        if kind != "value":
            run._element.append(parse_xml(inner))  # noqa: SLF001 - as above
    write(paragraph, " -", size=SIZE_4)


def _name_fallbacks(document: Docx) -> None:
    """Tell the reader's computer which fonts to take where ours are not installed."""
    part = next(p for p in document.part.package.iter_parts() if str(p.partname) == "/word/fontTable.xml")
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
        for name, others in _FALLBACKS.items()
    )
    part._blob = part.blob.replace(b"</w:fonts>", f"{entries}</w:fonts>".encode())  # noqa: SLF001 - as above
