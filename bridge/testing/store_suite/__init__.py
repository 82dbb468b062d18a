"""The store's conformance kit: what the pipeline relies on, as test classes to run on any database.

A test module gives the kit a ``database`` fixture, a :class:`Database` with the URL of an empty database, and
names the suites in classes of its own::

    class TestOutbox(OutboxSuite): ...

Owns: the promises of ``bridge.store``. Must not: create databases; pytest and pytest-asyncio must be installed.
"""

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{name}" for name in ("full_disk", "ledger", "merging", "outbox", "regions", "replicas", "similar"))
)

from bridge.testing.store_suite.database import Database  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.full_disk import FullDiskSuite  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.ledger import LedgerSuite  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.merging import MergingSuite  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.outbox import OutboxSuite  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.regions import RegionSuite  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.replicas import PostgresSuite, ReplicaSuite  # noqa: E402 - after the rewriting of their asserts was asked for
from bridge.testing.store_suite.similar import SimilarSuite  # noqa: E402 - after the rewriting of their asserts was asked for

__all__ = [
    "Database",
    "FullDiskSuite",
    "LedgerSuite",
    "MergingSuite",
    "OutboxSuite",
    "PostgresSuite",
    "RegionSuite",
    "ReplicaSuite",
    "SimilarSuite",
]
