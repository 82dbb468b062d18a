"""Every series the daemon exports, in one table (contract §5).

Owns: names, labels, help texts, buckets, the process's registry. Must not: take a ticket id or free text as a label.

Counters and histograms are kept by each process. The ledger's gauges are read from the database, so only the clock
leader exports them: it hands a fresh snapshot to :meth:`Metrics.show_ledger`, and ``None`` when it stops leading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from bridge import __version__
from bridge.errors import FailureReason

CONTENT_TYPE = CONTENT_TYPE_LATEST
_PREFIX = "ticketbridge_"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_DAY = 86_400.0
_HANDLING = tuple(days * _DAY for days in (0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90))

disable_created_metrics()  # type: ignore[no-untyped-call]


class Kind(Enum):
    """How a series counts."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    LEDGER = "ledger gauge"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the table."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = _SECONDS


SERIES: tuple[Series, ...] = (
    # intake
    Series("tickets_accepted_total", Kind.COUNTER, ("feed",), "Tickets registered"),
    Series("intake_rejected_total", Kind.COUNTER, ("feed", "reason"), "Requests of a feed that were not taken"),
    Series("intake_duplicates_total", Kind.COUNTER, ("feed",), "Tickets pushed again"),
    Series("intake_duration_seconds", Kind.HISTOGRAM, ("feed",), "From the body read to the durable 202"),
    Series("classifications_total", Kind.COUNTER, ("category", "outcome"), "What the rules made of tickets"),
    # work
    Series("cases", Kind.LEDGER, ("state",), "Cases by state"),
    Series("assignments", Kind.LEDGER, ("unit", "state"), "Assignments by unit and state"),
    Series("assignments_returned_total", Kind.COUNTER, ("unit", "reason"), "Assignments returned by units"),
    Series("opinions_recorded_total", Kind.COUNTER, ("unit",), "Opinions recorded"),
    Series("case_handling_seconds", Kind.HISTOGRAM, ("category",), "From registration to the last reply", _HANDLING),
    # delivery
    Series("delivery_attempts_total", Kind.COUNTER, ("adapter", "kind"), "Attempts to send"),
    Series("delivery_failures_total", Kind.COUNTER, ("adapter", "kind", "reason"), "Attempts that failed"),
    Series("delivery_duration_seconds", Kind.HISTOGRAM, ("adapter", "kind"), "Duration of an attempt"),
    Series("replies_pushed_total", Kind.COUNTER, ("feed",), "Replies taken by the upstream"),
    # outbox
    Series("outbox_messages", Kind.LEDGER, ("kind", "state"), "Messages by kind and state"),
    Series("outbox_oldest_due_age_seconds", Kind.LEDGER, (), "Age of the oldest message that should have left"),
    # time
    Series("deadlines", Kind.LEDGER, ("kind", "unit", "status"), "Deadlines by kind, unit and status"),
    Series("deadlines_missed_total", Kind.COUNTER, ("kind", "unit"), "Deadlines that passed unmet"),
    Series("reminders_sent_total", Kind.COUNTER, ("kind", "unit", "step"), "Steps of reminder ladders fired"),
    Series("calendar_horizon_timestamp_seconds", Kind.GAUGE, (), "Last day covered by a published holiday notice"),
    # self
    Series("rules_last_reload_successful", Kind.GAUGE, (), "1 when the rules file in use is the newest on disk"),
    Series("rules_last_reload_success_timestamp_seconds", Kind.GAUGE, (), "When rules were last loaded"),
    Series("rules_info", Kind.GAUGE, ("hash",), "The rules in use"),
    Series("loop_last_success_timestamp_seconds", Kind.GAUGE, ("loop",), "When a loop last did its work"),
    Series("build_info", Kind.GAUGE, ("version",), "The program's version"),
)

LEDGER = tuple(series for series in SERIES if series.kind is Kind.LEDGER)
REJECTIONS = ("not_json", "unauthorized", "invalid", "too_large", "not_found", "conflict", "unavailable")
OUTCOMES = ("automatic", "triage", "out_of_scope")
NO_CATEGORY = "none"
MESSAGE_KINDS = ("unit", "upstream")

Snapshot = Mapping[str, Iterable[tuple[tuple[str, ...], float]]]
"""Ledger gauges: series name -> (label values in the table's order, value)."""

_TYPES: Mapping[Kind, Any] = {
    Kind.COUNTER: Counter,
    Kind.GAUGE: Gauge,
    Kind.HISTOGRAM: Histogram,
}


class Metrics:
    """The series of one process."""

    def __init__(self) -> None:
        """Register every series of the table in a registry of its own."""
        self.registry = CollectorRegistry()
        self._series = {series.name: self._register(series) for series in SERIES if series.kind in _TYPES}
        self._ledger = _Ledger()
        self.registry.register(self._ledger)
        self.put("build_info", 1, version=__version__)

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        self._child(name, labels).inc(amount)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add an observation to a histogram."""
        self._child(name, labels).observe(seconds)

    def put(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._child(name, labels).set(value)

    def value(self, name: str, **labels: str) -> float:
        """Read one sample, for tests and ``bridge top``; 0 when it was never touched."""
        return self.registry.get_sample_value(_PREFIX + name, labels) or 0.0

    def show_rules(self, rules_hash: str, loaded_at: float, *, successful: bool) -> None:
        """Say which rules are in use; ``loaded_at`` is a POSIX timestamp."""
        self.put("rules_last_reload_successful", float(successful))
        if successful:
            self._series["rules_info"].clear()
            self.put("rules_info", 1, hash=rules_hash)
            self.put("rules_last_reload_success_timestamp_seconds", loaded_at)

    def show_ledger(self, snapshot: Snapshot | None) -> None:
        """Replace the ledger's gauges; None stops exporting them."""
        self._ledger.snapshot = snapshot

    def initialise(
        self,
        *,
        feeds: Iterable[str] = (),
        units: Iterable[str] = (),
        categories: Iterable[str] = (),
        adapters: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Create the series of closed label sets at 0; ``adapters`` are (adapter, message kind)."""
        for feed in feeds:
            self._initialise_feed(feed)
        for unit in units:
            self._series["opinions_recorded_total"].labels(unit=unit)
        for category in (*categories, NO_CATEGORY):
            for outcome in OUTCOMES:
                self._series["classifications_total"].labels(category=category, outcome=outcome)
        for adapter, kind in adapters:
            self._initialise_adapter(adapter, kind)

    def exposition(self) -> bytes:
        """Render everything in the Prometheus text format."""
        return generate_latest(self.registry)

    def _initialise_feed(self, feed: str) -> None:
        for name in ("tickets_accepted_total", "intake_duplicates_total", "replies_pushed_total"):
            self._series[name].labels(feed=feed)
        self._series["intake_duration_seconds"].labels(feed=feed)
        for reason in REJECTIONS:
            self._series["intake_rejected_total"].labels(feed=feed, reason=reason)

    def _initialise_adapter(self, adapter: str, kind: str) -> None:
        self._series["delivery_attempts_total"].labels(adapter=adapter, kind=kind)
        self._series["delivery_duration_seconds"].labels(adapter=adapter, kind=kind)
        for reason in FailureReason:
            self._series["delivery_failures_total"].labels(adapter=adapter, kind=kind, reason=reason.value)

    def _register(self, series: Series) -> Any:
        options = {"buckets": series.buckets} if series.kind is Kind.HISTOGRAM else {}
        metric_type = _TYPES[series.kind]
        return metric_type(_PREFIX + series.name, series.help, series.labels, registry=self.registry, **options)

    def _child(self, name: str, labels: Mapping[str, str]) -> Any:
        metric = self._series[name]
        return metric.labels(**labels) if labels else metric


class _Ledger(Collector):
    """Exports the newest snapshot of the ledger, or nothing."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield a family for every ledger series of the table."""
        snapshot = self.snapshot
        if snapshot is None:
            return
        for series in LEDGER:
            family = GaugeMetricFamily(_PREFIX + series.name, series.help, labels=series.labels)
            for labels, value in snapshot.get(series.name, ()):
                family.add_metric(labels, value)
            yield family
