"""``bridge reconcile`` and ``backfill`` against a real hotline that lost a push, and against files of an exchange folder.

The tests share a daemon and a reconciliation looks at a whole feed, so each leaves the two sides agreeing for as far
back as the others look.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.testing.counterparts.control import PATIENCE_SECONDS, wait_until
from bridge.testing.county import County
from bridge.testing.process import Folders, Site, free_port
from tests.acceptance.desk import ticket


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    directory = tmp_path_factory.mktemp("county")
    site = replace(Site(directory, free_port()), folders=Folders(petition=True))
    with County(directory, environment={"BRIDGE_REVIEW": "false"}, site=site) as running:
        yield running


def asked(county: County, *arguments: str, listed: bool = True) -> tuple[int, dict[str, Any]]:
    environment = {"BRIDGE_FEEDS__HOTLINE__LIST_URL": f"{county.hotline.url}/tickets"} if listed else {}
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *arguments, "--json", "--config", str(county.site.config)],
        capture_output=True, check=False, timeout=PATIENCE_SECONDS, env=county.bridge._environment | environment,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def answered(county: County, *external_ids: str) -> None:
    """Have the hotline send tickets and wait until each has its reply."""
    for external_id in external_ids:
        assert county.hotline.send("tickets", ticket(external_id=external_id))["status"] == 202

    def all_replied() -> bool:
        replied = {e.body["external_id"] for e in county.hotline.received() if e.body["type"] == "ticket.replied"}
        return replied.issuperset(external_ids)

    wait_until(all_replied, what=f"replies to {external_ids}")


def test_a_lost_push_is_found_and_taken_and_then_both_sides_agree(county: County) -> None:
    answered(county, "T-SENT-0", "T-SENT-1", "T-SENT-2")
    county.hotline.keep([ticket(external_id="T-LOST-1"), ticket(external_id="T-SENT-0", title="改过的标题")])
    status, found = asked(county, "reconcile", "--feed", "hotline")
    assert (status, found["missing"], found["changed"]) == (1, ["T-LOST-1"], ["T-SENT-0"])
    assert (found["reply_missing"], found["unknown_upstream"]) == ([], [])
    assert found["listed"] >= 4

    status, found = asked(county, "backfill", "--since", days_ago(30), "--feed", "hotline", "--revise")
    assert (status, sorted(found["taken"])) == (0, ["T-LOST-1", "T-SENT-0"])
    assert asked(county, "reconcile", "--feed", "hotline")[1]["agrees"]
    rows = json.loads(county.bridge.command("cases", "list", "--external-id", "T-LOST-1", "--json"))["cases"]
    assert len(rows) == 1


def test_a_file_from_the_upstream_serves_as_well_and_a_feed_that_tells_nothing_says_what_to_do(
    county: County, tmp_path: Path
) -> None:
    listing = tmp_path / "清单.ndjson"
    older = ticket(external_id="T-FILE-1", received_at=days_ago(60))
    listing.write_text("\n".join(json.dumps(each) for each in (older, {"external_id": "x"})))
    since = days_ago(61)
    status, found = asked(
        county, "backfill", "--since", since, "--feed", "hotline", "--file", str(listing), listed=False
    )
    assert (status, found["taken"]) == (1, ["T-FILE-1"])
    assert "第 2 条" in found["unreadable"][0]
    with pytest.raises(RuntimeError, match="--file"):
        county.bridge.command("reconcile", "--feed", "hotline")


def test_what_an_exchange_folder_keeps_is_read_again(county: County) -> None:
    row = {
        "信访件编号": "XF-1",
        "信访日期": "2026-03-02",
        "反映内容": "反映单位扣社保未缴，要求追缴欠费。",
        "姓名": "测试人",
    }
    county.petition.hand_in("a.csv", [row])
    wait_until(lambda: county.petition.taken("a.csv"), what="the petition's file")
    status, found = asked(county, "reconcile", "--feed", "petition", "--since", "2026-01-01")
    assert (status, found["listed"], found["agrees"]) == (0, 1, True)
    lost = county.site.petition_folder / "done" / "b.csv"
    lost.write_bytes((county.site.petition_folder / "done" / "a.csv").read_bytes().replace(b"XF-1", b"XF-2"))
    status, found = asked(county, "backfill", "--feed", "petition", "--since", "2026-01-01")
    assert (status, found["taken"]) == (0, ["XF-2"])


def test_a_delivered_message_is_sent_again_under_its_key_when_the_upstream_lost_it(county: County) -> None:
    answered(county, "T-AGAIN-1")

    def key_of_the_reply() -> str | None:
        listed = county.bridge.command("outbox", "list", "--target", "hotline", "--state", "delivered", "--json")
        keys = [row["key"] for row in json.loads(listed) if row["type"] == "ticket.replied"]
        return next(iter(keys), None)

    key = wait_until(key_of_the_reply, what="the reply marked as delivered")
    assert key is not None
    before = county.hotline.state()["received"]["repeated"]
    with pytest.raises(RuntimeError, match="没有这件消息"):
        county.bridge.command("replay", key)
    county.bridge.command("replay", key, "--again")
    wait_until(lambda: county.hotline.state()["received"]["repeated"] > before, what="the repeat")
