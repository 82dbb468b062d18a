"""One scrape of a daemon as numbers, by name and labels."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from bridge.testing.process import BridgeProcess

Samples = dict[str, dict[tuple[str, ...], float]]

ORDER = {
    "assignments": ("unit", "state"),
    "outbox_messages": ("kind", "state"),
    "deadlines": ("kind", "unit", "status"),
}
"""Labels in the order of a comparison; else by name."""


def scraped(bridge: BridgeProcess) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(bridge.ask("GET", "/metrics").raw.decode()):
        for sample in family.samples:
            name = sample.name.removeprefix("ticketbridge_")
            labels = tuple(sample.labels[label] for label in ORDER.get(name, sorted(sample.labels)))
            found.setdefault(name, {})[labels] = sample.value
    return found


def leads(found: Samples) -> bool:
    """Tell whether a scrape holds the ledger's gauges."""
    return "outbox_oldest_due_age_seconds" in found


def total(found: Samples, name: str) -> float:
    return sum(found[name].values())
