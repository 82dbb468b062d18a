"""What lies in the folder of ``bridge.toml``: keys and secrets, their permissions, room on the disk.

Owns: the checks that need no database. Must not: read a secret's value.
"""

from __future__ import annotations

import os
import shutil
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.crypto import Keyring
from bridge.doctor.finding import Finding, fault, faults, good, note
from bridge.errors import ConfigError
from bridge.os_errors import worded
from bridge.settings import Settings
from bridge.store.engine import is_sqlite, parse

SCARCE_BYTES, FULL_BYTES = 1 << 30, 100 << 20
_OTHERS = stat.S_IRWXO
_MIB = 1 << 20


def keys(settings: Settings) -> list[Finding]:
    """Check the key file; whether it fits the data is the database's check."""
    path = settings.key_file
    if not path.exists():
        return [note("keys", f"密钥文件 {path} 还没有", "首次启动时会自动建立；已有数据的，请先把原来的密钥文件放回")]
    try:
        Keyring.load(path)
    except ConfigError as error:
        return faults("keys", error)
    return [good("keys", f"密钥文件 {path} 可读，其他用户不可读")]


def secrets(config: Path, settings: Settings) -> list[Finding]:
    """Check who may read the files that hold secrets."""
    files = sorted({config.absolute(), *_secret_files(config, settings.folder)})
    found = []
    for file in files:
        try:
            mode = file.stat().st_mode
        except OSError as error:
            found.append(fault("secrets", f"{file} 读不出来（{worded(error)}）", "把文件放回原处，或改 secret_file"))
            continue
        if mode & _OTHERS:
            found.append(note("secrets", f"{file} 对其他用户开放", f"chmod 600 {file}"))
    return found or [good("secrets", f"配置与 {len(files) - 1} 个密钥文件只有本用户和同组可读")]


def disk(settings: Settings) -> list[Finding]:
    """Check the room and the permissions where the daemon writes."""
    return [_disk(folder) for folder in _written_folders(settings)]


def _secret_files(config: Path, folder: Path) -> Iterator[Path]:
    values = tomllib.loads(config.read_text(encoding="utf-8"))
    tables: list[Any] = [table for section in ("feeds", "channels") for table in (values.get(section) or {}).values()]
    for table in tables:
        name = table.get("secret_file") if isinstance(table, dict) else None
        if isinstance(name, str):
            yield folder / name


def _written_folders(settings: Settings) -> list[Path]:
    url = parse(settings.database_url)
    database = [Path(url.database).parent] if is_sqlite(url) and url.database else []
    return list(dict.fromkeys([*database, settings.key_file.parent]))


def _disk(folder: Path) -> Finding:
    present = next(each for each in (folder, *folder.parents) if each.exists())
    if not present.is_dir() or not os.access(present, os.W_OK | os.X_OK):
        return fault("disk", f"{folder} 不能写入", "检查目录的属主与权限，文件系统是否只读")
    usage = shutil.disk_usage(present)
    return room(folder, usage.free, usage.total)


def room(folder: Path, free: int, total: int) -> Finding:
    """Judge the bytes left on a disk."""
    text = f"{folder} 所在磁盘剩余 {free // _MIB} MiB（共 {total // _MIB} MiB）"
    remedy = "清理空间或扩大磁盘；写不下时收件应答 503，已确认的不会丢"
    if free < FULL_BYTES:
        return fault("disk", text, remedy)
    return note("disk", text, remedy) if free < SCARCE_BYTES else good("disk", text)
