"""``bridge backup`` and ``bridge restore``: the night's copy, and the day it is needed.

Owns: their options and what is said. Must not: know the file's form.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse, settings_of

if TYPE_CHECKING:
    from bridge.backup.restoring import Restored

_NAME = "bridge-{:%Y%m%d-%H%M%S}.zip"
_LEFT_OUT = "密钥文件、secrets/ 和 bridge.toml 不在备份里，请另行保管；没有密钥文件，备份恢复不了"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="备份写到哪个文件；给文件夹则按时间取名。")],
    keep: Annotated[int, typer.Option(min=0, help="给文件夹时：只留最新几份，0 为全留。")] = 0,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """把账本、规则、日历和模板备份成一个文件；服务照常运行，SQLite 与 PostgreSQL 都行。"""
    from bridge.backup.making import back_up
    from bridge.core.civil import SHANGHAI
    from bridge.opening import system_ports

    if keep and not file.is_dir():
        raise refuse(f"--keep 要给文件夹，{file} 不是；请先建好文件夹")
    wall = system_ports().clock.wall()
    target = file / _NAME.format(wall.astimezone(SHANGHAI)) if file.is_dir() else file
    manifest = asyncio.run(back_up(settings_of(config), target.absolute(), wall, _tell))
    removed = _forget(file, keep) if keep else []
    if as_json:
        print_json({"file": str(target), "rows": manifest.rows, "chain_head": manifest.chain_head, "removed": removed})
        return
    typer.echo(f"{target}：{manifest.rows['cases']} 个案件、{sum(manifest.rows.values())} 行，结构 {manifest.schema}")
    typer.echo(_LEFT_OUT, err=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="bridge backup 写的文件。")],
    check: Annotated[bool, typer.Option("--check", help="只核对这份备份，不恢复。")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """从备份恢复到空的数据库：先核对封印、散列、行数，恢复后再核对历史链；已有数据的库一律拒绝。"""
    from bridge.backup import restoring

    settings = settings_of(config)
    done = asyncio.run(restoring.check(settings, file) if check else restoring.restore(settings, file, _tell))
    if as_json:
        _print_json(done)
    else:
        _print(done, restored=not check)
    if done.findings:
        raise refuse(f"历史链或封印有 {len(done.findings)} 处不符，请执行 bridge audit verify 查明", DOES_NOT_HOLD)
    if done.failed:
        raise refuse("账本已恢复；没有放回的文件请排除原因后从备份中手工取出", DOES_NOT_HOLD)


def _print(done: Restored, *, restored: bool) -> None:
    made, rows = done.manifest.made_at, done.manifest.rows
    typer.echo(
        f"备份于 {made}：{rows['cases']} 个案件、{sum(rows.values())} 行，" + ("已恢复" if restored else "可以恢复")
    )
    for path in done.written:
        typer.echo(f"已放回 {path}")
    for path in done.different:
        typer.echo(f"{path} 与备份里的不同，没有改动")
    for text in done.failed:
        typer.echo(f"没有放回 {text}", err=True)
    if restored:
        typer.echo("下一步：启动服务；备份之后到达的工单，请上游重推或执行 bridge reconcile", err=True)


def _print_json(done: Restored) -> None:
    print_json(
        {
            "made_at": done.manifest.made_at,
            "rows": done.manifest.rows,
            "chain_head": done.manifest.chain_head,
            "findings": [each._asdict() for each in done.findings],
            "written": [str(path) for path in done.written],
            "different": [str(path) for path in done.different],
            "failed": done.failed,
        }
    )


def _forget(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest backups of a folder; only files named by us."""
    found = sorted(path for path in folder.glob("bridge-*.zip") if _is_ours(path.name))
    for path in found[:-keep]:
        path.unlink()
    return [path.name for path in found[:-keep]]


def _is_ours(name: str) -> bool:
    try:
        datetime.strptime(name, "bridge-%Y%m%d-%H%M%S.zip")  # noqa: DTZ007 - only whether it is one of our names
    except ValueError:
        return False
    return True


def _tell(table: str, done: int) -> None:
    typer.echo(f"{table}：{done} 行", err=True)
