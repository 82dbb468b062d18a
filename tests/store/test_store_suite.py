"""The store's conformance kit on every database we support."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.crypto import Keyring, Vault
from bridge.errors import BridgeError
from bridge.store.engine import parse
from bridge.store.store import Store
from bridge.testing.store_suite import (
    FullDiskSuite,
    LedgerSuite,
    MergingSuite,
    OutboxSuite,
    PostgresSuite,
    RegionSuite,
    ReplicaSuite,
    SimilarSuite,
)

ON_POSTGRES = pytest.mark.parametrize("database", ["postgres"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
EITHER = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


class TestOutbox(OutboxSuite):
    """Also with the portable claim."""


@EITHER
class TestLedger(LedgerSuite):
    pass


class TestRegions(RegionSuite):
    """Also with the portable claim."""


@EITHER
class TestReplicas(ReplicaSuite):
    pass


@EITHER
class TestMerging(MergingSuite):
    pass


@EITHER
class TestSimilar(SimilarSuite):
    pass


@ON_POSTGRES
class TestPostgres(PostgresSuite):
    pass


@ON_SQLITE
class TestFullDisk(FullDiskSuite):
    pass


async def test_an_unreadable_sqlite_file_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "bridge.db"
    file.write_bytes(b"not a database, certainly not one" * 50)
    broken = Store(parse(f"sqlite+aiosqlite:///{file}"), "140525", Vault(Keyring("k", {"k": b"k" * 32}, b"i" * 32)))
    with pytest.raises(BridgeError):
        await broken.start()
