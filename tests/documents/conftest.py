"""A ledger with a case at its end, and the desk that makes its papers."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC
from pathlib import Path

import pytest

from bridge.core.policy import Rules
from bridge.documents.desk import Desk
from bridge.metrics import Metrics
from bridge.pipeline.observe import Observer
from bridge.pipeline.service import Service
from bridge.rules.load import load_rules
from bridge.store.store import Store
from bridge.testing.clock import FixedClock
from tests.pipeline.conftest import MONDAY, Ledger, make_runtime


@pytest.fixture(scope="session")
def shipped_rules() -> Rules:
    return load_rules(Path(__file__).parents[2] / "routing_rules.yaml").with_review(False)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY.astimezone(UTC))


@pytest.fixture
async def ledger(store: Store, clock: FixedClock, shipped_rules: Rules) -> Ledger:
    return Ledger(Service(make_runtime(store, clock, shipped_rules), Observer(Metrics())), clock)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger.service.runtime)


def part(content: bytes, name: str = "word/document.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def words(content: bytes) -> str:
    """The text of a document, a line a paragraph."""
    paragraphs = re.findall(r"<w:p[ >].*?</w:p>", part(content), re.DOTALL)
    return "\n".join("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", each)) for each in paragraphs)
