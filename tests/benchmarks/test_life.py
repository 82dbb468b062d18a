"""One process: how soon it is ready, how soon again after kill -9 under load, and how much memory it holds then."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.bridges import Bench
from tests.benchmarks.test_speed import ROUNDS

TICKETS = 2_000


def test_start_kill_and_memory(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "life", None, travels=False)
    rounds = []
    try:
        for _ in range(ROUNDS):
            started = _seconds(bench)
            _kill_under_load(bench)
            recovered = _seconds(bench)
            bench.order(TICKETS, 32)
            rounds.append({"start_s": started, "recovery_s": recovered, "memory_mb": bench.megabytes()})
            bench.process.stop()
    finally:
        bench.process.kill()
    report.write("life", rounds)
    assert all(each["memory_mb"] > 0 for each in rounds)


def _seconds(bench: Bench) -> float:
    began = time.perf_counter()
    bench.start()
    return time.perf_counter() - began


def _kill_under_load(bench: Bench) -> None:
    """Kill the daemon once it has begun to take what a crowd sends; the crowd fails with it."""
    before = bench.cpu_seconds()

    def load() -> None:
        with suppress(RuntimeError):
            bench.order(TICKETS, 32)

    crowd = threading.Thread(target=load)
    crowd.start()
    while crowd.is_alive() and bench.cpu_seconds() < before + 0.5:
        time.sleep(0.01)
    bench.process.kill()
    crowd.join()
