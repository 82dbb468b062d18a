"""From a running county to a backup file.

Owns: what goes in: the ledger at one moment, the rules, the calendar years, the templates. Must not: put in
``bridge.toml``, the key file or a secret.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bridge import __version__, refusals
from bridge.backup import archive
from bridge.backup.archive import FORM, LEDGER, Manifest
from bridge.crypto import Keyring, Vault
from bridge.errors import StoreError
from bridge.os_errors import worded
from bridge.settings import Settings
from bridge.store import snapshot
from bridge.store.engine import is_sqlite, parse
from bridge.store.facts import LAST_BACKUP
from bridge.store.migrate import SchemaState
from bridge.store.move import Progress
from bridge.store.store import Store


async def back_up(settings: Settings, target: Path, wall: datetime, tell: Progress) -> Manifest:
    """Write a backup of the county beside whatever runs, and note in the ledger that there is one.

    Raises:
        ConfigError: there is no ledger, or not its key.
        StoreError: it cannot be read or written; nothing is left behind.
    """
    vault = key_of(settings)
    store = Store(parse(settings.database_url), settings.region_code, vault)
    state = await store.schema()
    if state is SchemaState.EMPTY:
        raise refusals.refused("database_url", "数据库还是空的，没有可备份的；请检查 database_url")
    manifest = await _written(settings, vault, target, wall, tell)
    if state is SchemaState.CURRENT:
        await _note(store, wall)
    return manifest


def key_of(settings: Settings) -> Vault:
    """Return the county's key. Raises ConfigError."""
    if not settings.key_file.exists():
        raise refusals.no_key(settings.key_file)
    return Vault(Keyring.load(settings.key_file))


def own_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the county's own files and their names in a backup, whether or not they are there."""
    yield "rules/routing_rules.yaml", settings.rules
    for folder, pattern, name in (
        (settings.folder / "calendar", "*.json", "calendar"),
        (settings.templates, "*.docx", "templates"),
    ):
        for path in sorted(folder.glob(pattern)):
            yield f"{name}/{path.name}", path


async def _written(settings: Settings, vault: Vault, target: Path, wall: datetime, tell: Progress) -> Manifest:
    try:
        with tempfile.TemporaryDirectory(prefix=".bridge-backup-", dir=target.parent) as folder:
            ledger = Path(folder) / LEDGER
            await _take(settings, ledger, tell)
            files = {LEDGER: ledger, **{name: path for name, path in own_files(settings) if path.is_file()}}
            manifest = _manifest(settings, files, wall)
            await asyncio.to_thread(archive.write, target, manifest, files, vault)
            return manifest
    except OSError as error:
        raise StoreError(f"备份写不进 {target.parent}（{worded(error)}）") from None


async def _take(settings: Settings, ledger: Path, tell: Progress) -> None:
    url = parse(settings.database_url)
    if is_sqlite(url):
        await asyncio.to_thread(snapshot.take_sqlite, Path(url.database or ""), ledger)
        await asyncio.to_thread(snapshot.without_processes, ledger)
    else:
        await snapshot.take_postgres(url, settings.region_code, ledger, tell)


def _manifest(settings: Settings, files: dict[str, Path], wall: datetime) -> Manifest:
    held = snapshot.inventory(files[LEDGER])
    return Manifest(
        form=FORM,
        made_at=wall.isoformat(timespec="seconds"),
        program=__version__,
        region_code=settings.region_code,
        database=parse(settings.database_url).get_backend_name(),
        schema=held.schema,
        rows=held.rows,
        chain_head=held.chain_head,
        files={name: archive.digest_of(path) for name, path in files.items()},
    )


async def _note(store: Store, wall: datetime) -> None:
    await store.start()
    try:
        await store.write(lambda tx: store.facts.put(tx, LAST_BACKUP, wall.isoformat(timespec="seconds")))
    finally:
        await store.stop()
