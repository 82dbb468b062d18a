"""The dashboards are what their script writes, well-formed, and ask only for what is exported."""

from __future__ import annotations

import runpy
from itertools import combinations
from typing import Any

import pytest

from bridge.series import PREFIX, SERIES
from bridge.testing.debian_prometheus import run_tool
from tests.ops.watching import DASHBOARDS, OPS, Shown, all_rules, dashboards, loaded, shown, unknown_parts

WIDTH = 24
PANELS = [(name, panel) for name, dashboard in dashboards().items() for panel in dashboard["panels"]]


def test_the_files_are_what_the_script_writes() -> None:
    wanted = runpy.run_path(str(OPS / "grafana/generate.py"))["rendered"]()
    assert {path.name: path.read_text(encoding="utf-8") for path in DASHBOARDS} == wanted


@pytest.mark.parametrize("name", dashboards())
def test_a_dashboard_is_well_formed(name: str) -> None:
    dashboard = dashboards()[name]
    variables = [each["name"] for each in dashboard["templating"]["list"]]
    assert dashboard["uid"] == f"ticketbridge-{name}"
    assert dashboard["schemaVersion"] >= 39
    assert variables[:2] == ["datasource", "job"]
    assert dashboard["timezone"] == "Asia/Shanghai"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) > 0
    assert ("unit" in variables) is any("$unit" in each["targets"][0]["expr"] for each in dashboard["panels"])


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=lambda each: each if isinstance(each, str) else each["title"])
def test_a_panel_says_what_it_shows(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith("。")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert 'job="$job"' in panel["targets"][0]["expr"]


@pytest.mark.parametrize("name", dashboards())
def test_panels_do_not_overlap(name: str) -> None:
    places = [panel["gridPos"] for panel in dashboards()[name]["panels"]]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    assert [pair for pair in combinations(places, 2) if overlap(*pair)] == []


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    down = one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]
    return across and down


@pytest.mark.parametrize("query", shown(), ids=lambda query: f"{query.dashboard}-{query.panel}")
def test_a_query_asks_only_for_what_is_exported(query: Shown) -> None:
    assert unknown_parts(query.expr) == []


def test_every_series_has_an_alert_or_a_panel() -> None:
    expressions = [rule.expr for rule in all_rules()] + [query.expr for query in shown()]
    assert [series.name for series in SERIES if not any(PREFIX + series.name in expr for expr in expressions)] == []


def test_provisioning_points_at_what_is_here() -> None:
    (provider,) = loaded(OPS / "grafana/provisioning/dashboards/ticketbridge.yml")["providers"]
    (source,) = loaded(OPS / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert provider["type"] == "file"
    assert source["type"] == "prometheus"


@pytest.mark.usefixtures("tools")
def test_the_example_configurations_are_taken() -> None:
    for command in (
        ("promtool", "check", "config", OPS / "prometheus/prometheus.yml"),
        ("amtool", "check-config", OPS / "alertmanager/alertmanager.yml"),
    ):
        done = run_tool(*command)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=BridgeDown", "severity=critical"), "on-duty"),
        (("alertname=DeadlineOverdue", "severity=warning"), "office-mail"),
        (("alertname=DiskFilling", "severity=warning"), "it-mail"),
        (("alertname=DeadlineDueSoon", "severity=info"), "nobody"),
        (("alertname=Heartbeat", "severity=none"), "dead-mans-switch"),
    ],
)
def test_an_alert_reaches_whom_it_should(labels: tuple[str, ...], receiver: str) -> None:
    config = OPS / "alertmanager/alertmanager.yml"
    done = run_tool("amtool", "config", "routes", "test", f"--config.file={config}", *labels)
    assert done.stdout.strip() == receiver, done.stderr
