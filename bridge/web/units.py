"""Units: receipts come in, messages are fetched.

Owns: ``/v1/units/{unit}/…``. Must not: judge whether a receipt is legal; the case does.
"""

from __future__ import annotations

from aiohttp import web

from bridge.web.answers import json_answer
from bridge.web.bodies import RECEIPT_BYTES
from bridge.web.context import context_of
from bridge.web.parameters import limit_of, only, text_of
from bridge.web.signed import execute, unit_of, verify


async def post_receipt(request: web.Request) -> web.Response:
    """Apply a unit's receipt to one of its assignments."""
    unit, adapter = unit_of(request)
    assignment_id = request.match_info["assignment_id"]
    service = context_of(request).service
    return await execute(
        request,
        f"unit:{unit}",
        adapter,
        RECEIPT_BYTES,
        adapter.parse_receipt,
        lambda receipt, inbound: service.accept_receipt(unit, assignment_id, receipt, inbound),
    )


async def get_messages(request: web.Request) -> web.Response:
    """Hand out what waits for a unit that pulls; asking for more acknowledges what came before."""
    unit, adapter = unit_of(request)
    await verify(request, adapter, b"")
    only(request, ("after", "limit"))
    return json_answer(await context_of(request).service.messages(unit, text_of(request, "after"), limit_of(request)))
