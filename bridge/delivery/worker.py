"""The delivery worker: claim → attempt → settle, many at once, few per counterpart.

Owns: concurrency, fairness between counterparts, leases. Must not: decide about retries
(``core.retry``) or about cases (``pipeline.settle``). No transaction is open during an attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bridge.core.retry import Park, RetryAfter, Uncertain, next_attempt
from bridge.core.vocabulary import OutboxState
from bridge.delivery.targets import NoSuchTarget, Targets
from bridge.errors import DeliveryError, FailureReason, LeaseLost, NotYet, StaleRow, StoreError, Unavailable
from bridge.logs import one_line
from bridge.loops import DATABASE_REST_SECONDS
from bridge.metrics import Metrics
from bridge.pipeline import settle
from bridge.pipeline.commit import Committed
from bridge.pipeline.runtime import Runtime
from bridge.store.outbox import Claimed
from bridge.store.writer import Tx

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
RESCUE_SECONDS = 2.0
TROUBLED_AFTER = 3
"""A counterpart that failed so often in a row is tried with one message at a time."""


@dataclass
class Worker:
    """One process's deliveries. ``after`` is told of every committed change."""

    runtime: Runtime
    targets: Targets
    metrics: Metrics
    owner: str
    after: Callable[[Committed | None], None]
    concurrency: int = 128
    per_target: int = 8
    lease: timedelta = timedelta(seconds=25)
    alive: Callable[[], None] = lambda: None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _in_flight: Counter[str] = field(default_factory=Counter)
    _failures: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Nothing runs yet."""
        self._ended.set()

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until stopped."""
        self._ended.clear()
        try:
            await self._run()
        finally:
            self._ended.set()

    async def _run(self) -> None:
        """Claim and begin again and again; a database that fails is tried again later."""
        rescued_at, lost = -RESCUE_SECONDS, 0
        clock = self.runtime.ports.clock
        self.metrics.initialise_loop("delivery")
        while not self._stopping:
            self._wake.clear()
            try:
                if clock.monotonic() - rescued_at >= RESCUE_SECONDS:
                    await self.rescue()
                    rescued_at = clock.monotonic()
                claimed = await self.claim()
                self.alive()
                lost = 0
            except StoreError as error:
                lost += 1
                self._failed("database")
                log.warning("delivery.database_failed", error=type(error).__name__, why=str(error))
                claimed = []
            except Exception:
                self._failed("bug")
                log.exception("delivery.loop_crashed")
                claimed = []
            for each in claimed:
                self._begin(each)
            if not claimed:
                await self._rest(min(POLL_SECONDS * 2 ** min(lost, 5), DATABASE_REST_SECONDS))

    def _failed(self, reason: str) -> None:
        self.metrics.count("loop_failures_total", loop="delivery", reason=reason)

    async def _rest(self, seconds: float = POLL_SECONDS) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def stop(self, patience_seconds: float = 15.0) -> None:
        """Take no more, let what is under way finish, then give up on the rest (its leases end by themselves).

        A claim under way may still bring messages; they are sent too, for nobody else could before their lease ends.
        """
        self._stopping = True
        self.wake()
        await self._ended.wait()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_seconds)
        for task in list(self._tasks):
            task.cancel()

    async def rescue(self, *, everything: bool = False) -> int:
        """Free rows whose lease ended; ``everything`` at the start of the only process on a database."""
        unsafe = self.targets.uncertain_targets()
        mine = self.owner if everything else None
        store, wall = self.runtime.store, self.runtime.wall()
        return await store.write(lambda tx: store.outbox.rescue(tx, wall, uncertain_targets=unsafe, mine=mine))

    async def claim(self) -> list[Claimed]:
        """Lease some due messages, none for a counterpart that has its share; few at a time, so none takes every hand."""
        free = self.concurrency - len(self._tasks)
        if free <= 0:
            await self._rest()
            return []
        store, wall = self.runtime.store, self.runtime.wall()
        count = min(free, 2 * self.per_target)
        busy = [counterpart for counterpart, count in self._in_flight.items() if count >= self._share(counterpart)]
        return await store.write(
            lambda tx: store.outbox.claim(
                tx, owner=self.owner, count=count, wall=wall, until=wall + self.lease, busy=busy
            ),
            apart=True,
        )

    def _share(self, counterpart: str) -> int:
        return 1 if self._failures[counterpart] >= TROUBLED_AFTER else self.per_target

    def _begin(self, claimed: Claimed) -> None:
        self._in_flight[claimed.counterpart] += 1
        task = asyncio.create_task(self._deliver(claimed))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._end(done, claimed.counterpart))

    def _end(self, task: asyncio.Task[None], counterpart: str) -> None:
        self._tasks.discard(task)
        self._in_flight[counterpart] -= 1
        if self._in_flight[counterpart] <= 0:
            del self._in_flight[counterpart]
        self.wake()

    async def _deliver(self, claimed: Claimed) -> None:
        clock = self.runtime.ports.clock
        try:
            began = clock.monotonic()
            failure = await self._attempt(claimed)
            seconds = clock.monotonic() - began
            with one_line() as changed:
                await self._settle(claimed, failure)
            self._log(claimed, failure, seconds, changed)
        except LeaseLost:
            log.warning("delivery.lease_lost", key=claimed.key)
        except (Unavailable, StaleRow) as error:
            log.warning("delivery.not_settled", key=claimed.key, error=type(error).__name__)
        except Exception:
            log.exception("delivery.not_settled", key=claimed.key)
            await self._park_bug(claimed)

    async def _park_bug(self, claimed: Claimed) -> None:
        """Stop a message whose end we cannot record, rather than sending it again and again."""
        state, reason = OutboxState.PARKED, FailureReason.BUG.value
        with contextlib.suppress(StoreError):
            await self.runtime.store.write(
                lambda tx: settle.stopped(tx, self.runtime, claimed, state, reason, "程序错误，详见日志"),
                key=claimed.case_id,
            )

    async def _attempt(self, claimed: Claimed) -> DeliveryError | None:
        adapter, kind = self.targets.adapter_name(claimed.kind, claimed.target), claimed.kind
        self.metrics.count("delivery_attempts_total", adapter=adapter, kind=kind)
        clock = self.runtime.ports.clock
        began = clock.monotonic()
        failure = await self._send(claimed)
        seconds = clock.monotonic() - began
        self.metrics.observe("delivery_duration_seconds", seconds, adapter=adapter, kind=kind)
        if failure is not None:
            reason = failure.reason.value
            self.metrics.count("delivery_failures_total", adapter=adapter, kind=kind, reason=reason)
        return failure

    async def _send(self, claimed: Claimed) -> DeliveryError | None:
        try:
            await self.targets.send(claimed)
        except DeliveryError as error:
            return error
        except NoSuchTarget as error:
            return DeliveryError(FailureReason.UNAVAILABLE, f"没有配置渠道 {error}")
        except Exception:
            log.exception("delivery.bug", key=claimed.key)
            return DeliveryError(FailureReason.BUG, "程序错误，详见日志")
        return None

    def _log(
        self, claimed: Claimed, failure: DeliveryError | None, seconds: float, changed: dict[str, list[str]]
    ) -> None:
        fields = {
            "key": claimed.key, "type": claimed.type, "target": claimed.target,
            "attempt": claimed.attempts, "duration_seconds": round(seconds, 4),
        }  # fmt: skip
        if failure is None:
            log.info("delivery.done", **fields, **({"changed": changed} if changed else {}))
        else:
            log.warning("delivery.failed", reason=failure.reason.value, error=str(failure), **fields)

    async def _settle(self, claimed: Claimed, failure: DeliveryError | None) -> None:
        if failure is None:
            await self._settle_delivered(claimed)
        else:
            await self._settle_failed(claimed, failure)

    async def _settle_delivered(self, claimed: Claimed) -> None:
        self._failures.pop(claimed.counterpart, None)
        runtime = self.runtime

        def unit(tx: Tx) -> Committed | None:
            return settle.delivered(tx, runtime, claimed)

        ahead = settle.questions(runtime, claimed)
        self.after(await runtime.store.write(unit, key=claimed.case_id, ahead=ahead))

    async def _settle_failed(self, claimed: Claimed, failure: DeliveryError) -> None:
        self._failures[claimed.counterpart] += 1
        verdict = next_attempt(
            failure.reason,
            claimed.attempts,
            idempotent=self.targets.is_idempotent(claimed),
            jitter=self.runtime.ports.rng.uniform(0.0, 1.0),
            wait_seconds=failure.seconds if isinstance(failure, NotYet) else None,
        )
        reason, text = failure.reason.value, str(failure)
        match verdict:
            case RetryAfter(seconds):
                at = self.runtime.wall() + timedelta(seconds=seconds)
                await self.runtime.store.write(
                    lambda tx: settle.postponed(tx, self.runtime, claimed, at, reason, text), key=claimed.case_id
                )
            case Park() | Uncertain():
                state = OutboxState.PARKED if isinstance(verdict, Park) else OutboxState.UNCERTAIN
                log.error("delivery.parked", key=claimed.key, state=state.value, reason=reason)
                await self.runtime.store.write(
                    lambda tx: settle.stopped(tx, self.runtime, claimed, state, reason, text), key=claimed.case_id
                )
