"""What every process of the bridge opens first, be it a command or the daemon: the real ports and the ledger.

Owns: the key file of a new ledger, patience with a database that is not there yet. Must not: import what only the
daemon needs, as commands start with this.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from bridge import randomness, refusals
from bridge.clock import SystemClock
from bridge.crypto import Keyring, Vault
from bridge.errors import Unavailable
from bridge.ports import Ports, SystemRng, UlidIds
from bridge.settings import Settings
from bridge.store.engine import parse
from bridge.store.store import Store

log = structlog.get_logger(__name__)

START_PATIENCE_SECONDS = 30.0
"""How long an unreachable database is waited for at the start."""


def system_ports() -> Ports:
    """Return the real ports; ``BRIDGE_CLOCK_START`` sets the business clock ahead or back (demo and tests)."""
    start = os.environ.get("BRIDGE_CLOCK_START")
    clock = SystemClock()
    if start:
        clock = SystemClock(datetime.fromisoformat(start) - clock.wall())
    rng = SystemRng()
    return Ports(clock, UlidIds(clock.wall, randomness.token), rng)


async def open_store(settings: Settings, *, create_key: bool = True) -> Store:
    """Open the ledger of these settings.

    The key file is made only for an empty database: data without its key is a refused start.
    Raises ConfigError with the remedy; Unavailable.
    """
    url = parse(settings.database_url)
    if not settings.key_file.exists():
        placeholder = Store(url, settings.region_code, Vault(Keyring("none", {"none": bytes(32)}, bytes(32))))
        if not create_key or not await _waiting(placeholder.is_empty):
            raise refusals.no_key(settings.key_file)
        _create_key(settings.key_file)
    store = Store(url, settings.region_code, Vault(Keyring.load(settings.key_file)))
    await _waiting(store.start)
    return store


def _create_key(path: Path) -> None:
    try:
        Keyring.create(path)
    except OSError as error:
        raise refusals.key_not_written(path, error) from None


async def _waiting(call: Callable[[], object]) -> object:
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(Unavailable),
        stop=stop_after_delay(START_PATIENCE_SECONDS),
        wait=wait_exponential_jitter(multiplier=0.2, max=3),
        before_sleep=_tell,
        reraise=True,
    ):
        with attempt:
            result = call()
            return await result if asyncio.iscoroutine(result) else result
    return None


def _tell(state: RetryCallState) -> None:
    """Say once that the database is waited for; a silent start looks like a hanging one."""
    if state.attempt_number == 1 and state.outcome is not None:
        log.warning("database.waited_for", why=str(state.outcome.exception()), for_seconds=START_PATIENCE_SECONDS)
