"""Real processes for the acceptance tests: a daemon with silent counterparts, one per test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.testing.county import County
from tests.acceptance.desk import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory = tmp_path_factory.mktemp("county")
    with County(directory, environment={"BRIDGE_REVIEW": "false"}, automatic=False) as county:
        yield Desk(county, county.bridge.add_token("acceptance", "auditor"))
