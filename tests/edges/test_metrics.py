"""Metrics: the contract's names and labels, closed sets at zero, ledger gauges only from the leader."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from bridge.errors import FailureReason
from bridge.metrics import Metrics
from bridge.series import SERIES

CONTRACT = """
tickets_accepted_total{feed} intake_rejected_total{feed,reason} intake_duplicates_total{feed}
intake_duration_seconds{feed} classifications_total{category,outcome} cases{state} assignments{unit,state}
assignments_returned_total{unit,reason} opinions_recorded_total{unit} case_handling_seconds{category}
delivery_attempts_total{adapter,kind} delivery_failures_total{adapter,kind,reason}
delivery_duration_seconds{adapter,kind} replies_pushed_total{feed} outbox_messages{kind,state}
outbox_oldest_due_age_seconds deadlines{kind,unit,status} deadlines_missed_total{kind,unit}
reminders_sent_total{kind,unit,step} calendar_horizon_timestamp_seconds rules_last_reload_successful
rules_last_reload_success_timestamp_seconds rules_info{hash} loop_last_success_timestamp_seconds{loop}
build_info{version}
"""

OURS = """
intake_lag_seconds{feed} triage_oldest_age_seconds working_day loop_failures_total{loop,reason} clock_skew_seconds
disk_free_ratio shadow_mode certificate_expiry_timestamp_seconds{target} backup_last_success_timestamp_seconds
audit_last_run_timestamp_seconds audit_findings
"""


def test_the_table_is_the_contracts_and_ours() -> None:
    wanted = {
        name: tuple(labels.split(",")) if labels else ()
        for name, labels in re.findall(r"([a-z_]+)(?:\{([a-z,]+)\})?", CONTRACT + OURS)
    }
    assert {series.name: series.labels for series in SERIES} == wanted


def test_closed_label_sets_start_at_zero() -> None:
    metrics = Metrics()
    metrics.initialise(feeds=["hotline"], units=["tax"], categories=["late_fee"], adapters=[("http_json", "unit")])
    text = metrics.exposition().decode()
    assert 'ticketbridge_tickets_accepted_total{feed="hotline"} 0.0' in text
    assert 'ticketbridge_intake_rejected_total{feed="hotline",reason="not_json"} 0.0' in text
    assert 'ticketbridge_classifications_total{category="none",outcome="out_of_scope"} 0.0' in text
    for reason in FailureReason:
        labels = f'adapter="http_json",kind="unit",reason="{reason}"'
        assert f"ticketbridge_delivery_failures_total{{{labels}}} 0.0" in text
    assert "_created" not in text


def test_counting_and_observing() -> None:
    metrics = Metrics()
    metrics.count("tickets_accepted_total", feed="hotline")
    metrics.count("tickets_accepted_total", 2, feed="hotline")
    metrics.observe("intake_duration_seconds", 0.004, feed="hotline")
    metrics.put("calendar_horizon_timestamp_seconds", 1_798_732_800)
    assert metrics.value("tickets_accepted_total", feed="hotline") == 3
    assert metrics.value("intake_duration_seconds_count", feed="hotline") == 1
    assert metrics.value("calendar_horizon_timestamp_seconds") == 1_798_732_800
    assert metrics.value("opinions_recorded_total", unit="tax") == 0


def test_only_the_newest_rules_are_named_and_a_failure_keeps_them() -> None:
    metrics = Metrics()
    metrics.show_rules("aaa", 1.0, successful=True)
    metrics.show_rules("bbb", 2.0, successful=True)
    metrics.show_rules("ccc", 3.0, successful=False)
    text = metrics.exposition().decode()
    assert 'hash="bbb"' in text
    assert 'hash="aaa"' not in text
    assert 'hash="ccc"' not in text
    assert metrics.value("rules_last_reload_successful") == 0
    assert metrics.value("rules_last_reload_success_timestamp_seconds") == 2


def test_the_ledger_is_exported_by_the_leader_only() -> None:
    metrics = Metrics()
    assert "ticketbridge_cases" not in metrics.exposition().decode()
    metrics.show_ledger({"cases": [(("handling",), 3.0)], "outbox_oldest_due_age_seconds": [((), 1.5)]})
    families = {family.name: family for family in text_string_to_metric_families(metrics.exposition().decode())}
    assert families["ticketbridge_cases"].samples[0].labels == {"state": "handling"}
    assert families["ticketbridge_outbox_oldest_due_age_seconds"].samples[0].value == 1.5
    metrics.show_ledger(None)
    assert "ticketbridge_cases" not in metrics.exposition().decode()


def test_two_processes_worth_of_metrics_do_not_collide() -> None:
    first, second = Metrics(), Metrics()
    first.count("tickets_accepted_total", feed="a")
    assert second.value("tickets_accepted_total", feed="a") == 0
