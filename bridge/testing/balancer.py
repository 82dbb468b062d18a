"""A balancer before several daemons, as a city runs one: it asks ``/readyz`` and sends requests to those who say yes.

Owns: who is asked, in turn, and the next one if the first cannot even be connected to. Must not: repeat a request
that may have arrived.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus

import aiohttp
from aiohttp import web

from bridge.testing.beside import Beside

LOOK_SECONDS = 0.2
"""How often each daemon is asked whether it is ready."""
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Balancer(Beside):
    """Listens on ``port`` before ``urls``; ``answers`` counts what it answered by status."""

    def __init__(self, port: int, urls: Sequence[str]) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{port}"
        self.answers: Counter[int] = Counter()
        self.ready: list[str] = []
        self._port = port
        self._urls = tuple(urls)
        self._turn = 0

    async def open(self) -> None:
        """Listen, and look at the daemons from now on."""
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024).start()
        self._watch = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Close every connection."""
        await self._runner.cleanup()
        await self._http.close()

    async def _look(self) -> None:
        while True:
            answers = await asyncio.gather(*[self._is_ready(url) for url in self._urls])
            self.ready = [url for url, ready in zip(self._urls, answers, strict=True) if ready]
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_ready(self, url: str) -> bool:
        try:
            async with self._http.get(f"{url}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _pass_on(self, request: web.Request) -> web.Response:
        answer = await self._answer(request, await request.read())
        self.answers[answer.status] += 1
        return answer

    async def _answer(self, request: web.Request, body: bytes) -> web.Response:
        self._turn += 1
        ready = list(self.ready)
        for number in range(len(ready)):
            try:
                return await self._asked(ready[(self._turn + number) % len(ready)], request, body)
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError):
                return web.Response(status=HTTPStatus.BAD_GATEWAY)
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)

    async def _asked(self, url: str, request: web.Request, body: bytes) -> web.Response:
        async with self._http.request(
            request.method, f"{url}{request.path_qs}", data=body, headers=_end_to_end(request.headers)
        ) as answer:
            return web.Response(status=answer.status, body=await answer.read(), headers=_end_to_end(answer.headers))


def _end_to_end(headers: object) -> dict[str, str]:
    items = headers.items()  # type: ignore[attr-defined]
    return {name: value for name, value in items if name.lower() not in _HOP_BY_HOP}
