"""``bridge reconcile`` and ``backfill`` against a real hotline that lost a push, and against files of an exchange folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.county import County
from bridge.testing.process import Folders, Site, free_port
from tests.acceptance.desk import ticket


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
        capture_output=True, check=False, timeout=60, env=county.bridge._environment | environment,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def test_a_lost_push_is_found_and_taken_and_then_both_sides_agree(county: County) -> None:
    sent = [ticket(external_id=f"T-SENT-{n}") for n in range(3)]
    for body in sent:
        assert county.hotline.send("tickets", body)["status"] == 202
    wait_until(lambda: len([e for e in county.hotline.received() if e.body["type"] == "ticket.replied"]) == 3,
               timeout_seconds=60, what="three replies")  # fmt: skip
    lost = ticket(external_id="T-LOST-1")
    county.hotline.keep([lost, sent[0] | {"title": "改过的标题"}])
    status, found = asked(county, "reconcile", "--feed", "hotline")
    assert (status, found["listed"], found["missing"], found["changed"]) == (1, 4, ["T-LOST-1"], ["T-SENT-0"])
    assert found["reply_missing"] == found["unknown_upstream"] == []

    status, found = asked(county, "backfill", "--since", "2020-01-01", "--feed", "hotline", "--revise")
    assert (status, sorted(found["taken"])) == (0, ["T-LOST-1", "T-SENT-0"])
    assert asked(county, "reconcile", "--feed", "hotline")[1]["agrees"]
    rows = json.loads(county.bridge.command("cases", "list", "--external-id", "T-LOST-1", "--json"))["cases"]
    assert len(rows) == 1


def test_a_file_from_the_upstream_serves_as_well_and_a_feed_that_tells_nothing_says_what_to_do(
    county: County, tmp_path: Path
) -> None:
    listing = tmp_path / "清单.ndjson"
    listing.write_text("\n".join(json.dumps(each) for each in (ticket(external_id="T-FILE-1"), {"external_id": "x"})))
    status, found = asked(
        county, "backfill", "--since", "2020-01-01", "--feed", "hotline", "--file", str(listing), listed=False
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
    wait_until(lambda: county.petition.taken("a.csv"), timeout_seconds=30, what="the petition's file")
    status, found = asked(county, "reconcile", "--feed", "petition", "--since", "2026-01-01")
    assert (status, found["listed"], found["agrees"]) == (0, 1, True)
    lost = county.site.petition_folder / "done" / "b.csv"
    lost.write_bytes((county.site.petition_folder / "done" / "a.csv").read_bytes().replace(b"XF-1", b"XF-2"))
    status, found = asked(county, "backfill", "--feed", "petition", "--since", "2026-01-01")
    assert (status, found["taken"]) == (0, ["XF-2"])


def test_a_delivered_message_is_sent_again_under_its_key_when_the_upstream_lost_it(county: County) -> None:
    rows = json.loads(county.bridge.command("outbox", "list", "--target", "hotline", "--state", "delivered", "--json"))
    key = rows[0]["key"]
    before = county.hotline.state()["received"]["repeated"]
    with pytest.raises(RuntimeError, match="没有这件消息"):
        county.bridge.command("replay", key)
    county.bridge.command("replay", key, "--again")
    wait_until(lambda: county.hotline.state()["received"]["repeated"] > before, timeout_seconds=20, what="the repeat")
