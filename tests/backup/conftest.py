"""A county with some cases on either database, and how its backup is made and put back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.cli import ledger
from bridge.cli.folder import create_folder
from bridge.pipeline.service import Service
from bridge.settings import Settings
from bridge.settings_file import load_settings
from bridge.wire.ticket import ticket_draft

ROOT = Path(__file__).parents[2]
CONTENT = "企业会计反映征收期最后一天客户端故障，被加收滞纳金431.20元，要求核减滞纳金。"
COUNT = 12
WALL = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def settings_of(folder: Path, url: str | None = None) -> Settings:
    environ = {"BRIDGE_RULES": str(ROOT / "tests/rules/base.yaml"), "BRIDGE_REVIEW": "false"}
    return load_settings(folder / "bridge.toml", environ | ({"BRIDGE_DATABASE_URL": url} if url else {}))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The county's use cases on its own ledger, as a command has them."""
    async with ledger._opened(settings) as store, ledger._served(settings, store) as service:
        yield service


async def bring(service: Service, first: int, count: int) -> None:
    """Bring tickets, one after the other."""
    for number in range(first, first + count):
        body = {"external_id": f"ZZ-{number}", "content": CONTENT, "received_at": "2026-03-02T09:00:00+08:00"}
        await service.accept_ticket("hotline", ticket_draft(body, str(number).encode(), WALL), None)


@pytest.fixture
async def county(tmp_path: Path, database_url: str) -> Settings:
    """A county with some cases."""
    create_folder(tmp_path / "county")
    settings = settings_of(tmp_path / "county", database_url)
    async with opened(settings) as service:
        await bring(service, 0, COUNT)
    return settings
