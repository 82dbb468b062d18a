"""Reports: the assessment and the hot spots, for those who see the whole county.

Owns: ``/v1/reports/…``. Must not: count anything.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from bridge.core.operators import OperatorRole
from bridge.errors import Forbidden, NotFound
from bridge.pipeline.daybook import Daybook
from bridge.web.answers import json_answer
from bridge.web.bearer import operator_of, unit_bound
from bridge.web.context import context_of
from bridge.web.parameters import only, text_of

HOTSPOTS = ("from", "to")
ASSESSMENT = (*HOTSPOTS, "group")
DAYBOOK = ("unit",)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


async def get_daybook(request: web.Request) -> web.Response:
    """Give the daily 台账 as a workbook to print; a clerk gets the own unit's, a confidential petitioner blanked for whoever may not know."""
    operator = await operator_of(request)
    only(request, DAYBOOK)
    wanted = text_of(request, "unit")
    own = unit_bound(operator)
    if own is not None and wanted not in (None, own):
        raise Forbidden("经办员只能取本单位的台账")
    reader = own or wanted
    units = context_of(request).rules().policy.units
    if reader is not None and reader not in units:
        raise NotFound("没有这个单位，请核对 unit")
    book = await context_of(request).service.daybook(reader, reveal=False)
    headers = {"Content-Disposition": f'attachment; filename="ledger-{reader or "county"}.xlsx"'}
    return web.Response(body=await asyncio.to_thread(_workbook, book), content_type=XLSX, headers=headers)


def _workbook(book: Daybook) -> bytes:
    from bridge.documents.daybook import workbook  # noqa: PLC0415 - a daemon starts without the spreadsheets' library

    return workbook(book)


async def _allow(request: web.Request) -> None:
    operator = await operator_of(request)
    if operator.role == OperatorRole.CLERK:
        raise Forbidden("经办员不能查看全县报表")
