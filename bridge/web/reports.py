"""Reports: the assessment and the hot spots, for those who see the whole county.

Owns: ``/v1/reports/…``. Must not: count anything.
"""

from __future__ import annotations

from aiohttp import web

from bridge.core.operators import OperatorRole
from bridge.errors import Forbidden
from bridge.web.answers import json_answer
from bridge.web.bearer import operator_of
from bridge.web.context import context_of
from bridge.web.parameters import only, text_of

HOTSPOTS = ("from", "to")
ASSESSMENT = (*HOTSPOTS, "group")


async def get_assessment(request: web.Request) -> web.Response:
    """Show the figures of a span of days."""
    await _allow(request)
    only(request, ASSESSMENT)
    first, last, group = (text_of(request, name) for name in ASSESSMENT)
    return json_answer(await context_of(request).service.assessment(first, last, group))


async def get_hotspots(request: web.Request) -> web.Response:
    """Show what comes again and what is stuck."""
    await _allow(request)
    only(request, HOTSPOTS)
    return json_answer(await context_of(request).service.hotspots(text_of(request, "from"), text_of(request, "to")))


async def _allow(request: web.Request) -> None:
    operator = await operator_of(request)
    if operator.role == OperatorRole.CLERK:
        raise Forbidden("经办员不能查看全县报表")
