"""A database under test, and tickets for it.

Owns: opening stores on one database as several replicas and regions would. Must not: create the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from bridge.core.lifecycle.work import FeedTerms
from bridge.core.model.ticket import Petitioner, TicketBody, TicketDraft
from bridge.core.policy import Rules
from bridge.core.vocabulary import TicketKind
from bridge.crypto import Keyring, Vault
from bridge.metrics import Metrics
from bridge.pipeline.inbound import Inbound
from bridge.pipeline.observe import Observer
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.service import Service
from bridge.ports import Ports, SystemRng, UlidIds
from bridge.rules.load import load_rules
from bridge.store.engine import is_sqlite, parse
from bridge.store.store import Store
from bridge.testing.clock import FixedClock
from bridge.testing.counterparts.control import ROOT

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
REGION = "140525"
SINGLE = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
JOINT = "单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。"


@cache
def shipped_rules() -> Rules:
    """Return the shipped rules, without review: a ticket is dispatched at once."""
    return load_rules(ROOT / "routing_rules.yaml").with_review(enabled=False)


def vault() -> Vault:
    """Return a vault with fixed keys."""
    return Vault(Keyring("k1", {"k1": b"k" * 32}, b"i" * 32))


@dataclass
class Database:
    """An empty database by its URL, which the kit fills as it likes.

    ``portable_claim`` claims without SKIP LOCKED on PostgreSQL. Whoever makes one closes it.
    """

    url: str
    portable_claim: bool = False
    _opened: list[Store] = field(default_factory=list)

    @property
    def replicas(self) -> int:
        """How many processes may write at once: a SQLite file has one writer."""
        return 1 if is_sqlite(parse(self.url)) else 2

    async def open(self, region: str = REGION) -> Store:
        """Open a store as a replica of ``region`` does."""
        store = Store(parse(self.url), region, vault(), portable_claim=self.portable_claim)
        await store.start()
        self._opened.append(store)
        return store

    async def services(self) -> list[Service]:
        """Open as many replicas as the database takes."""
        return [service_on(await self.open()) for _ in range(self.replicas)]

    async def close(self) -> None:
        """Stop every store that was opened."""
        for store in self._opened:
            await store.stop()


def service_on(store: Store) -> Service:
    """Return the pipeline of one process on a store; every message is to be sent."""
    clock, rng = FixedClock(NOW), SystemRng()
    ports = Ports(clock, UlidIds(clock.wall, rng.token), rng)
    terms = {"hotline": FeedTerms("hotline_12345")}
    runtime = Runtime(store, ports, shipped_rules, terms, "https://bridge.example")
    return Service(runtime, Observer(Metrics()))


def draft(external_id: str, content: str = SINGLE, **changes: Any) -> TicketDraft:
    """Return a ticket as an adapter parsed it."""
    body = TicketBody(content=content, petitioner=Petitioner(name="桑女士", phone="13600000303"))
    ticket = TicketDraft(external_id, NOW, TicketKind.COMPLAINT, body, raw=content.encode(), digest=content)
    return replace(ticket, **changes)


def inbound(webhook_id: str, source: str = "feed:hotline") -> Inbound:
    """Return the identity of a signed request; equal ids carry equal bodies."""
    return Inbound(source, webhook_id, f"digest of {webhook_id}")
