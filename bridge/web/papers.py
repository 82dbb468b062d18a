"""Documents of a case: list, issue, fetch.

Owns: ``/v1/cases/{case_id}/documents…``. Must not: decide who may read or what can be issued; the desk does.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bridge.documents.desk import view_of
from bridge.store.documents import IssuedDocument
from bridge.web.answers import json_answer
from bridge.web.bearer import operator_of, unit_bound
from bridge.web.bodies import EVENT_BYTES, read_body
from bridge.web.context import context_of
from bridge.web.middleware import tell
from bridge.wire.paper import parse_document_request

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


async def list_documents(request: web.Request) -> web.Response:
    """List what the operator may read of a case's documents."""
    operator = await operator_of(request)
    case_id = _case_id(request)
    return _listed(case_id, await context_of(request).desk.listed(case_id, operator.actor, unit_bound(operator)))


async def post_document(request: web.Request) -> web.Response:
    """Issue documents of a kind; what has not changed is answered as it was issued."""
    operator = await operator_of(request)
    given = parse_document_request(await read_body(request, EVENT_BYTES))
    case_id = _case_id(request)
    return _listed(case_id, await context_of(request).desk.issue(case_id, given.kind, given.subject, operator.actor))


async def get_document(request: web.Request) -> web.Response:
    """Return the bytes of a document, as this operator may read it; the reading is recorded."""
    operator = await operator_of(request)
    document_id = request.match_info["document_id"]
    desk = context_of(request).desk
    document, content = await desk.read(_case_id(request), document_id, operator.actor, unit_bound(operator))
    disposition = f'attachment; filename="{view_of(document)["name"]}"'
    return web.Response(body=content, content_type=DOCX, headers={"Content-Disposition": disposition})


def _listed(case_id: str, documents: Sequence[IssuedDocument]) -> web.Response:
    return json_answer({"case_id": case_id, "documents": [view_of(document) for document in documents]})


def _case_id(request: web.Request) -> str:
    case_id = request.match_info["case_id"]
    tell(request, case_id=case_id)
    return case_id
