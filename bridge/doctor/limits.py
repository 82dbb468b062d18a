"""Open limits end where the calendar of the moment ends them: a changed overlay moves none by itself.

Owns: looking at the first open cases. Must not: move a limit; ``bridge calendar recount`` does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bridge.core.policy import Rules
from bridge.doctor.finding import Finding, fault, good, note
from bridge.errors import ConfigError, StoreError
from bridge.live_rules import feed_terms, load
from bridge.opening import system_ports
from bridge.pipeline import recount
from bridge.pipeline.runtime import Runtime
from bridge.ports import Clock
from bridge.settings import Settings
from bridge.store.store import Store

PAGES = 10
"""A thousand open cases tell; a county has a few hundred."""


async def limits(settings: Settings, store: Store, clock: Clock) -> list[Finding]:
    """Check that no open limit waits to be moved; nothing where the rules cannot be used (``rules`` says so)."""
    try:
        rules = load(settings)
    except ConfigError:
        return []
    ports = replace(system_ports(), clock=clock)
    runtime = Runtime(store, ports, lambda: rules, feed_terms(settings, rules), settings.public_url)
    try:
        moved = await _moved(store, runtime, rules)
    except (StoreError, ValueError):
        return [fault("limits", "有在办案件读不出来，时限没能核对", "bridge audit verify 找出是哪一件")]
    if not moved:
        return [good("limits", "在办时限与现行日历相符")]
    text = f"按现行日历有 {moved} 个在办时限应改期（规则的 calendar 改过）"
    return [note("limits", text, "bridge calendar recount --preview 看过后，再不带 --preview 执行")]


async def _moved(store: Store, runtime: Runtime, rules: Rules) -> int:
    """Count the limits that would move. Raises StoreError or ValueError for a case that cannot be read."""
    moved, after = 0, ""
    for _ in range(PAGES):
        found, last = await store.read(partial(recount.page, runtime=runtime, rules=rules, after=after))
        moved += sum(each.moves for each in found)
        if last is None:
            break
        after = last
    return moved
