"""Issued documents as operators see them, without their files."""

from __future__ import annotations

from datetime import datetime

from bridge.core.documents import DocumentKind
from bridge.wire.outgoing.body import Outgoing


class DocumentOut(Outgoing):
    """An issued document; ``sha256`` and ``size`` are of the full copy, ``name`` is its file name."""

    id: str
    kind: DocumentKind
    title: str
    number: str
    subject: str
    unit: str | None
    issued_at: datetime
    issued_by: str
    sha256: str
    size: int
    name: str


class DocumentList(Outgoing):
    """Issued documents of a case, oldest first."""

    case_id: str
    documents: list[DocumentOut]
