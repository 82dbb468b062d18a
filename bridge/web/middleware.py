"""Around every request: one canonical log line, errors turned into problem details, headers, a connection's guard.

Owns: what happens to an exception on its way out. Must not: log a body, a query string or a header's value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from bridge.errors import AuthenticationFailed, BridgeError
from bridge.logs import get_log, one_line
from bridge.web.answers import problem, refusal
from bridge.web.context import context_of
from bridge.web.guard import note_request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Polled all the time; their lines are written only when they fail."""

TOLD: web.RequestKey[dict[str, str]] = web.RequestKey("told", dict)
"""What handlers add to the request's log line: ids of ours, never a citizen's words."""

log = get_log("web")

_DETAILS = {
    404: "没有这个地址",
    405: "这个地址不支持该方法",
    413: "正文过大",
}


@web.middleware
async def answer_everything(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Time a request, turn its errors into answers, write its line."""
    note_request(request)
    context = context_of(request)
    clock = context.ports.clock
    started = clock.monotonic()
    with one_line() as changed:
        response = await _answer(request, handler)
    if context.draining() and not response.prepared:
        response.force_close()
    _write_line(request, response, clock.monotonic() - started, changed)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _http_refusal(error)
    except AuthenticationFailed as error:
        tell(request, why=str(error))
        return problem(error.status, str(error))
    except BridgeError as error:
        return refusal(error) or _bug(request, error)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug: one traceback, and an answer that gives nothing away
        return _bug(request, error)


async def set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers that a handler did not set itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "ticket-bridge"


def tell(request: web.Request, **facts: str) -> None:
    """Add facts to the request's log line."""
    request.setdefault(TOLD, {}).update(facts)


def route_of(request: web.Request) -> str:
    """Return the route's template; a path may hold what must not be logged."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "-"


def _http_refusal(error: web.HTTPException) -> web.Response:
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    response = problem(error.status, _DETAILS.get(error.status, error.reason))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _bug(request: web.Request, error: Exception) -> web.Response:
    log.error("request.failed", route=route_of(request), exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "内部错误，已记入日志，请联系运维")


def _write_line(
    request: web.Request, response: web.StreamResponse, seconds: float, changed: dict[str, list[str]]
) -> None:
    if request.path in QUIET and response.status < HTTPStatus.BAD_REQUEST:
        return
    write = log.error if response.status == HTTPStatus.INTERNAL_SERVER_ERROR else log.info
    write(
        "request.answered",
        method=request.method,
        route=route_of(request),
        status=response.status,
        duration_ms=round(seconds * 1000, 1),
        bytes=request.content_length,
        **({"changed": changed} if changed else {}),
        **request.get(TOLD, {}),
    )
