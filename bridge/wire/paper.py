"""A request to issue documents of a case: ``{kind, subject}``.

Owns: :class:`DocumentRequestIn`. Must not: know what a case can have; ``core.documents`` does.
"""

from __future__ import annotations

from bridge.core.documents import DocumentKind
from bridge.wire.fields import Line, Wire
from bridge.wire.problems import validated
from bridge.wire.strict_json import loads_object


class DocumentRequestIn(Wire):
    """What to issue: a kind, and with ``subject`` only the paper of that assignment, opinion or round."""

    kind: DocumentKind
    subject: Line | None = None


def parse_document_request(body: bytes) -> DocumentRequestIn:
    """Read a request from its raw bytes.

    Raises:
        NotJson: the bytes are not JSON we accept.
        InvalidPayload: fields are wrong; every problem is listed.
    """
    return validated(DocumentRequestIn, loads_object(body))
