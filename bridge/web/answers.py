"""Answers: JSON, and RFC 9457 problem details for everything that is refused.

Owns: the shape and the wording of refusals. Must not: put a citizen's words, a secret or a stack into one.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from bridge.documents.package import TemplateRefused
from bridge.errors import (
    BridgeError,
    IllegalTransition,
    IntakeError,
    InvalidPayload,
    OutcomeUnknown,
    StoreError,
)
from bridge.pipeline.inbound import Answer

PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 2
"""What a caller is asked to wait when the database does not answer."""
NOTHING_DONE = "数据库暂不可用，未作任何登记，请稍后原样重发"
UNKNOWN = (
    "提交时数据库失去联系，是否已登记尚不能确定。系统对接请稍后用同一 webhook-id 原样重发，不会重复登记；"
    "人工操作请先查看案件现状，再决定是否重做"
)

_TITLES = {
    400: "请求无法解析",
    401: "身份未通过验证",
    403: "无权执行",
    404: "不存在",
    405: "不支持的方法",
    408: "接收超时",
    409: "与当前状态冲突",
    413: "内容过大",
    415: "不支持的编码",
    422: "字段有误",
    500: "内部错误",
    503: "暂不可用",
}


def json_answer(body: object, status: int = 200) -> web.Response:
    """Render any JSON value."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def rendered(answer: Answer) -> web.Response:
    """Render an answer of the service; a stored refusal is a problem again."""
    if answer.status >= HTTPStatus.BAD_REQUEST:
        detail = str(answer.body.get("detail", ""))
        members = {key: value for key, value in answer.body.items() if key != "detail"}
        return problem(answer.status, detail, **members)
    return json_answer(answer.body, answer.status)


def problem(status: int, detail: str, **members: Any) -> web.Response:
    """Render a refusal; ``members`` are extension members, None ones are left out."""
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body |= {key: value for key, value in members.items() if value is not None}
    response = web.Response(body=orjson.dumps(body), status=status, content_type=PROBLEM)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="bridge"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def refusal(error: BridgeError) -> web.Response | None:
    """Render an error raised on purpose; None for one that no caller can cause."""
    if isinstance(error, InvalidPayload):
        return problem(error.status, "字段有误，详见 errors", errors=problems_view(error))
    if isinstance(error, IntakeError):
        return problem(error.status, str(error))
    if isinstance(error, IllegalTransition):
        return problem(
            HTTPStatus.CONFLICT,
            str(error),
            owed=error.owed,
            allowed=error.allowed if error.owed is not None else None,
            allowed_actions=error.allowed_actions,
        )
    if isinstance(error, TemplateRefused):
        detail = "本县的文书模板不能用，没有出具；请运维执行 bridge documents check，按提示改好模板"
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    if isinstance(error, StoreError):
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, UNKNOWN if isinstance(error, OutcomeUnknown) else NOTHING_DONE)
    return None


def problems_view(error: InvalidPayload) -> list[dict[str, str]]:
    """List the problems of a payload as the contract shows them."""
    return [{"path": each.path, "message": each.message} for each in error.problems]
