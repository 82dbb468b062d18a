"""One daemon of several leads the clock; when it is killed another takes over, and daemons under other rules say so."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.loops import LEASE_SECONDS
from bridge.testing.counterparts.control import ROOT, wait_until
from bridge.testing.fleet import Fleet
from bridge.testing.process import BridgeProcess
from tests.conftest import empty_database

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.slow]

PROMISED_SECONDS = 10.0


@pytest.fixture
async def database_url(postgres: str) -> AsyncIterator[str]:
    async with empty_database(postgres) as url:
        yield url


def test_another_daemon_takes_over_and_other_rules_are_pointed_out(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "other_rules.yaml"
    rules.write_bytes((ROOT / "routing_rules.yaml").read_bytes() + b"\n# another version\n")
    with Fleet(tmp_path, database_url, environment={"BRIDGE_WEB__DRAIN_SECONDS": "0"}) as fleet:
        wait_until(lambda: any(map(leads, fleet.bridges)), what="a daemon to lead")
        leader, other = sorted(fleet.bridges, key=lambda bridge: not leads(bridge))
        assert not leads(other)
        leader.kill()
        killed = time.monotonic()
        wait_until(lambda: leads(other), what="the other daemon to lead")
        with capsys.disabled():
            print(f"\ntake-over: {time.monotonic() - killed:.1f} s after kill -9 (lease {LEASE_SECONDS} s)")
        leader.start({"BRIDGE_RULES": str(rules)})
        leader.wait_ready()
        wait_until(lambda: all(map(differs, fleet.bridges)), what="both daemons to say so")
        assert other.stop() == 0
        wait_until(lambda: leads(leader), what="the first daemon to lead again")
    assert LEASE_SECONDS < PROMISED_SECONDS


def leads(bridge: BridgeProcess) -> bool:
    """Only the leader of the clock counts the ledger."""
    return bridge.outbox() is not None


def differs(bridge: BridgeProcess) -> bool:
    answer = bridge.ask("GET", "/readyz")
    return answer.status == 200 and any("规则" in warning for warning in answer.body.get("warnings", []))
