"""``bridge db``: bring the database to this program's schema, or see where it stands.

Owns: the two commands. Must not: run beside a daemon that is older than this program.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse, settings_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.settings import Settings

app = typer.Typer(help="数据库结构：升级、检查。", no_args_is_help=True)


@app.command()
def upgrade(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """升级到本程序的结构（SQLite 会先自动备份；PostgreSQL 请先自行备份）。"""
    from bridge.store.migrate import head

    asyncio.run(_upgrade(settings_of(config)))
    if as_json:
        print_json({"revision": head()})
    else:
        typer.echo(f"数据库结构为最新（{head()}）")


_REMEDY = {
    "current": "",
    "empty": "请执行 bridge db upgrade",
    "older": "请执行 bridge db upgrade",
    "newer": "数据库由更新的版本写成；请升级程序，或恢复升级前的备份",
}


@app.command()
def check(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """检查数据库结构是否与本程序一致；不一致时退出状态为 1。"""
    state, drift = asyncio.run(_inspect(settings_of(config)))
    if as_json:
        print_json({"state": state, "drift": drift})
    else:
        typer.echo({"current": "一致", "empty": "尚未建立", "older": "较旧", "newer": "较新"}[state])
    if state != "current" or drift:
        raise refuse("\n".join(drift) or _REMEDY[state], DOES_NOT_HOLD)


async def _upgrade(settings: Settings) -> None:
    from bridge.crypto import Keyring, Vault
    from bridge.opening import open_store
    from bridge.store.engine import parse
    from bridge.store.store import Store

    if not settings.key_file.exists():
        await (await open_store(settings)).stop()
        return
    store = Store(parse(settings.database_url), settings.region_code, Vault(Keyring.load(settings.key_file)))
    await store.start(migrate_postgres=True)
    await store.stop()


async def _inspect(settings: Settings) -> tuple[str, list[str]]:
    from bridge.store.engine import is_sqlite, parse, postgres_engine

    url = parse(settings.database_url)
    if is_sqlite(url):
        return await asyncio.to_thread(_inspect_file, settings)
    engine = postgres_engine(url, connections=1)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_seen)
    finally:
        await engine.dispose()


def _inspect_file(settings: Settings) -> tuple[str, list[str]]:
    from pathlib import Path

    from bridge.store.engine import parse, sqlite_engine

    url = parse(settings.database_url)
    if not Path(url.database or "").exists():
        return "empty", []
    engine = sqlite_engine(url, read_only=True)
    try:
        with engine.connect() as connection:
            return _seen(connection)
    finally:
        engine.dispose()


def _seen(connection: Connection) -> tuple[str, list[str]]:
    from bridge.store.migrate import SchemaState, drift, state

    found = state(connection)
    return found.value, drift(connection) if found is SchemaState.CURRENT else []
