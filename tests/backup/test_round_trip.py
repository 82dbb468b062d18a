"""A backup made while tickets arrive, put back into an empty database of either kind, holds whole cases and all chains."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.backup.archive import digest_of
from bridge.backup.making import back_up
from bridge.backup.restoring import check, restore
from bridge.crypto import Keyring
from bridge.errors import ConfigError, StoreError
from bridge.pipeline.queries import CaseQuery
from bridge.settings import Settings
from bridge.store import migrate, snapshot
from bridge.store.engine import sqlite_engine
from bridge.store.facts import LAST_BACKUP
from tests.backup.conftest import COUNT, WALL, bring, opened, settings_of
from tests.conftest import fresh_database


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def tell(_table: str, _done: int) -> None:
    """Nobody listens."""


async def _cases(settings: Settings) -> dict[str, object]:
    async with opened(settings) as service:
        return {row["id"]: row for row in (await service.cases(CaseQuery(limit=500)))["cases"]}


@pytest.fixture(params=["sqlite", "postgres"])
async def empty(request: pytest.FixtureRequest, county: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    """The same county on a new machine: its configuration and key, an empty database."""
    if request.param == "sqlite":
        yield settings_of(county.folder, f"sqlite+aiosqlite:///{tmp_path}/new/bridge.db")
        return
    async with fresh_database(request.getfixturevalue("postgres")) as url:
        yield settings_of(county.folder, url)


async def test_a_backup_while_tickets_arrive_comes_back_whole(
    county: Settings, empty: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "night.zip"
    async with opened(county) as service:
        stop = asyncio.Event()

        async def arrive() -> None:
            number = COUNT
            while not stop.is_set():
                await bring(service, number, 1)
                number += 1

        arriving = asyncio.create_task(arrive())
        manifest = await back_up(county, target, WALL, tell)
        stop.set()
        await arriving
        noted = await service.runtime.store.read(lambda tx: service.runtime.store.facts.get(tx, LAST_BACKUP))
    assert noted == manifest.made_at
    assert COUNT <= manifest.rows["cases"] == manifest.rows["tickets"]
    checked = await check(county, target)
    assert checked.findings == []
    done = await restore(empty, target, tell)
    assert (done.findings, done.manifest) == ([], manifest)
    before, after = await _cases(county), await _cases(empty)
    assert len(after) == manifest.rows["cases"]
    assert {case: before[case] for case in after} == after
    with pytest.raises(StoreError, match=r"已有数据|不是空的"):
        await restore(empty, target, tell)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "night.zip"


@pytest.fixture
async def small(tmp_path: Path) -> Settings:
    """A county on SQLite with two cases, and its backup in ``night.zip``."""
    from bridge.cli.folder import create_folder

    create_folder(tmp_path / "small")
    settings = settings_of(tmp_path / "small")
    async with opened(settings) as service:
        await bring(service, 0, 2)
    await back_up(settings, tmp_path / "night.zip", WALL, tell)
    return settings


def _with(file: Path, name: str, content: bytes) -> None:
    """Replace one entry of a backup."""
    with zipfile.ZipFile(file) as archive:
        entries = {each: archive.read(each) for each in archive.namelist()} | {name: content}
    with zipfile.ZipFile(file, "w") as archive:
        for each, data in entries.items():
            archive.writestr(each, data)


def _spoilt(file: Path) -> Iterator[None]:
    """Change one bit of a file after the other, about 150 in all."""
    whole = file.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        yield


@pytest.mark.parametrize("name", ["ledger.db", "rules/routing_rules.yaml", "manifest.json"])
async def test_an_altered_backup_is_refused_and_nothing_is_written(small: Settings, file: Path, name: str) -> None:
    with zipfile.ZipFile(file) as archive:
        spoilt = bytearray(archive.read(name))
    spoilt[len(spoilt) // 2] ^= 1
    _with(file, name, bytes(spoilt))
    target = settings_of(small.folder, f"sqlite+aiosqlite:///{file.parent}/new.db")
    with pytest.raises(StoreError, match=r"封印不符|已损坏或被改动"):
        await restore(target, file, tell)
    assert not (file.parent / "new.db").exists()


async def test_a_damaged_file_is_never_a_traceback(small: Settings, file: Path) -> None:
    for _ in _spoilt(file):
        with suppress(StoreError):
            assert (await check(small, file)).findings == []


async def test_a_file_that_cannot_be_put_back_is_named_and_the_ledger_is_audited(small: Settings, file: Path) -> None:
    blocked = small.folder / "bridge.toml" / "rules.yaml"
    document = small.document.model_copy(update={"rules": blocked, "database_url": f"sqlite:///{file.parent}/a.db"})
    done = await restore(replace(small, document=document), file, tell)
    assert (len(done.failed), str(blocked) in done.failed[0], done.findings) == (1, True, [])


async def test_a_file_from_before_zip_had_dates_is_backed_up(small: Settings, file: Path) -> None:
    os.utime(small.rules, (0, 0))
    await back_up(small, file.with_name("old.zip"), WALL, tell)
    assert (await check(small, file.with_name("old.zip"))).findings == []


async def test_a_backup_holds_no_key_and_no_secret(small: Settings, file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        names, everything = archive.namelist(), b"".join(archive.read(name) for name in archive.namelist())
    assert sorted(names) == ["ledger.db", "manifest.json", "manifest.seal", "rules/routing_rules.yaml"]
    keys = json.loads(small.key_file.read_text())
    for secret in [*keys["keys"].values(), keys["index_key"], (small.folder / "secrets/tax").read_text().strip()]:
        assert secret.encode() not in everything
    assert mode_of(file) == 0o600


async def test_without_the_key_or_with_another_nothing_comes_back(small: Settings, file: Path) -> None:
    target = settings_of(small.folder, f"sqlite+aiosqlite:///{file.parent}/new.db")
    kept = small.key_file.read_bytes()
    small.key_file.unlink()
    with pytest.raises(ConfigError, match="密钥文件"):
        await restore(target, file, tell)
    Keyring.create(small.key_file)
    with pytest.raises(StoreError, match="封印不符"):
        await restore(target, file, tell)
    small.key_file.unlink()
    small.key_file.write_bytes(kept)
    small.key_file.chmod(0o600)
    assert (await restore(target, file, tell)).findings == []


async def test_what_is_no_backup_or_of_another_county_is_refused(small: Settings, file: Path) -> None:
    elsewhere = replace(small, document=small.document.model_copy(update={"region_code": "140526"}))
    with pytest.raises(StoreError, match="region_code"):
        await check(elsewhere, file)
    with pytest.raises(StoreError, match="不是 bridge backup 写的备份"):
        await check(small, small.folder / "bridge.toml")
    with pytest.raises(StoreError, match="读不出来"):
        await check(small, file.with_name("none.zip"))


async def test_a_backup_never_overwrites_and_leaves_nothing_half_written(small: Settings, file: Path) -> None:
    before = digest_of(file)
    with pytest.raises(StoreError, match="已存在"):
        await back_up(small, file, WALL, tell)
    with pytest.raises(StoreError, match="写不进"):
        await back_up(small, small.folder / "bridge.toml" / "x.zip", WALL, tell)
    assert digest_of(file) == before
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


async def test_the_countys_own_files_come_back_where_they_are_missing(small: Settings, file: Path) -> None:
    rules = file.parent / "lost.yaml"
    lost = replace(small, document=small.document.model_copy(update={"rules": rules}))
    target = replace(lost, document=lost.document.model_copy(update={"database_url": f"sqlite:///{file.parent}/a.db"}))
    assert (await restore(target, file, tell)).written == [rules]
    assert rules.read_bytes() == small.rules.read_bytes()
    rules.write_text("# changed since\n", encoding="utf-8")
    again = replace(target, document=lost.document.model_copy(update={"database_url": f"sqlite:///{file.parent}/b.db"}))
    assert (await restore(again, file, tell)).different == [rules]
    assert rules.read_text(encoding="utf-8") == "# changed since\n"


@pytest.mark.parametrize("revision", ["0003", "0005"])
async def test_a_backup_of_an_earlier_program_is_brought_up(small: Settings, file: Path, revision: str) -> None:
    """The ledger goes back to an earlier schema, is backed up as that program would, and is restored by this one."""
    engine = sqlite_engine(snapshot.url_of(Path(small.database_url.removeprefix("sqlite+aiosqlite:///"))))
    with engine.begin() as connection:
        migrate.downgrade(connection, revision)
    engine.dispose()
    older = file.with_name("older.zip")
    manifest = await back_up(small, older, WALL, tell)
    assert manifest.schema == revision
    target = settings_of(small.folder, f"sqlite+aiosqlite:///{file.parent}/new.db")
    done = await restore(target, older, tell)
    assert {each.problem for each in done.findings} <= {"unsealed"}
    assert len(await _cases(target)) == 2


async def test_an_empty_database_has_nothing_to_back_up(small: Settings, file: Path) -> None:
    target = settings_of(small.folder, f"sqlite+aiosqlite:///{file.parent}/new.db")
    with pytest.raises(ConfigError, match="还是空的"):
        await back_up(target, file.with_name("b.zip"), WALL, tell)
