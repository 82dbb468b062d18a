"""The composition root: what is started, in which order, and how it stops.

Owns: building every part from the settings and handing the parts to each other; SIGTERM and the drain.
Must not: decide anything about tickets. Roles: web, worker, clock, feeds (default all).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import structlog

from bridge import certificates, live_rules, refusals
from bridge.certificates import Certificates
from bridge.clock import SystemClock
from bridge.clock_socket import ClockSocket
from bridge.core.policy import Rules
from bridge.delivery.holding import HOLD_SECONDS, Holding
from bridge.delivery.targets import Targets
from bridge.delivery.worker import Worker
from bridge.documents.desk import desk_of
from bridge.documents.filing import FILE_SECONDS, Filing
from bridge.feeds.folders import POLL_SECONDS, folder_loops
from bridge.ledger_gauges import LedgerGauges
from bridge.logs import configure_logs
from bridge.loops import Heartbeats, Leader, repeat
from bridge.metrics import Metrics
from bridge.opening import open_store, system_ports
from bridge.pid_file import pid_file
from bridge.pipeline.observe import Observer
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.service import Service
from bridge.ports import Ports
from bridge.registry import Registry
from bridge.roster import REPORT_SECONDS, Roster
from bridge.rules.reload import RulesHolder
from bridge.settings import Settings
from bridge.signed_http import client_session
from bridge.store.engine import parse
from bridge.store.hints import Hints
from bridge.store.sole_owner import sole_owner
from bridge.vitals import LOOK_SECONDS, Vitals
from bridge.web.app import create_app
from bridge.web.context import WebContext
from bridge.web.guard import Listener

log = structlog.get_logger(__name__)

ROLES = ("web", "worker", "clock", "feeds")
YOUNG_OBJECTS = 10_000
"""So many new objects before the collector looks at them; a request makes thousands that go by themselves."""
SWEEP_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 15.0
FORGET_DAYS = 30
"""How long the first answer to a webhook-id is kept; the same id later is a new message."""


@dataclass
class Daemon:
    """One process of the bridge."""

    settings: Settings
    roles: Sequence[str] = ROLES
    ports: Ports = field(default_factory=system_ports)
    metrics: Metrics = field(default_factory=Metrics)
    owner: str = field(init=False)
    """The name under which this process holds leases and stands on the roster."""
    _gauges: LedgerGauges | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _draining: bool = False
    _leads: bool = False

    def __post_init__(self) -> None:
        """Draw the process's name."""
        self.owner = self.ports.ids.new("p")

    async def run(self) -> None:
        """Start, serve until SIGTERM or SIGINT, drain, stop."""
        self._listen_for_signals()
        async with AsyncExitStack() as stack:
            await self._start(stack)
            stack.enter_context(pid_file(self.settings.folder))
            _spare_the_collector()
            log.info("daemon.started", roles=list(self.roles), listen=self.settings.document.listen)
            await self._stop.wait()
            await self._hand_over()
        log.info("daemon.stopped")

    async def _hand_over(self) -> None:
        """Serve on for a while, not ready any more, so that whoever sends turns to the other replicas first."""
        self._draining = True
        seconds = self.settings.drain_seconds
        log.info("daemon.draining", seconds=seconds)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        """Drain at the first signal, stop waiting at the second, end at once at the third."""
        if self._hurry.is_set():
            os._exit(1)
        if self._stop.is_set() or not self.settings.drain_seconds:
            self._hurry.set()
        self._stop.set()

    async def _start(self, stack: AsyncExitStack) -> None:
        rules = live_rules.load(self.settings)
        holder = live_rules.watched(self.settings, rules, self.metrics, self.ports.clock)
        stack.enter_context(sole_owner(parse(self.settings.database_url)))
        store = await open_store(self.settings)
        stack.push_async_callback(store.stop)
        if store.single:
            await store.write(store.leases.clear)
        http = await stack.enter_async_context(client_session())
        registry = await stack.enter_async_context(self._registry(http))
        targets = Targets(registry, holder.current, self._adapter_names(), shadow=self.settings.shadow)
        terms = live_rules.feed_terms(self.settings, rules)
        runtime = Runtime(
            store, self.ports, holder.current, terms, self.settings.public_url, targets.placement, self.settings.shadow
        )
        beats = Heartbeats(self.ports.clock, self.metrics)
        service = Service(runtime, Observer(self.metrics), readiness_checks=[beats.lacking, self._stopping])
        self._describe(rules)
        await self._start_roster(stack, service, beats)
        await self._start_clock_socket(stack, service)
        if "worker" in self.roles:
            await self._start_holding(service, targets, beats)
            if not self.settings.shadow:
                await self._start_worker(stack, service, targets, beats)
        elif not self.settings.shadow:
            self._start_hints(stack, service, None)
        if "clock" in self.roles:
            self._start_clock(stack, service, beats)
        if "feeds" in self.roles:
            self._start_feeds(stack, service, registry, beats)
        self._watch_rules(holder, beats)
        self._watch_surroundings(holder, beats)
        self._watch_certificates(registry, beats)
        stack.push_async_callback(self._cancel_loops)
        if "web" in self.roles:
            await self._start_web(stack, service, registry)

    def _registry(self, http: aiohttp.ClientSession) -> Registry:
        return Registry.build(
            self.settings.adapters_of_feeds(), self.settings.adapters_of_channels(), http, self.ports.clock
        )

    def _adapter_names(self) -> dict[tuple[str, str], str]:
        feeds = {("upstream", name): feed.adapter for name, feed in self.settings.feeds.items()}
        return feeds | {("unit", name): channel.adapter for name, channel in self.settings.channels.items()}

    def _describe(self, rules: Rules) -> None:
        names = [(adapter, kind) for (kind, _), adapter in self._adapter_names().items()]
        policy = rules.policy
        ours = [name for name, unit in policy.units.items() if not unit.external]
        self.metrics.initialise(feeds=self.settings.feeds, units=ours, categories=policy.categories, adapters=names)

    def _watch_rules(self, holder: RulesHolder, beats: Heartbeats) -> None:
        """Take a changed rules file in while running; SIGHUP (``bridge rules reload``) does it at once."""

        async def step() -> None:
            await asyncio.to_thread(holder.poll)

        self._loop("rules", step, beats, live_rules.WATCH_SECONDS)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, holder.reload))

    def _watch_surroundings(self, holder: RulesHolder, beats: Heartbeats) -> None:
        vitals = Vitals(self.settings.folder, holder.current, self.ports.clock, self.metrics)

        async def step() -> None:
            await asyncio.to_thread(vitals.look)

        self.metrics.put("shadow_mode", float(self.settings.shadow))
        vitals.look()
        self._loop("vitals", step, beats, LOOK_SECONDS)

    def _watch_certificates(self, registry: Registry, beats: Heartbeats) -> None:
        watched = Certificates(registry, self.settings.public_url, self.ports.clock, self.metrics)
        self._loop("certificates", watched.step, beats, certificates.LOOK_SECONDS)

    async def _start_roster(self, stack: AsyncExitStack, service: Service, beats: Heartbeats) -> None:
        """Appear on the roster before anything is served."""
        runtime = service.runtime
        roster = Roster(
            runtime.store, self.ports.clock, self.owner, self.roles, lambda: runtime.rules().policy.hash,
            skewed=partial(self.metrics.put, "clock_skew_seconds"),
        )  # fmt: skip
        await roster.step()
        stack.push_async_callback(roster.leave)
        service.warning_checks.append(lambda: roster.warnings)
        self._loop("roster", roster.step, beats, REPORT_SECONDS)

    def _stopping(self) -> list[str]:
        return ["正在停机"] if self._draining or self._stop.is_set() else []

    async def _start_clock_socket(self, stack: AsyncExitStack, service: Service) -> None:
        path, clock = os.environ.get("BRIDGE_CLOCK_SOCKET"), self.ports.clock
        if path and isinstance(clock, SystemClock):
            server = ClockSocket(Path(path), clock, service)
            await server.start()
            stack.push_async_callback(server.stop)

    async def _start_holding(self, service: Service, targets: Targets, beats: Heartbeats) -> None:
        """Hold what waits before anybody could fetch it, and tell of what is held."""
        store = service.runtime.store
        holding = Holding(store, self.ports.clock, self.settings.shadow, targets.uncertain_targets())
        await holding.step()
        service.warning_checks.append(holding.warnings)
        self._loop("holding", holding.step, beats, HOLD_SECONDS)

    async def _start_worker(self, stack: AsyncExitStack, service: Service, targets: Targets, beats: Heartbeats) -> None:
        options = self.settings.worker
        worker = Worker(
            service.runtime, targets, self.metrics, self.owner, service.after,
            concurrency=options.concurrency, per_target=options.per_target,
            lease=timedelta(seconds=options.lease_seconds), alive=lambda: beats.beat("delivery"),
        )  # fmt: skip
        service.wake = worker.wake
        self._start_hints(stack, service, worker.wake)
        if service.runtime.store.single:
            await worker.rescue(everything=True)
        task = asyncio.create_task(worker.run(), name="delivery")
        stack.push_async_callback(self._drain, worker, task)

    def _start_hints(self, stack: AsyncExitStack, service: Service, wake: Callable[[], None] | None) -> None:
        """Hear from processes that do not deliver, or be one of them that says when there is something to deliver."""
        store = service.runtime.store
        hints = Hints(store.url, store.region, self.ports.clock, heard=wake)
        if wake is None:
            service.wake = hints.tell
        task = asyncio.create_task(hints.run(), name="hints")
        stack.push_async_callback(_cancelled, task)

    async def _drain(self, worker: Worker, task: asyncio.Task[None]) -> None:
        """Let what is under way arrive, and the worker end, before the ledger closes."""
        await worker.stop()
        await task

    def _start_clock(self, stack: AsyncExitStack, service: Service, beats: Heartbeats) -> None:
        leader = Leader(service.runtime.store, self.ports.clock, "clock", self.owner)
        stack.push_async_callback(leader.release)

        async def step() -> None:
            self._leads = await leader.holds()
            if self._leads:
                await service.sweep()
            else:
                self.metrics.show_ledger(None)

        async def housekeep() -> None:
            if self._leads:
                await self._show_ledger(service)
                await self._forget(service)

        filing = Filing(desk_of(self.settings, service.runtime), self.settings.documents.at_archive)

        async def file_papers() -> None:
            if self._leads:
                await filing.step()

        self._loop("clock", step, beats, SWEEP_SECONDS)
        self._loop("papers", file_papers, beats, FILE_SECONDS)
        self._loop("housekeeping", housekeep, beats, HOUSEKEEPING_SECONDS)

    def _start_feeds(self, stack: AsyncExitStack, service: Service, registry: Registry, beats: Heartbeats) -> None:
        for folder in folder_loops(registry, service, beats, self.metrics, self.owner):
            stack.push_async_callback(folder.leader.release)
            self._loop(folder.name, folder.step, beats, POLL_SECONDS)

    async def _show_ledger(self, service: Service) -> None:
        """Count the ledger for a scrape; only the clock leader exports it."""
        if self._leads:
            self._gauges = self._gauges or LedgerGauges(service.runtime.store, self.ports.clock)
            self.metrics.show_ledger(await self._gauges.read())

    async def _forget(self, service: Service) -> None:
        store = service.runtime.store
        old = self.ports.clock.wall() - timedelta(days=FORGET_DAYS)
        await store.write(lambda tx: store.inbound.forget_before(tx, old))

    def _loop(self, name: str, step: Callable[[], object], beats: Heartbeats, every_seconds: float) -> None:
        work = repeat(name, step, self.ports.clock, beats, every_seconds=every_seconds)  # type: ignore[arg-type]
        self._tasks.append(asyncio.create_task(work, name=name))

    async def _cancel_loops(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _start_web(self, stack: AsyncExitStack, service: Service, registry: Registry) -> None:
        context = WebContext(
            service, desk_of(self.settings, service.runtime), registry, service.runtime.rules, self.ports,
            self.metrics, self.settings.web,
            before_scrape=lambda: self._show_ledger(service), draining=lambda: self._draining,
        )  # fmt: skip
        listener = Listener(create_app(context), self.settings.web)
        try:
            port = await listener.start(self.settings.host, self.settings.port)
        except (OSError, UnicodeError) as error:
            raise refusals.not_listening(self.settings.document.listen, error) from error
        log.info("web.listening", port=port)
        stack.push_async_callback(listener.stop)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _spare_the_collector() -> None:
    """Leave what a process holds for life (rules, schemas, statements) out of every later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()


async def serve(settings: Settings, roles: Sequence[str] = ROLES) -> None:
    """Run the daemon with these settings until it is told to stop. Raises ConfigError, Unavailable."""
    ports = system_ports()
    configure_logs(ports.clock.wall, form=settings.log_format)
    await Daemon(settings, roles, ports).run()
