"""The database can be reached, has this program's schema, keeps what it acknowledges, and belongs to this key.

Owns: looking before :meth:`Store.start` would change anything, and the refusals' words. Must not: upgrade a schema.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bridge import refusals
from bridge.crypto import Keyring, Vault
from bridge.doctor.finding import Finding, fault, faults, good, note
from bridge.errors import BridgeError, ConfigError
from bridge.settings import Settings
from bridge.store import migrate
from bridge.store.engine import parse
from bridge.store.migrate import SchemaState
from bridge.store.store import Store


@dataclass
class Database:
    """What was found, and the opened store where it can be used."""

    findings: list[Finding] = field(default_factory=list)
    store: Store | None = None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Look at the database and hold it open; ``store`` is None where there is nothing to read."""
    found = Database()
    try:
        store = await _looked_at(settings, found)
    except ConfigError as error:
        found.findings += faults("database", error)
        store = None
    except BridgeError as error:
        found.findings.append(fault("database", str(error), "检查数据库服务、网络与 database_url"))
        store = None
    found.store = store
    try:
        yield found
    finally:
        if store is not None:
            await store.stop()


async def _looked_at(settings: Settings, found: Database) -> Store | None:
    url = parse(settings.database_url)
    state = await Store(url, settings.region_code, _no_vault()).schema()
    if state is SchemaState.EMPTY:
        found.findings.append(good("database", "还是空的，首次启动时建立各表"))
        return None
    if not settings.key_file.exists():
        raise refusals.no_key(settings.key_file)
    vault = Vault(Keyring.load(settings.key_file))
    store = Store(url, settings.region_code, vault)
    if state is SchemaState.NEWER:
        raise refusals.newer_schema()
    if state is SchemaState.OLDER:
        _note_older(store, found)
        return None
    await store.start()
    found.findings.append(good("database", f"可用，结构 {migrate.head()}，密钥配套，提交即落盘"))
    return store


def _note_older(store: Store, found: Database) -> None:
    if not store.single:
        raise refusals.older_schema()
    remedy = "先 bridge backup 备份；启动服务或执行 bridge db upgrade 时会再自动备份并升级"
    found.findings.append(note("database", f"结构较旧，本程序需要 {migrate.head()}", remedy))


def _no_vault() -> Vault:
    return Vault(Keyring("none", {"none": bytes(32)}, bytes(32)))
