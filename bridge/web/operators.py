"""Operators: the list of cases, a case, its history, actions on it, registration at a counter.

Owns: ``/v1/cases…`` and ``/v1/outbox``. Must not: judge an action; the pipeline knows roles and the case knows what is legal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from bridge.core.vocabulary import CaseState, OutboxState
from bridge.errors import Forbidden
from bridge.pipeline.queries import CaseQuery
from bridge.pipeline.tokens import Operator
from bridge.web.answers import json_answer, rendered
from bridge.web.bearer import check_visible, counter_of, operator_of, unit_bound
from bridge.web.bodies import ACTION_BYTES, TICKET_BYTES, read_body
from bridge.web.context import context_of
from bridge.web.middleware import tell
from bridge.web.parameters import flag_of, limit_of, only, text_of
from bridge.wire.action import parse_action
from bridge.wire.counter import parse_counter_ticket

FILTERS = ("state", "unit", "category", "feed", "external_id", "overdue", "after", "limit")
OUTBOX_FILTERS = ("state", "reason", "target", "type", "case_id")


async def list_cases(request: web.Request) -> web.Response:
    """List cases by filter, a page at a time."""
    operator = await operator_of(request)
    only(request, FILTERS, {"state": list(CaseState)})
    query = CaseQuery(
        state=text_of(request, "state"),
        unit=_unit_filter(operator, text_of(request, "unit")),
        category=text_of(request, "category"),
        feed=text_of(request, "feed"),
        external_id=text_of(request, "external_id"),
        overdue=flag_of(request, "overdue"),
        after=text_of(request, "after"),
        limit=limit_of(request, default=50),
        reader=unit_bound(operator),
    )
    return json_answer(await context_of(request).service.cases(query))


async def get_case(request: web.Request) -> web.Response:
    """Show a case in full."""
    operator = await operator_of(request)
    case = await context_of(request).service.case(_case_id(request), unit_bound(operator))
    check_visible(operator, case)
    return json_answer(case if unit_bound(operator) is None else _for_unit(case))


async def get_history(request: web.Request) -> web.Response:
    """Show what happened to a case."""
    operator = await operator_of(request)
    service, case_id, unit = context_of(request).service, _case_id(request), unit_bound(operator)
    if unit is not None:
        check_visible(operator, await service.case(case_id, unit))
    return json_answer(await service.history(case_id, unit))


async def list_messages(request: web.Request) -> web.Response:
    """List the newest messages of the outbox: what waits, what was stopped, what shadow mode holds."""
    operator = await operator_of(request)
    if unit_bound(operator) is not None:
        raise Forbidden("经办员不能查看全县的待发件")
    only(request, (*OUTBOX_FILTERS, "limit"), {"state": list(OutboxState)})
    wanted = {name: text_of(request, name) for name in OUTBOX_FILTERS}
    return json_answer(await context_of(request).service.outbox(limit_of(request), **wanted))


async def post_action(request: web.Request) -> web.Response:
    """Act on a case; the answer is the case."""
    operator = await operator_of(request)
    context = context_of(request)
    body = await read_body(request, ACTION_BYTES)
    action = parse_action(body, context.ports.clock.now())
    tell(request, action=action.action.value)
    answer = await context.service.act(_case_id(request), action, operator.actor, unit_bound(operator))
    return rendered(answer if unit_bound(operator) is None else replace(answer, body=_for_unit(answer.body)))


async def post_case(request: web.Request) -> web.Response:
    """Register a visit or a call at a unit's counter."""
    operator = await operator_of(request)
    context = context_of(request)
    body = await read_body(request, TICKET_BYTES)
    given = parse_counter_ticket(body, context.ports.clock.now(), lambda: context.ports.ids.new("n"))
    unit = counter_of(operator, given.unit)
    return rendered(await context.service.register(unit, given.draft, operator.actor))


def _for_unit(case: dict[str, Any]) -> dict[str, Any]:
    """Leave out what would tell a unit who else complained, or what was kept from it."""
    shown = {name: value for name, value in case.items() if name not in ("similar", "stopped")}
    return {**shown, "parts": [part for part in case["parts"] if not part["confidential"]]}


def _case_id(request: web.Request) -> str:
    case_id = request.match_info["case_id"]
    tell(request, case_id=case_id)
    return case_id


def _unit_filter(operator: Operator, wanted: str | None) -> str | None:
    """Confine a clerk's list to the own unit."""
    own = unit_bound(operator)
    if own is not None and wanted not in {None, own}:
        raise Forbidden("经办员只能查看本单位参与的案件")
    return own or wanted
