"""What ``ops/`` holds, and what an expression in it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from bridge.series import PREFIX, SERIES, Kind

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
RULES = sorted((OPS / "prometheus").glob("*.rules.yml"))
UNIT_TESTS = sorted((OPS / "prometheus/tests").glob("*.test.yml"))
DASHBOARDS = sorted((OPS / "grafana/dashboards").glob("*.json"))
RUNBOOKS = ROOT / "docs/runbooks"

TARGET = {"job", "instance"}
EMPTY_WHEN_HEALTHY = {
    "ticketbridge_certificate_expiry_timestamp_seconds": "no counterpart of this test has a certificate",
    "job:ticketbridge_office_hours:max": "stands only during office hours",
}
PROCESS = (
    "up", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total",
    "process_open_fds", "process_max_fds",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One rule of a rules file; ``alert`` is empty for a recording rule."""

    group: str
    name: str
    expr: str
    alert: bool
    raw: dict[str, Any]


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def all_rules() -> list[Rule]:
    return [
        Rule(group["name"], rule.get("alert") or rule["record"], rule["expr"], "alert" in rule, rule)
        for path in RULES
        for group in loaded(path)["groups"]
        for rule in group["rules"]
    ]


def alerts() -> list[Rule]:
    return [rule for rule in all_rules() if rule.alert]


@cache
def exported() -> dict[str, set[str]]:
    """Every series the daemon exports, with its labels as Prometheus keeps them."""
    known = {name: set(TARGET) for name in PROCESS}
    for series in SERIES:
        name, labels = PREFIX + series.name, {*series.labels, *TARGET}
        if series.kind is Kind.HISTOGRAM:
            known |= {f"{name}_bucket": {*labels, "le"}, f"{name}_sum": labels, f"{name}_count": labels}
        else:
            known[name] = labels
    return known


@cache
def recorded() -> dict[str, set[str]]:
    """Every recorded series, with the labels its name promises."""
    known = {}
    for rule in all_rules():
        if not rule.alert:
            level = rule.name.split(":", 1)[0]
            known[rule.name] = {"job"} | ({*level.split("_")} - {"job"})
    return known


def selectors(expr: str) -> Iterator[promql_parser.VectorSelector]:
    """Every selector of an expression. Raises ValueError if it is no PromQL."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expr), visit)
    return iter(found)


def unknown_parts(expr: str) -> list[str]:
    """What an expression asks for that nobody exports or records."""
    known = exported() | recorded()
    wrong = []
    for selector in selectors(expr):
        labels = known.get(str(selector.name))
        if labels is None:
            wrong.append(str(selector.name))
            continue
        asked = {matcher.name for matcher in selector.matchers.matchers}
        wrong += [f"{selector.name}{{{label}}}" for label in sorted(asked - labels)]
    return wrong


@dataclass(frozen=True)
class Shown:
    """One query of a panel, as Prometheus is asked when a person looks."""

    dashboard: str
    panel: str
    expr: str


@cache
def dashboards() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS}


@cache
def shown() -> list[Shown]:
    return [
        Shown(name, panel["title"], chosen(query["expr"]))
        for name, dashboard in dashboards().items()
        for panel in dashboard["panels"]
        for query in panel["targets"]
    ]


def chosen(expr: str) -> str:
    """Put the variables' values into an expression."""
    return expr.replace("$job", "ticketbridge").replace("$unit", ".*")
