"""For those who watch the daemon: alive, ready, metrics, OpenAPI.

Owns: ``/healthz``, ``/readyz``, ``/metrics``, ``/openapi.json``. Must not: need a token; they show nothing personal.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from bridge.errors import StoreError
from bridge.metrics import CONTENT_TYPE
from bridge.web.answers import json_answer, problem
from bridge.web.context import context_of


async def get_health(_request: web.Request) -> web.Response:
    """Say that the process is alive."""
    return json_answer({"status": "ok"})


async def get_readiness(request: web.Request) -> web.Response:
    """Say whether everything needed is good, and what is not."""
    service = context_of(request).service
    lacking, warnings = await service.readiness(), service.warnings()
    if lacking:
        detail = "未就绪：" + "；".join(lacking)
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, not_ready=lacking, warnings=warnings or None)
    return json_answer({"status": "ready", **({"warnings": warnings} if warnings else {})})


async def get_metrics(request: web.Request) -> web.Response:
    """Export every series; a database that is away costs the ledger's gauges their freshness, not the scrape."""
    context = context_of(request)
    if context.before_scrape is not None:
        with suppress(StoreError):
            await context.before_scrape()
    body = context.metrics.exposition()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
