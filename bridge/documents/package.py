"""A .docx file as what it is, a zip of parts: read within limits, written the same every time.

Owns: refusing bombs, macros and links to outside; fixed times and order, so that equal parts are equal bytes. Must
not: know a template's language.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

from bridge.errors import BridgeError

MAX_BYTES = 5 << 20
"""A template as a file."""
MAX_UNPACKED_BYTES = 20 << 20
MAX_PARTS = 300
MAIN_PART = "word/document.xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold."""
_FILE_MODE = 0o600 << 16
_LEVEL = 6
_MACROS = ("vbaProject.bin", "vbaData.xml")
_EXTERNAL = re.compile(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>")
_HYPERLINK = b"/relationships/hyperlink"

Parts = dict[str, bytes]


class TemplateRefused(BridgeError):
    """A template cannot be used; the text names it and says what to mend (Chinese)."""


def unpacked(name: str, content: bytes) -> Parts:
    """Return the parts of a .docx in their order.

    Raises:
        TemplateRefused: not a .docx, too large, with macros or with links that a reader's computer would follow.
    """
    if len(content) > MAX_BYTES:
        raise TemplateRefused(f"模板《{name}》超过 {MAX_BYTES >> 20} MiB，请去掉图片等大的内容")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_size(name, archive)
            parts = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise TemplateRefused(f"模板《{name}》不是 .docx 文件，请用 Word 或 WPS 另存为 .docx") from None
    _check_parts(name, parts)
    return parts


def _check_size(name: str, archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MAX_PARTS or sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
        raise TemplateRefused(f"模板《{name}》解开后过大，请重新另存")


def _check_parts(name: str, parts: Parts) -> None:
    if MAIN_PART not in parts:
        raise TemplateRefused(f"模板《{name}》里没有正文，请用 Word 或 WPS 另存为 .docx")
    if any(part.endswith(_MACROS) for part in parts):
        raise TemplateRefused(f"模板《{name}》带有宏，请另存为不含宏的 .docx")
    for part, content in parts.items():
        if part.endswith(".rels") and any(_HYPERLINK not in link for link in _EXTERNAL.findall(content)):
            raise TemplateRefused(f"模板《{name}》引用了外部文件（链接的图片、模板等），请改为嵌入")


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return the .docx of these parts; equal parts give equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, _FILE_MODE
            archive.writestr(info, content, compresslevel=_LEVEL)
    return target.getvalue()
