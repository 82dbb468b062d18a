"""The rules of a running process: loaded for its settings, watched on disk, swapped, reported.

Owns: what the settings add to a rules file (the review switch, the deployer's calendar years, the feeds'
accepting units), what the core knows of each feed. Must not: read a rules file itself (``bridge.rules`` does).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridge.core.lifecycle.work import FeedTerms
from bridge.core.policy import Rules
from bridge.errors import ConfigError, Problem
from bridge.metrics import Metrics
from bridge.ports import Clock
from bridge.registry import feed_class
from bridge.rules.calendar_data import load_folder
from bridge.rules.compile import CompiledRules
from bridge.rules.load import load_rules
from bridge.rules.reload import Reload, RulesHolder
from bridge.settings import Settings

WATCH_SECONDS = 2.0


def load(settings: Settings) -> CompiledRules:
    """Load the rules of these settings. Raises ConfigError with every problem."""
    rules = load_rules(settings.rules)
    problems = [
        Problem(f"feeds.{feed.name}.accepting_unit", f"规则中没有单位 {feed.accepting_unit}")
        for feed in settings.feeds.values()
        if feed.accepting_unit is not None and rules.policy.unit_named(feed.accepting_unit) is None
    ]
    if problems:
        raise ConfigError("bridge.toml", problems)
    return adjusted(settings, rules)


def adjusted(settings: Settings, rules: CompiledRules) -> CompiledRules:
    """Apply what the deployer decided to a snapshot: calendar years beside ``bridge.toml``, the review switch."""
    rules = rules.with_years(load_folder(_years(settings)))
    return (rules if settings.review is None else rules.with_review(settings.review)).prepare()


def watched(settings: Settings, rules: CompiledRules, metrics: Metrics, clock: Clock) -> RulesHolder:
    """Hold the rules of the moment and show in the metrics which they are; a bad file keeps the old ones."""

    def report(outcome: Reload) -> None:
        metrics.show_rules(outcome.rules_hash, clock.wall().timestamp(), successful=outcome.loaded)

    holder = RulesHolder(settings.rules, rules, adjust=_adjust(settings), report=report, years=_years(settings))
    report(Reload(loaded=True, rules_hash=rules.hash))
    return holder


def _adjust(settings: Settings) -> Callable[[CompiledRules], CompiledRules]:
    return lambda rules: adjusted(settings, rules)


def _years(settings: Settings) -> Path:
    return settings.folder / "calendar"


def feed_terms(settings: Settings, rules: Rules) -> dict[str, FeedTerms]:
    """Return what the core knows of each feed; ``counter.<unit>`` feeds exist for every unit."""
    terms = {f"counter.{unit}": FeedTerms("counter", accepting_unit=unit) for unit in rules.policy.units}
    for feed in settings.feeds.values():
        push = None if feed.push is None else frozenset(type_.value for type_ in feed.push)
        notice = feed_class(feed.adapter).capabilities.accepted_by_notice
        terms[feed.name] = FeedTerms(feed.adapter, push, feed.accepting_unit, feed.honour_upstream_unit, notice)
    return terms
