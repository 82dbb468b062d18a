"""The operators' how-tos, typed as written beside one running county, show what they say one should see.

Each page gets a folder of its own (configuration, rules, secrets), so that pages may edit them in any order; the
ledger and the daemon are shared, and only the pages that move or stop the ledger get a copy of it.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.folder import create_folder
from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until
from bridge.testing.debian_prometheus import missing
from bridge.testing.process import BridgeProcess, Site, free_port
from bridge.testing.tickets import tickets
from tests.conftest import empty_database
from tests.docs.walkthrough import steps, type_page, untyped

HOWTO = Path(__file__).parents[2] / "docs/howto"
PAGES = {path.name.partition(".")[0]: path for path in HOWTO.glob("*.md")}
ELSEWHERE = {"write-rules": "tests/rules/test_guide.py"}
CALENDAR = Path(__file__).parents[2] / "bridge/data/calendar/2026.json"
UNTYPED = {
    ("add-a-unit", "要 systemd"): ["systemctl restart ticket-bridge"],
    ("install", "要互联网"): ["mkdir -p carry"],
    ("install", "要 root"): ["cd /media/carry", "useradd --system", "runuser -u bridge"],
    ("install", "要 systemd"): ["cp /opt/ticket-bridge/ops/systemd/*"],
    ("install", "要 docker"): ["docker build", "gunzip -c", "docker compose -f compose.sqlite.yaml exec"],
    ("watch", "要 systemd"): ["systemctl reload prometheus", "systemctl start ticket-bridge-backup"],
}


@dataclass(frozen=True)
class Desk:
    """Where one page is typed."""

    county: BridgeProcess
    folder: Path
    environment: dict[str, str]

    def copy_ledger(self) -> Path:
        """Give the page the ledger as it stands now, in the place ``bridge init`` gave it; the daemon keeps its own."""
        target = self.folder / "data/bridge.db"
        with closing(sqlite3.connect(self.county.site.database)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
        del self.environment["BRIDGE_DATABASE_URL"]
        return target


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgeProcess]:
    """A county as ``bridge init`` makes it, running, with two tickets dispatched."""
    folder = tmp_path_factory.mktemp("howtos") / "county"
    create_folder(folder)
    secret = (folder / "secrets/hotline").read_text(encoding="utf-8").strip()
    site = Site(folder, free_port(), secrets={"hotline": secret})
    bridge = BridgeProcess(site, {"BRIDGE_LISTEN": f"127.0.0.1:{site.port}", "BRIDGE_REVIEW": "false"})
    bridge.start()
    try:
        bridge.wait_ready()
        for draft in islice(tickets(random.Random(3), "HOWTO", datetime.now(UTC)), 4):
            assert Caller(bridge, secret).post("/v1/feeds/hotline/tickets", draft.body).status == 202
        wait_until(lambda: bridge.outbox() is not None, what="the ledger's gauges")
        yield bridge
    finally:
        bridge.kill()


@pytest.fixture
def desk(county: BridgeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder with the county's configuration, its ledger named by its full path, and ``bridge`` on the path."""
    origin, folder, programs = county.site.directory, tmp_path / "desk", tmp_path / "bin"
    shutil.copytree(origin, folder, ignore=shutil.ignore_patterns("bridge.db*", "*.log", "*.pid"))
    programs.mkdir()
    (programs / "bridge").write_text(f'#!/bin/sh\nexec {sys.executable} -m bridge "$@"\n', encoding="utf-8")
    (programs / "bridge").chmod(0o755)
    monkeypatch.chdir(folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")} | {
        "BRIDGE_DATABASE_URL": f"sqlite+aiosqlite:///{county.site.database}",
        "BRIDGE_LISTEN": f"127.0.0.1:{free_port()}",
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(HOWTO.parents[1]),
    }
    (tmp_path / "backup").mkdir()
    return Desk(county, folder, environment)


def typed(
    name: str,
    desk: Desk,
    instead: Mapping[str, str] | None = None,
    before: Mapping[str, Callable[[], object]] | None = None,
) -> None:
    """Type a page; its ``/mnt/backup`` is the desk's, its port the county's."""
    places = {"/mnt/backup": f"{desk.folder.parent}/backup", "127.0.0.1:8080": f"127.0.0.1:{desk.county.site.port}"}
    assert type_page(PAGES[name], desk.folder, desk.environment, {**(instead or {}), **places}, before or {}) == []


@pytest.mark.parametrize("name", ["add-a-unit", "run-replicas"])
def test_as_it_stands(desk: Desk, name: str) -> None:
    typed(name, desk)


def test_back_up_and_restore(desk: Desk) -> None:
    ledger = desk.copy_ledger()
    typed("back-up-and-restore", desk, before={"bridge restore /mnt/backup/first.zip\nbridge doctor": ledger.unlink})


def test_upgrade(desk: Desk) -> None:
    desk.copy_ledger()
    typed("upgrade", desk)


def test_rotate_secrets(desk: Desk) -> None:
    added = CliRunner().invoke(app, ["tokens", "add", "张三", "--role", "operator"], env=desk.environment)
    assert added.exit_code == 0
    typed("rotate-secrets", desk)
    assert len((desk.folder / "secrets/tax").read_text(encoding="utf-8").splitlines()) == 2


def test_update_the_calendar(desk: Desk) -> None:
    desk.copy_ledger()
    notice = CALENDAR.read_text(encoding="utf-8").replace("2026", "2027")
    (desk.folder / "2027.json").write_text(notice, encoding="utf-8")
    shutil.copyfile(desk.folder / "routing_rules.yaml", desk.folder / "candidate.yaml")
    typed("update-the-calendar", desk)


def test_join_a_hotline(desk: Desk) -> None:
    typed("join-a-hotline", desk, {"https://hotline.example": desk.county.site.url})
    assert (desk.folder / "openapi.json").read_text(encoding="utf-8").startswith("{")


def test_recover_parked_messages(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.copy_ledger())) as ledger, ledger:
        park = "UPDATE outbox SET state = 'parked', reason = 'rejected' WHERE kind = 'unit' RETURNING key"
        first, second, *_ = [key for (key,) in ledger.execute(park)]
    typed("recover-parked-messages", desk, {"retry 编号": f"retry {first}", "drop 编号": f"drop {second}"})


@pytest.fixture
async def elsewhere(postgres: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    async with empty_database(postgres) as url:
        yield url


def test_move_to_postgresql(desk: Desk, elsewhere: str) -> None:
    desk.copy_ledger()
    typed("move-to-postgresql", desk, {"postgresql+asyncpg://用户:口令@主机/库名": elsewhere})


def test_watch(desk: Desk) -> None:
    if lacking := missing():
        pytest.skip(lacking)
    ops = HOWTO.parents[1] / "ops"
    places = {
        "/etc/prometheus/prometheus.yml": f"{ops}/prometheus/prometheus.yml",
        "/etc/prometheus/alertmanager.yml": f"{ops}/alertmanager/alertmanager.yml",
        " ops/": f" {ops}/",
    }
    typed("watch", desk, places)


def test_install(desk: Desk) -> None:
    for each in desk.folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    del desk.environment["BRIDGE_DATABASE_URL"]
    typed("install", desk, {"/srv/bridge": str(desk.folder)})


def test_every_page_with_commands_is_typed() -> None:
    here = set(re.findall(r'typed\("([a-z-]+)"', Path(__file__).read_text(encoding="utf-8")))
    here |= {"add-a-unit", "run-replicas"}
    assert {name for name, page in PAGES.items() if steps(page)} == here | set(ELSEWHERE)


def test_what_is_not_typed_is_listed_with_its_reason() -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for name, page in PAGES.items():
        for first, why in untyped(page).items():
            found.setdefault((name, why), []).append(first)
    assert set(found) == set(UNTYPED)
    for where, firsts in UNTYPED.items():
        assert [each.startswith(first) for each, first in zip(found[where], firsts, strict=True)]
