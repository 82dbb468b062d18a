"""The metrics tell the truth: after kills in the middle of work, gauges and counters agree with the ledger.

The gauges are compared with the rows of the database, the counters of the last life with what the ledger says
happened since that life began; a counter of a life that was killed ended with it.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.counterparts.temper import Temper
from bridge.testing.county import County
from bridge.testing.storm import Storm
from bridge.testing.tickets import tickets
from tests.acceptance.scrapes import Samples, leads, scraped, total

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

COUNT = 50
KILLS = 3


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[County, datetime]]:
    """A county after a storm, all calm; and when the life began that is still running."""
    dice = random.Random(11)
    bodies = [draft.body for draft in islice(tickets(dice, "TRUTH", datetime.now(UTC)), COUNT)]
    temper = Temper(error_rate=0.1, duplicate_rate=0.05, seed=11)
    folder = tmp_path_factory.mktemp("truth")
    with County(folder, environment={"BRIDGE_REVIEW": "false"}, temper=temper) as county:
        storm = Storm(county, dice, KILLS)
        storm.rage(bodies[: COUNT // 2])
        county.bridge.kill()
        since = datetime.now(UTC)
        county.bridge.start()
        county.bridge.wait_ready()
        county.hotline.load(bodies[COUNT // 2 :])
        storm.calm()
        yield county, since


def test_the_gauges_are_what_the_database_holds(storm: tuple[County, datetime]) -> None:
    county, _ = storm
    wait_until(lambda: not disagreements(county), what="gauges that agree with the ledger")
    assert samples(county)["outbox_oldest_due_age_seconds"] == {(): 0.0}


def test_the_counters_are_what_happened_since_the_process_began(storm: tuple[County, datetime]) -> None:
    county, since = storm
    wait_until(lambda: not disagreements(county), what="gauges that agree with the ledger")
    found, events = samples(county), list(events_since(county, since))
    kinds = Counter(event["type"] for event in events)
    assert kinds["opinion.recorded"] > 0
    assert total(found, "tickets_accepted_total") == kinds["ticket.registered"]
    assert total(found, "classifications_total") == kinds["case.classified"]
    assert total(found, "replies_pushed_total") == kinds["reply.delivered"]
    assert total(found, "deadlines_missed_total") == kinds["deadline.missed"]
    by_unit = Counter((event["detail"]["unit"],) for event in events if event["type"] == "opinion.recorded")
    assert {labels: value for labels, value in found["opinions_recorded_total"].items() if value} == by_unit


def test_every_attempt_that_did_not_fail_delivered_a_message(storm: tuple[County, datetime]) -> None:
    county, since = storm
    wait_until(lambda: not disagreements(county), what="gauges that agree with the ledger")
    found = samples(county)
    attempts, failures = total(found, "delivery_attempts_total"), total(found, "delivery_failures_total")
    delivered = rows(county, f"SELECT COUNT(*) FROM outbox WHERE delivered_at >= '{since:%Y-%m-%d %H:%M:%S.%f}'")
    assert failures > 0
    assert {(): attempts - failures} == delivered


GAUGES = {
    "cases": "SELECT state, COUNT(*) FROM cases GROUP BY state",
    "assignments": "SELECT unit, state, COUNT(*) FROM assignments GROUP BY unit, state",
    "outbox_messages": "SELECT kind, state, COUNT(*) FROM outbox GROUP BY kind, state",
    "deadlines": (
        "SELECT kind, unit, CASE WHEN provisional AND status IN ('running', 'due_soon') THEN 'provisional' ELSE status END"
        " AS shown, COUNT(*) FROM deadlines WHERE status != 'cancelled' GROUP BY kind, unit, shown"
    ),
}


def samples(county: County) -> Samples:
    """Read one scrape by the clock leader."""
    return wait_until(lambda: leading_scrape(county), what="a leader's scrape")


def leading_scrape(county: County) -> Samples:
    found = scraped(county.bridge)
    return found if leads(found) else {}


def disagreements(county: County) -> dict[str, Any]:
    """Return what the gauges and the rows say where they differ; a last message may still be on its way."""
    found = samples(county)
    shown = {name: {labels: value for labels, value in found[name].items() if value} for name in GAUGES}
    held = {name: rows(county, statement) for name, statement in GAUGES.items()}
    return {name: (shown[name], held[name]) for name in GAUGES if shown[name] != held[name]}


def rows(county: County, statement: str) -> dict[tuple[Any, ...], float]:
    connection = sqlite3.connect(f"file:{county.site.database}?mode=ro", uri=True)
    try:
        return {tuple(row[:-1]): float(row[-1]) for row in connection.execute(statement) if row[-1]}
    finally:
        connection.close()


def events_since(county: County, since: datetime) -> Iterator[dict[str, Any]]:
    token = county.bridge.add_token("truth", "auditor")
    for ids in county.hotline.accepted().values():
        for event in county.bridge.get(f"/v1/cases/{ids['case_id']}/history", token)["events"]:
            if datetime.fromisoformat(event["occurred_at"]) >= since:
                yield event
