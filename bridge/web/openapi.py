"""OpenAPI 3.1 from the route table and the wire models.

Owns: the document at ``/openapi.json`` and ``bridge openapi``. Must not: describe a route that is not in the table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from bridge import __version__
from bridge.web.answers import PROBLEM
from bridge.web.papers import DOCX
from bridge.web.routes import NDJSON, Caller, Route
from bridge.wire.schemas import components

_PARAMETER = re.compile(r"\{(\w+)\}")
_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 500},
    "overdue": {"type": "boolean"},
    "from": {"type": "string", "format": "date"},
    "to": {"type": "string", "format": "date"},
    "group": {"type": "string", "enum": ["category", "insurance", "unit", "feed", "month"]},
}
_TAGS = {"feeds": "上游", "units": "单位", "cases": "经办", "reports": "报表"}
_SECURITY = {
    "webhook": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": (
            "Standard Webhooks：同时带 webhook-id、webhook-timestamp；"
            'v1,<base64 HMAC-SHA256 of "{id}.{timestamp}.{body}">，或 v1sm3；GET 按空正文签名；容许 5 分钟误差'
        ),
    },
    "bearer": {"type": "http", "scheme": "bearer"},
}


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """Describe every route."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "12345 工单桥",
            "version": __version__,
            "summary": "社会保险费争议工单的接收、转办、盯办与回推",
        },
        "paths": paths,
        "components": {"schemas": components(), "securitySchemes": _SECURITY},
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__name__,
        "tags": [_TAGS.get(route.path.removeprefix("/v1/").split("/")[0], "运维")],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {str(status): _answer(route, status, schema) for status, schema in route.answers.items()},
    }
    operation["responses"] |= {str(status): _refusal(status) for status in _refusals(route)}
    if route.caller is not Caller.ANYBODY:
        operation["security"] = [{route.caller.value: []}]
    if route.body:
        operation["requestBody"] = {"required": True, "content": {route.media_type: _schema(route.body)}}
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = _PARAMETER.findall(route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": _QUERY.get(name, {"type": "string"})} for name in route.query]


def _refusals(route: Route) -> list[int]:
    known = set(route.refusals)
    if route.caller is not Caller.ANYBODY:
        known |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE}
    if _PARAMETER.search(route.path):
        known.add(HTTPStatus.NOT_FOUND)
    return sorted(int(status) for status in known)


def _answer(route: Route, status: int, schema: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema:
        media_type = NDJSON if route.media_type == NDJSON else "application/json"
        answer["content"] = {media_type: _schema(schema)}
    elif route.media_type == DOCX:
        answer["content"] = {DOCX: {}}
    return answer


def _refusal(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {PROBLEM: _schema("ProblemDetails")}}


def _schema(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}
