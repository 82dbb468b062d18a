"""Operators: whose token a request carries and what that role may see.

Owns: reading the bearer token, which roles read and register, the clerk's bounds on reading. What a role may *do* to a
case is the pipeline's. Must not: know how tokens are stored.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bridge.core.operators import OperatorRole
from bridge.errors import AuthenticationFailed, Forbidden
from bridge.pipeline.tokens import Operator
from bridge.web.context import context_of
from bridge.web.middleware import tell

_MAX_TOKEN_CHARACTERS = 200
_REGISTERING = frozenset({OperatorRole.CLERK, OperatorRole.OPERATOR, OperatorRole.OFFICE, OperatorRole.ADMIN})


async def operator_of(request: web.Request) -> Operator:
    """Return whose token the request carries.

    Raises:
        AuthenticationFailed: no token, or not a valid one.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _MAX_TOKEN_CHARACTERS:
        raise AuthenticationFailed
    operator = await context_of(request).service.authenticate(token.strip())
    tell(request, role=operator.role)
    return operator


def unit_bound(operator: Operator) -> str | None:
    """Return the unit an operator is confined to; None for the others.

    Raises:
        Forbidden: a clerk's token without a unit.
    """
    if operator.role != OperatorRole.CLERK:
        return None
    if operator.unit is None:
        raise Forbidden("经办员令牌没有指定单位，请用 bridge tokens add --unit 重新签发")
    return operator.unit


def check_visible(operator: Operator, case: dict[str, Any]) -> None:
    """Let a clerk see only cases the own unit has a part in.

    Raises:
        Forbidden: another unit's case, or one the own unit must have no part in (a report of itself).
    """
    unit = unit_bound(operator)
    if unit is None:
        return
    units = {assignment.get("unit") for assignment in case.get("assignments", [])}
    feeds = {ticket.get("feed") for ticket in case.get("tickets", [])}
    shut_out = any(each["unit"] == unit and each["wholly"] for each in case.get("recused", []))
    if shut_out or (unit not in units and f"counter.{unit}" not in feeds):
        raise Forbidden("经办员只能查看本单位参与的案件")


def counter_of(operator: Operator, wanted: str | None) -> str:
    """Return the unit at whose counter an operator registers.

    Raises:
        Forbidden: the role does not register, or the counter is another unit's.
    """
    if operator.role not in _REGISTERING:
        raise Forbidden(f"角色 {operator.role} 不能登记")
    own = unit_bound(operator) or operator.unit
    if operator.role == OperatorRole.CLERK and wanted not in {None, own}:
        raise Forbidden("经办员只能在本单位窗口登记")
    unit = wanted or own
    if unit is None:
        raise Forbidden("请在 unit 中写明是哪个单位的窗口")
    return unit
