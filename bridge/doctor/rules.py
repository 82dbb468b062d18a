"""The rules file loads, every channel belongs to a unit, and the calendar reaches far enough ahead.

Owns: the verdicts. Must not: say what is wrong inside a rules file; ``bridge rules check`` does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bridge.core.civil import civil_date
from bridge.doctor.finding import Finding, fault, faults, good, note
from bridge.errors import ConfigError
from bridge.live_rules import load
from bridge.rules.compile import CompiledRules
from bridge.settings import Settings

AHEAD = timedelta(days=60)
"""Limits of 60 days reach that far (信访工作条例 第三十四条); the notice for a year appears in the November before it."""
_UPDATE = "国务院公布下一年放假安排后执行 bridge calendar update 文件"


def rules(settings: Settings, now: datetime) -> list[Finding]:
    """Check the rules file, and with it the channels and the calendar."""
    try:
        loaded = load(settings)
    except ConfigError as error:
        return faults("rules", error)
    described = good("rules", f"{settings.rules} 可用（{loaded.hash[:12]}）")
    return [described, *_orphans(settings, loaded), calendar(loaded, now)]


def _orphans(settings: Settings, loaded: CompiledRules) -> list[Finding]:
    used = {unit.channel for unit in loaded.policy.units.values()}
    names = "、".join(sorted(set(settings.channels) - used))
    remedy = "改正 bridge.toml 里渠道的名称，或规则里单位的 channel"
    return [note("rules", f"规则中没有单位使用这些渠道：{names}", remedy)] if names else []


def calendar(loaded: CompiledRules, now: datetime) -> Finding:
    """Check until when the working-day calendar rests on a published notice."""
    until = loaded.policy.calendar.covered_until
    text = f"放假安排公布到 {until}"
    if until < civil_date(now):
        return fault("calendar", f"{text}，今天已在其外，时限都是按周一至周五推算的", _UPDATE)
    if until < civil_date(now + AHEAD):
        return note("calendar", f"{text}，之后的时限按周一至周五推算，标为暂定", _UPDATE)
    return good("calendar", text)
