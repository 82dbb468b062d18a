"""Templates: the form of the sheet, what texts and templates cannot do, the county's own, the same bytes twice."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docx import Document

from bridge.core.documents import DocumentKind
from bridge.documents.drawing.__main__ import draw_all
from bridge.documents.package import TemplateRefused, packed, unpacked
from bridge.documents.shelf import SHIPPED, Shelf, write_shipped
from bridge.documents.template import Template
from bridge.documents.titles import template_name
from tests.documents.conftest import part, words

AT = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = pytest.mark.parametrize("kind", list(DocumentKind))


def county(text: str) -> bytes:
    document, target = Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(target)
    return target.getvalue()


def rendered(text: str, **fields: object) -> str:
    return words(Template.read("本县", county(text)).render(fields, title="t", issued_at=AT))


@KINDS
def test_the_sheet_has_the_form_of_official_papers(kind: DocumentKind) -> None:
    """Source: GB/T 9704-2012: A4, 37/35/28/26 mm, 28 points, 三号仿宋, 二号小标宋, page number 四号."""
    content = Shelf().template(kind).render({"文号": "泽社争登〔2026〕1号"}, title="t", issued_at=AT)
    xml, styles = part(content), part(content, "word/styles.xml")
    assert '<w:pgSz w:w="11906" w:h="16838"/>' in xml
    for margin in ('w:top="2098"', 'w:bottom="1984"', 'w:left="1587"', 'w:right="1474"'):
        assert margin in xml
    assert 'w:lineRule="exact" w:line="560"' in styles
    assert 'w:eastAsia="仿宋_GB2312"' in styles
    assert '<w:sz w:val="32"/>' in styles
    assert 'w:eastAsia="方正小标宋简体"' in xml
    assert '<w:sz w:val="44"/>' in xml
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        feet = [archive.read(n).decode() for n in archive.namelist() if n.startswith("word/footer")]
        fonts = archive.read("word/fontTable.xml").decode()
    assert any(" PAGE " in foot and "- " in foot and '<w:sz w:val="28"/>' in foot for foot in feet)
    assert "Noto Serif CJK SC" in fonts
    assert "泽社争登〔2026〕1号" in words(content)


@KINDS
def test_the_same_fields_give_the_same_bytes(kind: DocumentKind) -> None:
    fields = {"标题": "甲", "依据": ["一", "二"]}
    one = Shelf().template(kind).render(fields, title="t", issued_at=AT)
    assert one == Shelf().template(kind).render(fields, title="t", issued_at=AT)


def test_the_shipped_templates_are_what_the_drawing_draws(tmp_path: Path) -> None:
    draw_all(tmp_path)
    for kind in DocumentKind:
        name = template_name(kind)
        drawn, shipped = ((folder / name).read_bytes() for folder in (tmp_path, SHIPPED))
        own = "docProps/core.xml"
        assert {**unpacked("", drawn), own: b""} == {**unpacked("", shipped), own: b""}


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ 7*7 }}", "{% for x in range(9) %}", "{{ ''.__class__.__mro__ }}", "<w:p/><w:t>", "]]>&amp;&lt;", "{%tr x %}",
        "</w:t></w:r></w:p><w:p><w:r><w:t>", "${7*7}", "{#", "&xxe;", "\u202e倒\u200b写", "\x00\x07\x0b\x0c\ud800",
    ],
)  # fmt: skip
def test_a_hostile_text_stays_a_text(hostile: str) -> None:
    content = Template.read("本县", county("前{{ 文 }}后")).render({"文": hostile}, title=hostile[:0], issued_at=AT)
    Document(io.BytesIO(content))
    text = words(content)
    assert text.startswith("前")
    assert text.endswith("后")
    assert "49" not in text
    assert not set("\u202e\u200b\x00\x07") & set(text)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__()() }}", "{{ 标题.__init__.__globals__() }}", "{{ 标题.format(1) }}",
        "{{ 'a' * 99999999 }}", "{{ 9 ** 999 }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum() }}", "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{{ self.__init__() }}",
        "{{ 标题|attr('__class__') }}", "{% for x in range(99999999) %}x{% endfor %}",
    ],
)  # fmt: skip
def test_a_template_can_neither_call_nor_compute_nor_read_files(attack: str) -> None:
    try:
        text = rendered(attack, 标题="甲")
    except TemplateRefused:
        return
    assert set(text) <= {"＿", "甲", "\n"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{% if 文号 %}甲", "缺少收尾的标签"),
        ("{{ 文号|upper }}", "不能使用的过滤器"),
        ("{% fi %}", "不认识的标签"),
        ("{{ 文号 ) }}", "有误"),
    ],
)
def test_a_mistake_is_named_with_its_place(wrong: str, said: str) -> None:
    with pytest.raises(TemplateRefused, match=said) as refused:
        Template.read("答复书", county(wrong))
    assert "答复书" in str(refused.value)


def test_a_missing_field_is_a_blank_to_write_on() -> None:
    assert rendered("致{{ 没有.这个.字段 }}", 空=None) == "致＿＿＿＿"
    assert rendered("致{{ 空 }}", 空=None) == "致＿＿＿＿"


def test_the_countys_template_wins_and_changes_at_once(tmp_path: Path) -> None:
    assert len(write_shipped(tmp_path)) == len(DocumentKind)
    assert write_shipped(tmp_path) == []
    shelf = Shelf(tmp_path)
    (tmp_path / "minutes.docx").write_bytes(county("本县纪要{{ 文号 }}"))
    made = shelf.template(DocumentKind.MINUTES).render({"文号": "一号"}, title="t", issued_at=AT)
    assert words(made) == "本县纪要一号"


def test_macros_links_and_bombs_are_refused() -> None:
    parts = unpacked("", county("甲"))
    linked = b'<Relationship Id="r" Type="http://x/attachedTemplate" Target="http://evil/x" TargetMode="External"/>'
    rels = parts["word/_rels/document.xml.rels"].replace(b"</Relationships>", linked + b"</Relationships>")
    for wrong, said in (
        (packed({**parts, "word/vbaProject.bin": b"x"}), "宏"),
        (packed({**parts, "word/_rels/document.xml.rels": rels}), "外部"),
        (packed({**parts, "word/media/a.bin": bytes(30 << 20)}), "过大"),
        (b"not a zip", ".docx"),
    ):
        with pytest.raises(TemplateRefused, match=said):
            Template.read("本县", wrong)
