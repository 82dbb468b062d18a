"""From a backup file to a county that can run again: checked first, put into an empty database, checked again.

Owns: the order. Must not: overwrite a ledger, a rules file or a template that is there.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bridge.backup import archive
from bridge.backup.archive import LEDGER, Manifest
from bridge.backup.making import key_of
from bridge.errors import StoreError
from bridge.os_errors import worded
from bridge.settings import Settings
from bridge.store import snapshot
from bridge.store.audit import Finding
from bridge.store.engine import is_sqlite, parse
from bridge.store.move import Progress
from bridge.store.snapshot import Inventory
from bridge.store.sole_owner import sole_owner
from bridge.store.store import Store


@dataclass
class Restored:
    """What was found and done; ``findings`` are chains and seals that do not hold, ``failed`` files not put back."""

    manifest: Manifest
    findings: list[Finding] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    different: list[Path] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


async def check(settings: Settings, source: Path) -> Restored:
    """Unpack a backup, compare it with its manifest, verify every chain and seal; the county is not touched.

    Raises:
        StoreError: it is damaged, altered, or of another key or county.
    """
    async with _unpacked(settings, source, None) as (manifest, folder):
        return Restored(
            manifest, await audited(Store(snapshot.url_of(folder / LEDGER), settings.region_code, key_of(settings)))
        )


async def restore(settings: Settings, source: Path, tell: Progress) -> Restored:
    """Put a backup into this county's empty database, and the files it lacks beside it.

    Raises:
        StoreError: as :func:`check`, or the database is not empty; then nothing was changed.
    """
    url = parse(settings.database_url)
    with sole_owner(url):
        beside = Path(url.database or "").parent if is_sqlite(url) else None
        async with _unpacked(settings, source, beside) as (manifest, folder):
            if is_sqlite(url):
                await asyncio.to_thread(snapshot.put_sqlite, folder / LEDGER, Path(url.database or ""))
            else:
                await snapshot.put_postgres(folder / LEDGER, url, tell)
            done = Restored(manifest)
            _own_files(settings, manifest, folder, done)
        done.findings = await audited(Store(url, settings.region_code, key_of(settings)))
    return done


@asynccontextmanager
async def _unpacked(settings: Settings, source: Path, beside: Path | None) -> AsyncIterator[tuple[Manifest, Path]]:
    """Hold the checked entries of a backup, the ledger at this program's schema, in a private folder."""
    manifest = archive.read(source, key_of(settings))
    if manifest.region_code != settings.region_code:
        raise StoreError(f"备份是 {manifest.region_code} 的，本县是 {settings.region_code}；请检查 region_code")
    with tempfile.TemporaryDirectory(prefix=".bridge-restore-", dir=beside) as name:
        folder = Path(name)
        await asyncio.to_thread(archive.unpack, source, manifest, folder)
        _compare(snapshot.inventory(folder / LEDGER), manifest.inventory)
        await asyncio.to_thread(snapshot.bring_up, folder / LEDGER)
        yield manifest, folder


def _compare(found: Inventory, expected: Inventory) -> None:
    if found != expected:
        raise StoreError("备份里的账本与清单不符（行数、结构或历史链的头），不予恢复")


def _own_files(settings: Settings, manifest: Manifest, folder: Path, done: Restored) -> None:
    places = {"rules": settings.rules.parent, "calendar": settings.folder / "calendar", "templates": settings.templates}
    for name in manifest.files:
        kind, _, file = name.partition("/")
        if kind not in places:
            continue
        target = settings.rules if kind == "rules" else places[kind] / file
        try:
            _own_file(folder / name, target, manifest.files[name], done)
        except OSError as error:
            done.failed.append(f"{target}（{worded(error)}）")


def _own_file(source: Path, target: Path, digest: str, done: Restored) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        done.written.append(target)
    elif archive.digest_of(target) != digest:
        done.different.append(target)


async def audited(store: Store) -> list[Finding]:
    """Open a ledger and return every chain and seal of the county that does not hold."""
    await store.start()
    try:
        found: list[Finding] = []
        after: str | None = ""
        while after is not None:
            page = await store.read(lambda tx, after=after: store.audit.page(tx, after))  # type: ignore[misc]
            after, found = page.last, [*found, *page.findings]
        return found
    finally:
        await store.stop()
