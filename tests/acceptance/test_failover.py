"""The primary of a synchronous pair is killed under load: the daemons find the standby by themselves and lose nothing.

The connection breaking in the middle of a COMMIT is tried on one daemon, over the contract's own HTTP.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.temper import Temper
from bridge.testing.debian_postgres import Cluster, pair_url
from bridge.testing.fault_proxy import FaultProxy, Loss
from bridge.testing.fleet import EVERY_ROLE, Fleet
from bridge.testing.process import BridgeProcess
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.test_kill_storm import Findings, every_case, of_type
from tests.conftest import empty_database

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.slow]

ENVIRONMENT = {"BRIDGE_REVIEW": "false", "BRIDGE_WEB__DRAIN_SECONDS": "0"}
COUNT = 120
TICKETS = "/v1/feeds/hotline/tickets"


def test_daemons_follow_a_synchronous_pair_to_its_new_primary(
    tmp_path: Path, primary: Cluster, standby: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    primary.make_synchronous(standby)
    dice = random.Random(7)
    drafts = [draft.body for draft in islice(tickets(dice, "FAIL", datetime.now(UTC)), COUNT)]
    temper = Temper(delay_seconds=(0.05, 0.2), seed=7)
    with Fleet(tmp_path, pair_url(primary, standby), environment=ENVIRONMENT, temper=temper) as fleet:
        storm = Storm(fleet, dice, kills=0)
        fleet.hotline.load(drafts)
        wait_until(lambda: len(fleet.hotline.accepted()) > COUNT // 4, what="a quarter of the work")
        primary.stop()
        acknowledged = len(fleet.hotline.accepted())
        wait_until(lambda: not any(map(ready, fleet.bridges)), what="every daemon to be unready")
        standby.promote()
        promoted = time.monotonic()
        wait_until(lambda: all(map(ready, fleet.bridges)), what="every daemon to be ready")
        resumed = time.monotonic() - promoted
        storm.calm()
        assert acknowledged < COUNT
        found = Findings(fleet)
        with capsys.disabled():
            print(f"\nfailover: ready {resumed:.1f} s after the promotion; {found.summary()}")
        found.check([body["external_id"] for body in drafts])
        assert [bridge.lives for bridge in fleet.bridges] == [1, 1]


def ready(bridge: BridgeProcess) -> bool:
    return bridge.ask("GET", "/readyz").status == 200


@pytest.fixture
async def proxy(postgres: str) -> AsyncIterator[FaultProxy]:
    async with empty_database(postgres) as url:
        with FaultProxy(url) as proxy:
            yield proxy


async def test_a_ticket_whose_commit_went_unanswered_is_registered_once(tmp_path: Path, proxy: FaultProxy) -> None:
    await asyncio.to_thread(_unanswered_commits, tmp_path, proxy)


def _unanswered_commits(tmp_path: Path, proxy: FaultProxy) -> None:
    with Fleet(tmp_path, proxy.url, roles=(EVERY_ROLE,), environment=ENVIRONMENT) as fleet:
        caller = Caller(fleet.bridge, fleet.site.secrets["hotline"])
        drafts = [draft.body for draft in islice(tickets(random.Random(3), "CUT", datetime.now(UTC)), len(Loss))]
        for loss, body in zip(Loss, drafts, strict=True):
            proxy.cut_next_commit(body["external_id"], loss)
            first = caller.post(TICKETS, body, webhook_id=f"cut-{loss}")
            assert first.status == 503
            assert "不能确定" in first.body["detail"]
            assert "未作任何登记" not in first.body["detail"]
            again = caller.post(TICKETS, body, webhook_id=f"cut-{loss}")
            assert (again.status, again.body["duplicate"]) == (202, False)
        Storm(fleet, random.Random(0), kills=0).calm()
        assert proxy.cuts == len(Loss)
        assert sorted(case["tickets"][0]["external_id"] for case in every_case(fleet)) == sorted(
            body["external_id"] for body in drafts
        )
        replies = of_type(fleet.hotline.received(), "ticket.replied")
        assert len({entry.body["external_id"] for entry in replies}) == len(replies)
