"""A county's folder as ``bridge init`` writes it, on either database, looked at by the doctor."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.cli.folder import create_folder
from bridge.crypto import Keyring, Vault
from bridge.doctor.examine import examine
from bridge.doctor.finding import Finding
from bridge.store.engine import parse
from bridge.store.store import Store
from bridge.testing.clock import FixedClock
from bridge.testing.process import free_port
from tests.conftest import REGION

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

Examine = Callable[..., Awaitable[dict[str, list[Finding]]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_folder(tmp_path / "county")
    shutil.copyfile(ROOT / "tests/rules/base.yaml", tmp_path / "county/routing_rules.yaml")
    return tmp_path / "county"


@pytest.fixture
async def ledger(folder: Path, database_url: str) -> Store:
    """The county's ledger, made once as ``bridge serve`` would, closed again."""
    made = Store(parse(database_url), REGION, Vault(Keyring.load(folder / "data/keys.json")))
    await made.start()
    await made.stop()
    return made


@pytest.fixture
def look(folder: Path) -> Examine:
    """Run every check and return the findings by their name."""

    async def run(
        environ: Mapping[str, str] | None = None, *, now: datetime = NOW, online: bool = False
    ) -> dict[str, list[Finding]]:
        listen = {"BRIDGE_LISTEN": f"127.0.0.1:{free_port()}"}
        found = await examine(
            folder / "bridge.toml", listen | dict(environ or {}), None, FixedClock(now), online=online
        )
        named: dict[str, list[Finding]] = {}
        for each in found:
            named.setdefault(each.check, []).append(each)
        return named

    return run
