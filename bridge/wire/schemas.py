"""JSON Schemas of every body, generated from the models: one file each, and the components of OpenAPI.

Owns: which models are published under which name. Must not: be edited by hand on disk; a drift check runs in CI.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bridge.wire import report
from bridge.wire.action import ActionIn
from bridge.wire.counter import CounterTicketIn
from bridge.wire.event import EventIn
from bridge.wire.outgoing.answers import BatchLine, EventTaken, ProblemDetails, ReceiptTaken, TicketTaken
from bridge.wire.outgoing.case import CaseList, CaseOut, History
from bridge.wire.outgoing.documents import DocumentList
from bridge.wire.outgoing.outbox import Outbox
from bridge.wire.outgoing.push import PushOut, ReplyOut, Updates
from bridge.wire.outgoing.unit_message import Messages, UnitMessage
from bridge.wire.paper import DocumentRequestIn
from bridge.wire.receipt import ReceiptIn
from bridge.wire.ticket import TicketIn

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FILES: Mapping[str, tuple[str, Any, JsonSchemaMode]] = {
    "ticket.schema.json": ("工单", TicketIn, "validation"),
    "event.schema.json": ("上游事件", EventIn, "validation"),
    "receipt.schema.json": ("单位回执", ReceiptIn, "validation"),
    "action.schema.json": ("操作", ActionIn, "validation"),
    "dispatch.schema.json": ("发给单位的消息", UnitMessage, "serialization"),
    "push.schema.json": ("推送上游的消息", PushOut, "serialization"),
    "reply.schema.json": ("答复", ReplyOut, "serialization"),
    "problem.schema.json": ("拒绝", ProblemDetails, "serialization"),
}

_UNIONS: Mapping[str, tuple[Any, JsonSchemaMode]] = {
    "Event": (EventIn, "validation"),
    "Receipt": (ReceiptIn, "validation"),
    "Action": (ActionIn, "validation"),
    "Push": (PushOut, "serialization"),
}
_MODELS: Mapping[str, tuple[Any, JsonSchemaMode]] = {
    "Ticket": (TicketIn, "validation"),
    "CounterTicket": (CounterTicketIn, "validation"),
    "DocumentRequest": (DocumentRequestIn, "validation"),
    **{
        model.__name__: (model, "serialization")
        for model in (
            TicketTaken,
            BatchLine,
            EventTaken,
            ReceiptTaken,
            Updates,
            Messages,
            CaseList,
            CaseOut,
            History,
            DocumentList,
            Outbox,
            report.Assessment,
            report.Hotspots,
            UnitMessage,
            ProblemDetails,
        )
    },
}
_REFERENCE = "#/components/schemas/{model}"


def render() -> dict[str, str]:
    """Return file name to content, for ``schemas/``."""
    files = {}
    for name, (title, model, mode) in FILES.items():
        schema = {"$schema": DIALECT, **TypeAdapter(model).json_schema(mode=mode), "title": title}
        files[name] = json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return files


def components() -> dict[str, Any]:
    """Return every schema of the HTTP interface by the name OpenAPI refers to it by."""
    named, definitions = models_json_schema(list(_MODELS.values()), ref_template=_REFERENCE)
    schemas: dict[str, Any] = dict(definitions.get("$defs", {}))
    for name, key in _MODELS.items():
        schemas.setdefault(name, named[key])
    for name, (union, mode) in _UNIONS.items():
        schema = TypeAdapter(union).json_schema(mode=mode, ref_template=_REFERENCE)
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    return schemas
