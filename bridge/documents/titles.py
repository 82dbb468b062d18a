"""What each kind of document is called: in a list, in a 文号, as a file.

Owns: the Chinese names. Must not: decide when a kind is issued (``core.documents`` does).
"""

from __future__ import annotations

from bridge.core.documents import DocumentKind

TITLES = {
    DocumentKind.REGISTER: "社会保险费征缴争议登记表",
    DocumentKind.ASSIGNMENT: "交办（转办）单",
    DocumentKind.TRANSFER: "移送告知书",
    DocumentKind.OPINION: "书面意见",
    DocumentKind.SUMMARY: "联办意见汇总及总处理意见",
    DocumentKind.MINUTES: "会议纪要",
    DocumentKind.REPLY_PAYER: "答复书",
    DocumentKind.REPLY_OTHER: "告知书",
}

WORDS = {
    DocumentKind.REGISTER: "登",
    DocumentKind.ASSIGNMENT: "交",
    DocumentKind.TRANSFER: "移",
    DocumentKind.OPINION: "意",
    DocumentKind.SUMMARY: "联",
    DocumentKind.MINUTES: "纪",
    DocumentKind.REPLY_PAYER: "复",
    DocumentKind.REPLY_OTHER: "告",
}
"""The word of each kind in a 文号; each kind counts for itself, so no two may share one."""


def template_name(kind: DocumentKind) -> str:
    """Return the file name of a kind's template."""
    return f"{kind.value}.docx"
