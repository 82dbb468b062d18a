"""``bridge migrate-store``: a county moves from its SQLite file to PostgreSQL.

Owns: the order of locking, copying, comparing and sealing checks, and what is said meanwhile. Must not: change the source.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse, settings_of

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


def migrate_store(
    old_url: Annotated[
        str, typer.Argument(metavar="SQLITE_URL", help="现在的库，如 sqlite+aiosqlite:///data/bridge.db。")
    ],
    new_url: Annotated[
        str, typer.Argument(metavar="POSTGRES_URL", help="新库，还没有本县的数据，如 postgresql+asyncpg://…。")
    ],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """把整个账本从 SQLite 搬到 PostgreSQL（新库，或几个县共用的库）：一个事务搬完并逐表核对，再核对历史链与封印；先停服务再执行。"""
    from bridge.backup.making import key_of
    from bridge.backup.restoring import audited
    from bridge.cli.audit import worded
    from bridge.store.engine import is_sqlite, parse
    from bridge.store.sole_owner import sole_owner
    from bridge.store.store import Store

    old, new = parse(old_url), parse(new_url)
    if not is_sqlite(old) or is_sqlite(new):
        raise refuse("先写 SQLite 的地址，再写 PostgreSQL 的地址")
    if not old.database or not Path(old.database).is_file():
        raise refuse(f"没有 {old.database} 这个文件；请在 bridge.toml 所在的文件夹里执行，并核对 SQLite 的地址")
    settings = settings_of(config)
    with sole_owner(old):
        counts = asyncio.run(_move(old, new))
        findings = [worded(each) for each in asyncio.run(audited(Store(new, settings.region_code, key_of(settings))))]
    if as_json:
        print_json({"rows": counts, "findings": findings})
    else:
        typer.echo("\n".join(f"{name}：{count} 行" for name, count in counts.items() if count))
        typer.echo("全部核对相符。把 bridge.toml 的 database_url 改为新库地址后启动服务；原文件留作备份，不要再启动。")
    if findings:
        raise refuse(f"历史链或封印有 {len(findings)} 处不符，请先执行 bridge audit verify 查明", DOES_NOT_HOLD)


async def _move(old: URL, new: URL) -> dict[str, int]:
    from bridge.store import engine as engines
    from bridge.store import move

    source, target = (
        engines.sqlite_engine(old, read_only=True),
        engines.postgres_engine(new, connections=1, patient=True),
    )
    try:
        with source.connect() as reading:
            move.check_source(reading)
            async with target.begin() as writing:
                regions = move.regions_of(reading)
                await writing.run_sync(move.prepare_target, regions)
                return await writing.run_sync(lambda sync: move.copy(reading, sync, regions, _tell))
    except engines.FAILURES as error:
        raise engines.at_start(error) from error
    finally:
        source.dispose()
        await target.dispose()


def _tell(table: str, done: int) -> None:
    typer.echo(f"{table}：已搬 {done} 行", err=True)
