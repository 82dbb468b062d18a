"""Shadow mode on the real daemon: nothing leaves, not after kill -9, not by an accidental change to live."""

from __future__ import annotations

import json
from pathlib import Path

from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until
from bridge.testing.county import County
from tests.acceptance.desk import ticket

SHADOW = {"BRIDGE_REVIEW": "false", "BRIDGE_MODE": "shadow"}


def post(county: County, number: str) -> str:
    body = ticket(external_id=number)
    answer = Caller(county.bridge, county.site.secrets["hotline"]).post("/v1/feeds/hotline/tickets", body)
    assert answer.status == 202
    return str(answer.body["case_id"])


def restarted(county: County, mode: str) -> None:
    county.bridge.kill()
    county.bridge.start({"BRIDGE_MODE": mode})
    county.bridge.wait_ready()


def heard(county: County) -> set[str]:
    """The cases that units or the hotline have heard of."""
    entries = [*county.desks[0].received(), *county.hotline.received()]
    return {str(entry.body["case_id"]) for entry in entries}


def held(county: County, case_id: str) -> set[str]:
    rows = json.loads(county.bridge.command("outbox", "list", "--case", case_id, "--json"))
    return {f"{row['state']}:{row['reason']}" for row in rows}


def parked(county: County) -> float | None:
    """What the gauge of parked messages shows; None while nobody counts them."""
    counted = county.bridge.outbox()
    if counted is None:
        return None
    return sum(count for labels, count in counted.items() if 'state="parked"' in labels)


def test_what_shadow_held_leaves_only_by_a_persons_word(tmp_path: Path) -> None:
    with County(tmp_path, environment=SHADOW, automatic=False) as county:
        token = county.bridge.add_token("office", "office")
        first = post(county, "T-SHADOW-1")
        assert held(county, first) == {"parked:shadow"}
        restarted(county, "shadow")
        second = post(county, "T-SHADOW-2")

        warning = county.bridge.ask("GET", "/readyz").body["warnings"]
        assert any("shadow" in text for text in warning)
        rows = county.bridge.get("/v1/outbox?reason=shadow", token)["messages"]
        assert {row["case_id"] for row in rows} == {first, second}
        assert county.bridge.get(f"/v1/cases/{first}", token)["stopped"]
        wait_until(lambda: parked(county) == len(rows), what="the ledger's gauges")

        restarted(county, "live")
        third = post(county, "T-LIVE-1")
        wait_until(lambda: third in heard(county), what="the first live message")
        assert heard(county) == {third}
        assert held(county, first) == {"parked:shadow"}

        county.bridge.command("replay", "--case", first, "--note", "转正式运行")
        wait_until(lambda: first in heard(county), what="what a person released")
        assert second not in heard(county)
        county.bridge.command("outbox", "drop", "--reason", "shadow")
        assert held(county, second) == {"cancelled:dropped"}


def test_going_into_shadow_stops_what_was_waiting_to_be_sent(tmp_path: Path) -> None:
    with County(tmp_path, environment={"BRIDGE_REVIEW": "false"}, automatic=False) as county:
        url = county.desks[0].url
        county.site.write("http://127.0.0.1:9/away", dict.fromkeys(county.units, "http://127.0.0.1:9/away"))
        restarted(county, "live")
        case_id = post(county, "T-WAITING-1")
        county.site.write(f"{county.hotline.url}/pushes", {unit: f"{url}/{unit}/assignments" for unit in county.units})
        restarted(county, "shadow")
        wait_until(
            lambda: held(county, case_id) == {"parked:shadow"}, what="what the killed life was sending to be held"
        )
        restarted(county, "shadow")
        assert heard(county) == set()
