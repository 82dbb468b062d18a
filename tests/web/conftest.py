"""The web tier on a real ledger (SQLite file, shipped rules), listening on loopback; callers sign for themselves."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.hotline_12345 import HotlineConfig
from adapters.http_json import HttpJsonConfig
from bridge.core.lifecycle.work import FeedTerms
from bridge.core.policy import Rules
from bridge.core.vocabulary import OutboxState
from bridge.crypto import Keyring, Vault
from bridge.documents.desk import Desk
from bridge.metrics import Metrics
from bridge.pipeline.observe import Observer
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.service import Service
from bridge.pipeline.tokens import Operator, issue
from bridge.ports import Ports, SystemRng, UlidIds
from bridge.registry import Registry
from bridge.rules.load import load_rules
from bridge.settings import Web
from bridge.signed_http import client_session
from bridge.signing import signed_headers
from bridge.store.engine import parse
from bridge.store.outbox import Placement
from bridge.store.store import Store
from bridge.testing.clock import FixedClock
from bridge.web.app import create_app
from bridge.web.context import WebContext
from bridge.web.guard import Listener

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
UNITS = ("tax", "hrss", "medical", "finance")
SINGLE = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"


def secret_of(name: str) -> bytes:
    """A different secret for everybody."""
    return hashlib.sha256(name.encode()).digest()


def _config(kind: Any, name: str) -> Any:
    import base64

    return kind.model_validate({"secrets": ["whsec_" + base64.b64encode(secret_of(name)).decode()]})


@dataclass
class Answered:
    """One HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def is_problem(self) -> bool:
        chinese = any("一" <= letter <= "鿿" for letter in self.body["detail"])
        return self.headers["Content-Type"].startswith("application/problem+json") and chinese


@dataclass
class Site:
    """The daemon's web tier and those who call it."""

    url: str
    port: int
    http: aiohttp.ClientSession
    clock: FixedClock
    context: WebContext
    service: Any
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    async def ask(self, method: str, path: str, body: Any = b"", headers: Mapping[str, str] | None = None) -> Answered:
        data = io.BytesIO(body) if isinstance(body, bytes) and len(body) > 1_000_000 else body
        async with self.http.request(method, self.url + path, data=data, headers=headers, allow_redirects=False) as it:
            return Answered(it.status, it.headers, await it.read())

    async def signed(
        self, who: str, method: str, path: str, body: Any = b"", *, webhook_id: str | None = None, age_seconds: int = 0
    ) -> Answered:
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        at = self.clock.wall() - timedelta(seconds=age_seconds)
        headers = signed_headers(secret_of(who), webhook_id or f"m{next(self._ids)}", at, data)
        return await self.ask(method, path, data, headers)

    async def ticket(self, **changes: Any) -> Answered:
        return await self.signed("hotline", "POST", "/v1/feeds/hotline/tickets", self.draft(**changes))

    def draft(self, **changes: Any) -> dict[str, Any]:
        number = f"ZZ-{next(self._ids)}"
        return {"external_id": number, "content": SINGLE, "received_at": self.clock.now().isoformat()} | changes

    async def token(self, role: str, unit: str | None = None) -> dict[str, str]:
        store = self.service.runtime.store
        token = await issue(store, self.context.ports, Operator(f"{role} person", role, unit), days=90)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def shipped_rules() -> Rules:
    return load_rules(Path(__file__).parents[2] / "routing_rules.yaml").with_review(False)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def service(tmp_path: Path, shipped_rules: Rules, clock: FixedClock) -> AsyncIterator[Service]:
    """The real pipeline; nothing is sent, everything waits to be pulled."""
    keyring = Keyring("k1", {"k1": b"k" * 32}, b"i" * 32)
    store = Store(parse(f"sqlite+aiosqlite:///{tmp_path}/bridge.db"), "140525", Vault(keyring))
    await store.start()
    rng = SystemRng()
    feeds = {"hotline": FeedTerms("hotline_12345")} | {f"counter.{u}": FeedTerms("counter", None, u) for u in UNITS}
    pulled = Placement(OutboxState.READY, sent=False)
    ports = Ports(clock, UlidIds(clock.wall, rng.token), rng)
    runtime = Runtime(store, ports, lambda: shipped_rules, feeds, "http://bridge.test", lambda _: pulled)
    yield Service(runtime, Observer(Metrics()))
    await store.stop()


@pytest.fixture
async def serve(service: Service, shipped_rules: Rules, clock: FixedClock) -> AsyncIterator[Callable[..., Any]]:
    """Start a web tier; ``limits`` are the patience, ``service`` may be replaced for error paths."""
    stops: list[Callable[[], Any]] = []
    desk = Desk(service.runtime)

    async def start(limits: Web | None = None, service: Any = service) -> Site:
        outgoing = client_session()
        registry = Registry.build(
            {"hotline": ("hotline_12345", _config(HotlineConfig, "hotline"))},
            {unit: ("http_json", _config(HttpJsonConfig, unit)) for unit in UNITS},
            outgoing,
            clock,
        )
        rng = SystemRng()
        ports = Ports(clock, UlidIds(clock.wall, rng.token), rng)
        context = WebContext(service, desk, registry, lambda: shipped_rules, ports, Metrics(), limits or Web())
        listener = Listener(create_app(context), context.limits, drain_seconds=0.1)
        port = await listener.start("127.0.0.1", 0)
        caller = aiohttp.ClientSession()
        stops.extend([caller.close, outgoing.close, listener.stop])
        return Site(f"http://127.0.0.1:{port}", port, caller, clock, context, service)

    yield start
    for stop in stops:
        await stop()


@pytest.fixture
async def site(serve: Callable[..., Any]) -> Any:
    return await serve()
