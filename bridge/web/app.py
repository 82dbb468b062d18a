"""The aiohttp application: routes, middleware, the semaphores that bound memory.

Owns: putting the parts together. Must not: start anything; :mod:`bridge.web.guard` listens.
"""

from __future__ import annotations

import asyncio
from functools import cache

import orjson
from aiohttp import web

from bridge.web.bodies import BATCHES, BATCHES_AT_ONCE, LARGE, LARGE_AT_ONCE
from bridge.web.context import CONTEXT, WebContext
from bridge.web.middleware import answer_everything, set_headers
from bridge.web.openapi import document
from bridge.web.routes import ROUTES


def create_app(context: WebContext) -> web.Application:
    """Build the application that serves one context."""
    app = web.Application(middlewares=[answer_everything])
    app[CONTEXT] = context
    app[LARGE] = asyncio.Semaphore(LARGE_AT_ONCE)
    app[BATCHES] = asyncio.Semaphore(BATCHES_AT_ONCE)
    app.on_response_prepare.append(set_headers)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    app.router.add_get("/openapi.json", _get_openapi)
    return app


async def _get_openapi(_request: web.Request) -> web.Response:
    return web.Response(body=await asyncio.to_thread(_openapi), content_type="application/json")


@cache
def _openapi() -> bytes:
    """Describe the routes once, when somebody first asks: it takes longer than the rest of the application."""
    return orjson.dumps(document(ROUTES), option=orjson.OPT_INDENT_2)
