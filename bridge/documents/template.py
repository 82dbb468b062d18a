"""One Word template, compiled: fields in, a .docx out, the same bytes for the same fields.

Owns: compiling the text parts of a .docx (docxtpl's tags: ``{{ 字段 }}``, ``{% if %}``, ``{%tr for … %}``,
``{%p if … %}``) and saying in Chinese what is wrong with a template. Must not: know a kind or a case.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import Template as Compiled
from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from lxml import etree
from markupsafe import escape

from bridge.documents.package import Parts, TemplateRefused, packed, unpacked
from bridge.documents.sandbox import TemplateEnvironment, cleaned

_TEXT_PART = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes)\.xml")
_PARAGRAPH = re.compile(r"<w:p(?=[ >])")
_TAGS = re.compile(r"<[^>]+>")
_JINJA = re.compile(r"\{[{%].*?[}%]\}")
MAX_CHARACTERS = 8_000_000
"""A rendered part; a document of a hundred pages has a tenth of that."""
_CORE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title><dc:creator></dc:creator>'
    '<dcterms:created xsi:type="dcterms:W3CDTF">{at}</dcterms:created>'
    '<dcterms:modified xsi:type="dcterms:W3CDTF">{at}</dcterms:modified></cp:coreProperties>'
)
_APP = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"></Properties>'
)
_WORD = DocxTemplate(io.BytesIO())
"""docxtpl's translation of tags, without a document of its own."""
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)

_SAID = (
    (re.compile(r"looking for the following tags: (.+?)\."), "缺少收尾的标签 {0}"),
    (re.compile(r"Encountered unknown tag '(.+?)'"), "不认识的标签 {0}"),
    (re.compile(r"No filter named '(.+?)'"), "不能使用的过滤器 {0}"),
    (re.compile(r"No test named '(.+?)'"), "不能使用的判断 {0}"),
    (re.compile(r"expected token '(.+?)', got '(.+?)'"), "此处应为 {0}，写的是 {1}"),
)


@dataclass(frozen=True)
class Template:
    """A compiled template; ``sha256`` is of the file it came from."""

    name: str
    sha256: str
    parts: Parts
    compiled: Mapping[str, Compiled]

    @classmethod
    def read(cls, name: str, content: bytes) -> Template:
        """Compile a .docx.

        Raises:
            TemplateRefused: the file or one of its tags is wrong; the text names the place.
        """
        parts = unpacked(name, content)
        environment = TemplateEnvironment()
        compiled = {}
        for part in filter(_TEXT_PART.fullmatch, parts):
            source = _PARAGRAPH.sub("\n<w:p", _WORD.patch_xml(_decoded(name, parts[part])))
            compiled[part] = _compiled(name, environment, source)
        return cls(name, hashlib.sha256(content).hexdigest(), parts, compiled)

    def render(self, fields: Mapping[str, Any], *, title: str, issued_at: datetime) -> bytes:
        """Return the document of these fields.

        Raises:
            TemplateRefused: the template does something it may not, or what comes out is no Word document.
        """
        shown = cleaned(dict(fields))
        rendered = {part: self._rendered(template, shown) for part, template in self.compiled.items()}
        core = _CORE.format(title=escape(title), at=issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        own = {"docProps/core.xml": core.encode(), "docProps/app.xml": _APP.encode()}
        replaced = {name: content for name, content in own.items() if name in self.parts}
        return packed({**self.parts, **rendered, **replaced})

    def _rendered(self, template: Compiled, fields: dict[str, Any]) -> bytes:
        try:
            xml = "".join(_bounded(self.name, template.generate(fields)))
        except SecurityError:
            raise TemplateRefused(
                f"模板《{self.name}》想做模板不能做的事（调用、计算或读取程序内部），已拒绝"
            ) from None
        except (TemplateError, TypeError, ValueError, KeyError, RecursionError) as error:
            raise TemplateRefused(f"模板《{self.name}》填写出错：{_said(str(error))}") from None
        xml = str(_WORD.resolve_listing(xml.replace("\n<w:p", "<w:p")))
        try:
            etree.fromstring(xml.encode(), _PARSER)
        except etree.XMLSyntaxError:
            raise TemplateRefused(
                f"模板《{self.name}》填出的不是 Word 文档：请检查表格行、段落标签（{{%tr %}}、{{%p %}}）是否成对、各占一行或一段"
            ) from None
        return xml.encode()


def _bounded(name: str, pieces: Iterator[str]) -> Iterator[str]:
    characters = 0
    for piece in pieces:
        characters += len(piece)
        if characters > MAX_CHARACTERS:
            raise TemplateRefused(f"模板《{name}》填出的内容过长，请检查循环")
        yield piece


def _decoded(name: str, part: bytes) -> str:
    """Return the text of a part as UTF-8 without entities of its own."""
    try:
        root = etree.fromstring(part, _PARSER)
    except etree.XMLSyntaxError:
        raise TemplateRefused(f"模板《{name}》已损坏，请用 Word 或 WPS 重新另存为 .docx") from None
    return str(etree.tostring(root, encoding="unicode"))


def _compiled(name: str, environment: TemplateEnvironment, source: str) -> Compiled:
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        line = source.splitlines()[error.lineno - 1] if error.lineno else ""
        raise TemplateRefused(f"模板《{name}》{_place(line)}有误：{_said(error.message or '')}") from None


def _place(line: str) -> str:
    """Return where a mistake is: the tags of its paragraph, else the first words of it."""
    words = _TAGS.sub("", line).strip()
    tags = " ".join(match.group() for match in _JINJA.finditer(words))
    return f"“{(tags or words)[:60]}”处" if words else ""


def _said(message: str) -> str:
    for pattern, chinese in _SAID:
        if found := pattern.search(message):
            return chinese.format(*found.groups())
    return f"写法不对（{message}）"
