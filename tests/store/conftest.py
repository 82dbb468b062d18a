"""The databases the store's conformance kit runs on: SQLite, PostgreSQL, PostgreSQL with the portable claim."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.store.store import Store
from bridge.testing.store_suite import Database
from tests.conftest import fresh_database


@pytest.fixture(params=["sqlite", "postgres", "postgres-portable"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/bridge.db")
        yield database
        await database.close()
        return
    async with fresh_database(request.getfixturevalue("postgres")) as url:
        database = Database(url, portable_claim=request.param == "postgres-portable")
        yield database
        await database.close()


@pytest.fixture
async def store(database: Database) -> Store:
    return await database.open()
