"""The values of the series of one process (contract §5).

Owns: the process's registry, moving its series, what stands at 0 from the start. Must not: name or describe a series
(:mod:`bridge.series` does).

Counters and histograms are kept by each process. The ledger's gauges are read from the database, so only the clock
leader exports them: it hands a fresh snapshot to :meth:`Metrics.show_ledger`, and ``None`` when it stops leading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from bridge import __version__
from bridge.core.lifecycle.limits import LAPSES
from bridge.core.vocabulary import DeadlineKind, ReturnReason
from bridge.errors import FailureReason
from bridge.series import (
    LEDGER,
    LOOP_FAILURES,
    NO_CATEGORY,
    OUTCOMES,
    PREFIX,
    REJECTIONS,
    SERIES,
    STEPS,
    Kind,
    Series,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST

disable_created_metrics()  # type: ignore[no-untyped-call]


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
        self._children: dict[tuple[object, ...], Any] = {}
        self._ledger = _Ledger()
        self.registry.register(self._ledger)
        ProcessCollector(registry=self.registry)
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
        return self.registry.get_sample_value(PREFIX + name, labels) or 0.0

    def show_rules(self, rules_hash: str, loaded_at: float, *, successful: bool) -> None:
        """Say which rules are in use; ``loaded_at`` is a POSIX timestamp."""
        self.put("rules_last_reload_successful", float(successful))
        if successful:
            self._series["rules_info"].clear()
            self._children.clear()
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
            self._initialise_unit(unit)
        for category in (*categories, NO_CATEGORY):
            self._series["case_handling_seconds"].labels(category=category)
            for outcome in OUTCOMES:
                self._series["classifications_total"].labels(category=category, outcome=outcome)
        for adapter, kind in adapters:
            self._initialise_adapter(adapter, kind)

    def initialise_loop(self, loop: str) -> None:
        """Create the series of a loop's failures at 0."""
        for reason in LOOP_FAILURES:
            self._series["loop_failures_total"].labels(loop=loop, reason=reason)

    def exposition(self) -> bytes:
        """Render everything in the Prometheus text format."""
        return generate_latest(self.registry)

    def _initialise_feed(self, feed: str) -> None:
        for name in ("tickets_accepted_total", "intake_duplicates_total", "replies_pushed_total"):
            self._series[name].labels(feed=feed)
        for name in ("intake_duration_seconds", "intake_lag_seconds"):
            self._series[name].labels(feed=feed)
        for reason in REJECTIONS:
            self._series["intake_rejected_total"].labels(feed=feed, reason=reason)

    def _initialise_unit(self, unit: str) -> None:
        self._series["opinions_recorded_total"].labels(unit=unit)
        self._series["tickets_accepted_total"].labels(feed=f"counter.{unit}")
        for reason in ReturnReason:
            self._series["assignments_returned_total"].labels(unit=unit, reason=reason.value)
        for kind in set(DeadlineKind) - LAPSES:
            self._series["deadlines_missed_total"].labels(kind=kind.value, unit=unit)
            for step in STEPS:
                self._series["reminders_sent_total"].labels(kind=kind.value, unit=unit, step=step)

    def _initialise_adapter(self, adapter: str, kind: str) -> None:
        self._series["delivery_attempts_total"].labels(adapter=adapter, kind=kind)
        self._series["delivery_duration_seconds"].labels(adapter=adapter, kind=kind)
        for reason in FailureReason:
            self._series["delivery_failures_total"].labels(adapter=adapter, kind=kind, reason=reason.value)

    def _register(self, series: Series) -> Any:
        options = {"buckets": series.buckets} if series.kind is Kind.HISTOGRAM else {}
        metric_type = _TYPES[series.kind]
        return metric_type(PREFIX + series.name, series.help, series.labels, registry=self.registry, **options)

    def _child(self, name: str, labels: Mapping[str, str]) -> Any:
        key = (name, *labels.items())
        child = self._children.get(key)
        if child is None:
            metric = self._series[name]
            child = self._children[key] = metric.labels(**labels) if labels else metric
        return child


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
            family = GaugeMetricFamily(PREFIX + series.name, series.help, labels=series.labels)
            for labels, value in snapshot.get(series.name, ()):
                family.add_metric(labels, value)
            yield family
