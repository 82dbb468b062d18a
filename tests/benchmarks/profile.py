"""Where a case's CPU goes: whole travels under cProfile, its time summed up by part of the program.

``python -m tests.benchmarks.profile`` prints the table and keeps ``build/bench/profile.prof`` for closer looks.
On SQLite everything but the COMMIT runs in the thread that is profiled; the profiler itself makes small functions dear.
"""

from __future__ import annotations

import pstats
import tempfile
from collections import Counter
from pathlib import Path

from bridge.testing.process import BridgeProcess
from tests.benchmarks import report
from tests.benchmarks.bridges import DISPATCHING, Bench

Function = tuple[str, int, str]
CASES = 400
PARTS = (
    ("bridge/rules/", "classification"), ("bridge/core/", "decisions"), ("bridge/pipeline/", "pipeline"),
    ("bridge/store/", "storing"), ("bridge/crypto", "encryption"), ("bridge/web/", "web"),
    ("bridge/delivery/", "delivery"), ("bridge/wire/", "wire"), ("bridge/logs", "log lines"),
    ("bridge/masking", "log lines"), ("structlog", "log lines"), ("bridge/metrics", "metrics"),
    ("prometheus_client", "metrics"), ("sqlalchemy", "SQLAlchemy"), ("sqlite3", "SQLite"), ("aiohttp", "HTTP"),
    ("yarl", "HTTP"), ("multidict", "HTTP"), ("pydantic", "wire"), ("hmac", "signatures"), ("asyncio", "event loop"),
    ("uvloop", "event loop"),
)  # fmt: skip
TOP = 40


class Profiled(BridgeProcess):
    """A daemon that leaves its profile behind when it stops."""

    def _command(self, *arguments: str) -> list[str]:
        command = super()._command(*arguments)
        return [command[0], "-m", "cProfile", "-o", str(self.site.directory / "profile.prof"), *command[1:]]


def main() -> None:
    """Profile a start without work, then the same with cases, and tell what the cases took."""
    idle, busy = _profile(0), _profile(CASES)
    tell({function: own - idle.get(function, 0.0) for function, own in busy.items()})


def _profile(cases: int) -> dict[Function, float]:
    """Return what every function took itself, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "p", None, travels=True)
        bench.processes = [Profiled(bench.process.site, DISPATCHING)]
        bench.start()
        if cases:
            bench.order(cases, 16)
        bench.process.stop()
        report.FOLDER.mkdir(parents=True, exist_ok=True)
        (bench.folder / "profile.prof").replace(report.FOLDER / "profile.prof")
    stats = pstats.Stats(str(report.FOLDER / "profile.prof")).stats  # type: ignore[attr-defined]
    return {function: own for function, (_, _, own, _, _) in stats.items() if not _waits(function)}


def tell(seconds: dict[Function, float]) -> None:
    """Print the shares of the parts, then the functions that took most themselves, in microseconds a case."""
    total = sum(seconds.values())
    parts: Counter[str] = Counter()
    for (path, _, name), own in seconds.items():
        parts[_part(path, name)] += own  # type: ignore[assignment]
    for part, own in parts.most_common():
        print(f"{own / total:7.1%}  {1e6 * own / CASES:6.0f} µs  {part}")
    print()
    for (path, line, name), own in sorted(seconds.items(), key=lambda item: -item[1])[:TOP]:
        print(f"{1e6 * own / CASES:6.0f} µs  {'/'.join(path.split('/')[-3:])}:{line} {name}")


def _waits(function: Function) -> bool:
    path, _, name = function
    return "poll" in name or "acquire" in name or path.endswith("asyncio/runners.py")


def _part(path: str, name: str) -> str:
    where = path.replace("\\", "/") + name
    return next((part for words, part in PARTS if words in where), "other")


if __name__ == "__main__":
    main()
