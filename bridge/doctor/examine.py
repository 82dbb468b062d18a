"""The order of the checks: each stands alone, so that one fault does not hide the next.

Owns: :func:`examine`. Must not: check anything itself.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from bridge import __version__
from bridge.doctor import database, folder, ledger, limits, rules, surroundings
from bridge.doctor.finding import Finding, faults, good, note
from bridge.errors import ConfigError
from bridge.ports import Clock
from bridge.settings import Settings
from bridge.settings_file import load_settings


async def examine(
    config: Path, environ: Mapping[str, str], rules_file: Path | None, clock: Clock, *, online: bool = True
) -> list[Finding]:
    """Look at everything; without ``online`` no counterpart is contacted. Never raises a BridgeError."""
    try:
        settings = load_settings(config, environ, rules_file)
    except ConfigError as error:
        return [_program(), *faults("config", error)]
    found = [_program(), *_configuration(config, settings), *rules.rules(settings, clock.now())]
    found += [*folder.keys(settings), *folder.secrets(config, settings), *folder.disk(settings)]
    found.append(surroundings.listening(settings))
    async with database.opened(settings) as base:
        found += base.findings
        if base.store is not None:
            found += await ledger.ledger(base.store, clock.wall())
            found += await limits.limits(settings, base.store, clock)
    return found + (await surroundings.counterparts(settings, clock) if online else [])


def _program() -> Finding:
    return good("program", f"ticket-bridge {__version__}，Python {sys.version.split()[0]}")


def _configuration(config: Path, settings: Settings) -> list[Finding]:
    count = f"{len(settings.feeds)} 个来源、{len(settings.channels)} 个渠道"
    found = [good("config", f"{config} 可用：{count}")]
    if settings.shadow:
        found.append(note("config", 'mode = "shadow"：一切外发都扣住', '正式运行时改为 mode = "live" 并重启'))
    return found
