"""What a process tells of its surroundings: the calendar's reach, today, the disk it writes to.

Owns: reading them and moving their gauges. Must not: judge (alert rules and ``bridge doctor`` do).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from bridge.core.civil import civil_date
from bridge.core.policy import Rules
from bridge.metrics import Metrics
from bridge.ports import Clock

LOOK_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Vitals:
    """Looks around for one process; ``folder`` is where it keeps its data."""

    folder: Path
    rules: Callable[[], Rules]
    clock: Clock
    metrics: Metrics

    def look(self) -> None:
        """Bring the gauges up to date. Raises OSError if the folder is gone."""
        calendar, today = self.rules().policy.calendar, civil_date(self.clock.now())
        horizon = datetime.combine(calendar.covered_until, time.max, UTC)
        self.metrics.put("calendar_horizon_timestamp_seconds", horizon.timestamp())
        self.metrics.put("working_day", float(calendar.is_working_day(today)))
        disk = shutil.disk_usage(self.folder)
        self.metrics.put("disk_free_ratio", disk.free / disk.total if disk.total else 0.0)
