"""The ledger for one command: opened beside a running daemon or without one, closed afterwards.

Owns: putting the service together for the command line. Must not: start a loop or send anything.
"""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from bridge.core.model.event import Actor
    from bridge.pipeline.service import Service
    from bridge.registry import Registry
    from bridge.settings import Settings
    from bridge.store.store import Store

T = TypeVar("T")


def with_store(config: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run ``work`` on the opened store. Raises ConfigError, Unavailable."""
    from bridge.cli.options import settings_of

    settings = settings_of(config)
    quiet()

    async def run() -> T:
        async with _opened(settings) as store:
            return await work(store)

    return asyncio.run(run())


def with_service(config: Path, work: Callable[[Service], Awaitable[T]]) -> T:
    """Run ``work`` on the use cases. Raises ConfigError, Unavailable and what the use case raises."""
    from bridge.cli.options import settings_of

    settings = settings_of(config)
    quiet()

    async def run() -> T:
        async with _opened(settings) as store, _served(settings, store) as service:
            return await work(service)

    return asyncio.run(run())


def with_feeds(config: Path, work: Callable[[Service, Registry], Awaitable[T]]) -> T:
    """Run ``work`` on the use cases and the counterparts' adapters. Raises as :func:`with_service` does."""
    from bridge.cli.options import settings_of

    settings = settings_of(config)
    quiet()

    async def run() -> T:
        async with _opened(settings) as store, _wired(settings, store) as (service, registry):
            return await work(service, registry)

    return asyncio.run(run())


def operator() -> Actor:
    """Return the operator at the keyboard, as the history names it."""
    from bridge.core.model.event import Actor

    return Actor("operator", f"cli:{getpass.getuser()}", "operator")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Store]:
    from bridge.opening import open_store

    store = await open_store(settings)
    try:
        yield store
    finally:
        await store.stop()


@asynccontextmanager
async def _served(settings: Settings, store: Store) -> AsyncIterator[Service]:
    async with _wired(settings, store) as (service, _):
        yield service


@asynccontextmanager
async def _wired(settings: Settings, store: Store) -> AsyncIterator[tuple[Service, Registry]]:
    from bridge.delivery.targets import Targets
    from bridge.live_rules import feed_terms, load
    from bridge.metrics import Metrics
    from bridge.opening import system_ports
    from bridge.pipeline.observe import Observer
    from bridge.pipeline.runtime import Runtime
    from bridge.pipeline.service import Service
    from bridge.registry import Registry
    from bridge.signed_http import client_session

    rules, ports = load(settings), system_ports()
    async with client_session() as http:
        feeds, channels = settings.adapters_of_feeds(), settings.adapters_of_channels()
        registry = Registry.build(feeds, channels, http, ports.clock)
        targets = Targets(registry, lambda: rules, {}, shadow=settings.shadow)
        terms = feed_terms(settings, rules)
        runtime = Runtime(store, ports, lambda: rules, terms, settings.public_url, targets.placement, settings.shadow)
        yield Service(runtime, Observer(Metrics())), registry


def quiet() -> None:
    """Log warnings only, masked, to stderr: a command's output is its answer."""
    from bridge.clock import SystemClock
    from bridge.logs import configure_logs

    configure_logs(SystemClock().wall, form="console", level="warning")
