"""A real Prometheus scrapes a real daemon in trouble: every rule finds its series, and the alerts that should fire do.

The units' addresses answer 404 and the upstream is away, so nothing gets through; the business clock is moved on
until limits pass; the rules file is broken. Waiting times (``for:``) are taken out of a copy of the rules.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from bridge.demo.clock import BusinessClock
from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until
from bridge.testing.debian_prometheus import Prometheus, missing
from bridge.testing.process import UNITS, BridgeProcess, Folders, Site, free_port
from bridge.testing.tickets import tickets
from tests.ops.watching import EMPTY_WHEN_HEALTHY, RULES, all_rules, exported, selectors

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"
CONFIG = """
global: {scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 1s, external_labels: {docs_url: http://docs.example}}
rule_files: ["*.rules.yml"]
scrape_configs: [{job_name: ticketbridge, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
"""
EXPECTED = {
    "Heartbeat", "ReplyPushFailing", "DeliveryFailing", "ReplyOverdue", "DeadlineOverdue",
    "RulesReloadFailed", "BackupOld", "FeedUnauthorized",
}  # fmt: skip
QUIET = {
    "BridgeDown", "ReplicaDown", "LedgerNotCounted", "DatabaseFailing", "ProgramFault", "LoopStalled", "RulesDiffer",
    "VersionsDiffer", "LedgerAltered", "ShadowModeOn", "MessagesUncertain", "FilesRunningOut", "ClockSkewed",
}  # fmt: skip


@dataclass
class Watched:
    """The daemon and who watches it."""

    bridge: BridgeProcess
    prometheus: Prometheus


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    if lacking := missing():
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("watched")
    bridge, prometheus = troubled_daemon(folder), watcher(folder)
    try:
        bridge.start()
        bridge.wait_ready()
        prometheus.configure(CONFIG % bridge.site.port)
        prometheus.start()
        make_trouble(bridge, prometheus)
        yield Watched(bridge, prometheus)
    finally:
        prometheus.stop()
        bridge.kill()


def troubled_daemon(folder: Path) -> BridgeProcess:
    rules = folder / "routing_rules.yaml"
    shutil.copyfile(SHIPPED, rules)
    site = replace(Site(folder, free_port()), rules=rules, folders=Folders(petition=True))
    site.write("http://127.0.0.1:9/replies", dict.fromkeys(UNITS, f"{site.url}/nowhere"))
    return BridgeProcess(site, {"BRIDGE_REVIEW": "false", "BRIDGE_CLOCK_SOCKET": str(folder / "clock.sock")})


def watcher(folder: Path) -> Prometheus:
    place = folder / "watcher"
    place.mkdir()
    for path in RULES:
        at_once = re.sub(r"for: \S+", "for: 0s", path.read_text(encoding="utf-8"))
        (place / path.name).write_text(at_once, encoding="utf-8")
    return Prometheus(place)


def make_trouble(bridge: BridgeProcess, prometheus: Prometheus) -> None:
    """Let counters stand for a scrape, then move them: an increase is seen between two scrapes only."""
    wait_until(lambda: prometheus.query("up == 1"), what="the first scrape")
    caller = Caller(bridge, bridge.site.secrets["hotline"])
    for draft in islice(tickets(random.Random(7), "WATCH", datetime.now(UTC)), 6):
        assert caller.post("/v1/feeds/hotline/tickets", draft.body).status == 202
        assert caller.post("/v1/feeds/hotline/tickets", draft.body, secret=bridge.site.secrets["tax"]).status == 401
    clock = BusinessClock(bridge.site.directory / "clock.sock")
    clock.advance_to(datetime.now(UTC) + timedelta(days=30))
    rules = bridge.site.rules
    rules.write_text(rules.read_text(encoding="utf-8") + "units: [\n", encoding="utf-8")
    with pytest.raises(RuntimeError):
        bridge.command("rules", "reload")


def test_alerts_fire_for_what_is_wrong_and_for_nothing_else(watched: Watched) -> None:
    wait_until(lambda: watched.prometheus.firing() >= EXPECTED, what="the alerts")
    # Without its ``for:`` an alert also fires at a scrape that came late; it does not stay.
    wait_until(lambda: not watched.prometheus.firing() & QUIET, what="silence of the others")


def test_every_rule_works_and_finds_its_series(watched: Watched) -> None:
    wait_until(lambda: watched.prometheus.firing() >= EXPECTED, what="the alerts")
    assert {rule["name"]: rule.get("lastError") for rule in watched.prometheus.rules() if rule["health"] != "ok"} == {}
    asked = {selector.prettify(): str(selector.name) for rule in all_rules() for selector in selectors(rule.expr)}
    empty = {name for text, name in asked.items() if not watched.prometheus.query(text)}
    assert empty <= set(EMPTY_WHEN_HEALTHY)


def test_nothing_is_exported_that_the_table_does_not_name(watched: Watched) -> None:
    known = exported()
    found = watched.prometheus.query('{job="ticketbridge", __name__=~"ticketbridge_.*"}')
    strange = [
        each["metric"]
        for each in found
        if not set(each["metric"]) - {"__name__"} <= known.get(each["metric"]["__name__"], set())
    ]
    assert len(found) > 200
    assert strange == []
