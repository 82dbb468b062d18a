"""The rules load, ask only for what is exported, and every alert fires and stays quiet in a unit test."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from bridge.testing.debian_prometheus import run_tool
from tests.ops.watching import RULES, RUNBOOKS, UNIT_TESTS, Rule, alerts, all_rules, loaded, unknown_parts

SEVERITIES = {"critical", "warning", "info", "none"}


@pytest.mark.usefixtures("tools")
def test_promtool_takes_the_rules() -> None:
    done = run_tool("promtool", "check", "rules", *RULES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.name)
def test_the_unit_tests_hold(path: Path) -> None:
    done = run_tool("promtool", "test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_and_stays_quiet() -> None:
    outcomes = defaultdict(set)
    for path in UNIT_TESTS:
        for story in loaded(path)["tests"]:
            for case in story["alert_rule_test"]:
                outcomes[case["alertname"]].add(bool(case["exp_alerts"]))
    assert outcomes == {rule.name: {True, False} for rule in alerts()}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_asks_only_for_what_is_exported(rule: Rule) -> None:
    assert unknown_parts(rule.expr) == []


def test_a_selector_of_something_else_is_found() -> None:
    assert unknown_parts('rate(ticketbridge_nothing_total[5m]) > up{colour="red"}') == [
        "ticketbridge_nothing_total",
        "up{colour}",
    ]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_an_alert_says_how_bad_what_and_where_to_read_on(rule: Rule) -> None:
    assert rule.raw["labels"]["severity"] in SEVERITIES
    assert set(rule.raw["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule.raw["annotations"]["runbook_url"] == f"{{{{ $externalLabels.docs_url }}}}/runbooks/{rule.name}.html"


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"index"}
    assert pages == {rule.name for rule in alerts()}
    index = (RUNBOOKS / "index.md").read_text(encoding="utf-8")
    assert [rule.name for rule in alerts() if f"]({rule.name}.md)" not in index] == []
