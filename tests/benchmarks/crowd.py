"""The outside world of a benchmark in one process of its own: the hotline that sends, the unit that answers.

``python -m tests.benchmarks.crowd ORDER.json`` carries an order out and prints what it measured as JSON, after an empty
line as soon as the counterparts listen.
Owns: sending and timing. Must not: import the daemon; it signs for itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import aiohttp
from aiohttp import web

from bridge.testing.counterparts.answers import receipt
from bridge.testing.counterparts.webhooks import signed_headers
from bridge.testing.tickets import PATTERNS, Shape, tickets

ACCEPTED = 202
PATIENCE_SECONDS = 90
TRAVELS = tuple(pattern for pattern in PATTERNS if pattern.shape is Shape.SINGLE)
"""Tickets of one unit: a transfer takes three signed requests in and two out."""


@dataclass(frozen=True)
class Order:
    """What to do: send tickets singly or as a batch, and if ``port`` is given see every one of them replied.

    Requests go to every one of ``urls`` in turn, answers to assignments too. With ``expect`` nothing is sent, and so many
    messages to units are taken, each answered after ``delay_seconds`` and with nothing more.
    """

    urls: list[str]
    prefix: str
    count: int
    concurrency: int
    hotline: str
    units: dict[str, str] = field(default_factory=dict)
    batch: bool = False
    port: int | None = None
    expect: int = 0
    delay_seconds: float = 0.0


@dataclass
class Measured:
    """What came of it; rates per second, latencies in milliseconds."""

    rate: float
    p50: float = 0.0
    p99: float = 0.0
    seconds: float = 0.0
    replied: int = 0


class Crowd:
    """The senders and, for whole travels, the counterparts."""

    def __init__(self, order: Order, http: aiohttp.ClientSession) -> None:
        self.order, self.http = order, http
        self.latencies: list[float] = []
        self.replied = 0
        self.taken: list[float] = []
        self._urls = cycle(order.urls)
        self.refused: list[str] = []
        self.done = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def bodies(self) -> Iterator[dict[str, object]]:
        """Draw the tickets of this order."""
        drawn = tickets(random.Random(self.order.prefix), self.order.prefix, datetime.now(UTC), TRAVELS)
        return (draft.body for draft in islice(drawn, self.order.count))

    async def measure(self) -> Measured:
        """Send everything; a whole travel ends with the last reply."""
        bodies = [json.dumps(body, ensure_ascii=False).encode() for body in self.bodies()]
        began = time.perf_counter()
        if self.order.batch:
            await self._post("batch", b"\n".join(bodies), self.order.prefix)
        else:
            queue = iter(enumerate(bodies))
            await asyncio.gather(*(self._send(queue) for _ in range(self.order.concurrency)))
        if self.order.port is not None:
            await asyncio.wait_for(self.done.wait(), PATIENCE_SECONDS)
            if self.refused:
                raise RuntimeError(self.refused[0])
        took = time.perf_counter() - began
        cuts = statistics.quantiles(self.latencies, n=100)
        return Measured(self.order.count / took, cuts[49], cuts[98], took, self.replied)

    async def _send(self, queue: Iterator[tuple[int, bytes]]) -> None:
        for number, raw in queue:
            await self._post("tickets", raw, f"{self.order.prefix}-{number}")

    async def _post(self, to: str, raw: bytes, key: str) -> None:
        headers = signed_headers(self.order.hotline, key, raw, now=time.time())
        began = time.perf_counter()
        async with self.http.post(f"{next(self._urls)}/v1/feeds/hotline/{to}", data=raw, headers=headers) as answer:
            text = await answer.text()
            if answer.status not in {200, 202} or '"rejected"' in text:
                raise RuntimeError(f"{answer.status} {text[:300]}")
        self.latencies += [1_000 * (time.perf_counter() - began)] * (2 if to == "batch" else 1)

    async def take_push(self, request: web.Request) -> web.Response:
        """Take a reply."""
        body = await request.json()
        if body["type"] == "ticket.replied":
            self.replied += 1
            if self.replied >= self.order.count:
                self.done.set()
        return web.Response(status=200)

    async def take_assignment(self, request: web.Request) -> web.Response:
        """Take a message to a unit, and answer an assignment beside it."""
        message = await request.json()
        if self.order.expect:
            return await self._take_only()
        if message["type"] == "assignment.dispatched" or message.get("ready_to_consolidate"):
            task = asyncio.create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.Response(status=200)

    async def _take_only(self) -> web.Response:
        """Take a message and do nothing about it."""
        await asyncio.sleep(self.order.delay_seconds)
        self.taken.append(time.perf_counter())
        if len(self.taken) == self.order.expect:
            self.done.set()
        return web.Response(status=200)

    async def count_deliveries(self) -> Measured:
        """Wait for all that is expected; the first one only starts the clock."""
        await asyncio.wait_for(self.done.wait(), PATIENCE_SECONDS)
        took = self.taken[-1] - self.taken[0]
        return Measured((len(self.taken) - 1) / took, seconds=took)

    async def _answer(self, message: dict[str, object]) -> None:
        """Give what is owed, one receipt after the other, as the daemon's answers say."""
        owed, serial, unit = list(message["owed"]), 0, str(message["unit"])  # type: ignore[call-overload]
        while owed:
            serial += 1
            body = receipt(owed[0], unit=unit, role=str(message["role"]), serial=serial)
            raw = json.dumps(body, ensure_ascii=False).encode()
            key = f"{message['assignment_id']}-{message['type']}-{serial}"
            headers = signed_headers(self.order.units[unit], key, raw, now=time.time())
            path = str(message["respond_url"]).removeprefix(self.order.urls[0])
            async with self.http.post(f"{next(self._urls)}{path}", data=raw, headers=headers) as answer:
                if answer.status != ACCEPTED:
                    self.refused.append(f"{body['type']}: {answer.status} {await answer.text()}")
                    self.done.set()
                    return
                owed = (await answer.json())["owed"]


async def carry_out(order: Order) -> Measured:
    """Serve the counterparts if asked to, and measure."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        crowd = Crowd(order, http)
        if order.port is None:
            return await crowd.measure()
        app = web.Application()
        app.add_routes([web.post("/pushes", crowd.take_push), web.post("/{unit}", crowd.take_assignment)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", order.port).start()
        print(flush=True)
        try:
            return await (crowd.count_deliveries() if order.expect else crowd.measure())
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    given = Order(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(asdict(asyncio.run(carry_out(given)))))
