"""What was measured, as JSON for programs and as a table for people.

``python -m tests.benchmarks.report`` writes the newest figures into ``docs/reference/performance.md``.
Owns: medians, goals, wording. Must not: measure.
"""

from __future__ import annotations

import json
import operator
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.testing.counterparts.control import ROOT
from tests.benchmarks.pictures import Bar, drawn

FOLDER = ROOT / "build" / "bench"
PAGE = ROOT / "docs" / "reference" / "performance.md"
MARKS = ("<!-- figures -->", "<!-- end of figures -->")


@dataclass(frozen=True)
class Goal:
    """A figure with its floor and goal; ``at_least`` tells which side is good."""

    name: str
    what: str
    floor: float | None = None
    goal: float | None = None
    at_least: bool = True

    def verdict(self, value: float) -> str:
        """Say how a value stands."""
        reaches: Callable[[float, float], bool] = operator.ge if self.at_least else operator.le
        if self.goal is not None and reaches(value, self.goal):
            return "goal"
        if self.floor is None:
            return "–"
        return "floor" if reaches(value, self.floor) else "**below the floor**"


def speed(limit: str, intake: tuple[float, float]) -> tuple[Goal, ...]:
    """The goals of one database."""
    return (
        Goal("limit", f"limit: {limit}, commits/s"),
        Goal("intake", "intake, 32 senders, tickets/s"),
        Goal("intake_ratio", "intake / limit", *intake),
        Goal("c1_p50_ms", "one sender, p50 ms", 3, 3, at_least=False),
        Goal("c32_p99_ms", "32 senders, p99 ms", 60, 35, at_least=False),
        Goal("batch_ratio", "batch / single", 2, 2),
        Goal("naive_ratio", "intake / naive intake", 5, 5),
        Goal("travels", "whole travels, cases/s"),
        Goal("travels_ratio", "whole travels / limit", 0.03, 0.06),
        Goal("travels_intake_p99_ms", "intake p99 while delivering at full rate, ms", 100, 100, at_least=False),
        Goal("cpu_ms_a_case", "CPU of a whole travel, ms"),
    )


def replicas() -> tuple[Goal, ...]:
    """The goals of one, two and three daemons."""
    goals = [Goal("cpu_ms_1", "CPU of a case, one daemon, ms"), Goal("server_ms_1", "… of the PostgreSQL server, ms")]
    for size, word in ((2, "two"), (3, "three")):
        goals += [
            Goal(f"cpu_ms_{size}", f"CPU of a case, {word} daemons together, ms"),
            Goal(f"server_ms_{size}", "… of the PostgreSQL server, ms"),
            Goal(f"cpu_ratio_{size}", f"{word} daemons / one", 1.2, 1.2, at_least=False),
            Goal(f"server_ratio_{size}", f"server: {word} daemons / one"),
        ]
    idle = [Goal(f"idle_{size}", f"share of a core when idle, {size} together") for size in (1, 2, 3)]
    return (*goals, *idle, *[Goal(f"travels_{size}", f"whole travels, {size}, cases/s") for size in (1, 2, 3)])


TABLES: Mapping[str, tuple[str, tuple[Goal, ...]]] = {
    "speed-sqlite": ("SQLite", speed("raw sqlite3, FULL, one row", (0.20, 0.35))),
    "speed-postgres": ("PostgreSQL", speed("asyncpg, 8 connections, one row", (0.15, 0.25))),
    "deliveries": (
        "Deliveries",
        (
            Goal("queue", "procrastinate's worker, a task that does nothing, 50 at once, jobs/s"),
            Goal("sqlite", "deliveries of a waiting outbox, SQLite, a second"),
            Goal("sqlite_queue_ratio", "deliveries, SQLite / procrastinate", 1, 1),
            Goal("postgres", "deliveries of a waiting outbox, PostgreSQL, a second"),
            Goal("postgres_queue_ratio", "deliveries, PostgreSQL / procrastinate", 1, 1),
            Goal("slow_1", "units that take 200 ms, 1 at once for each, deliveries/s"),
            Goal("slow_8", "… 8 at once"),
            Goal("slow_ratio_8", "… 8 at once / 1 at once"),
            Goal("slow_32", "… 32 at once"),
            Goal("slow_ratio_32", "… 32 at once / 1 at once"),
        ),
    ),
    "replicas": ("Replicas over one PostgreSQL", replicas()),
    "life": (
        "One process",
        (
            Goal("start_s", "start-up until ready, s", 3, 3, at_least=False),
            Goal("recovery_s", "ready again after kill -9 under load, s", 5, 5, at_least=False),
            Goal("memory_mb", "memory after the load, MB", 200, 200, at_least=False),
        ),
    ),
}


def write(name: str, rounds: Sequence[Mapping[str, float]]) -> None:
    """Keep the rounds with their medians, and print the table."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    median = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
    text = json.dumps({"median": median, "rounds": list(rounds)}, indent=2)
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    print("\n" + "\n".join(table(name)))


def table(name: str) -> Iterator[str]:
    """Render one table."""
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    title, goals = TABLES[name]
    yield f"### {title}\n"
    if picture(name):
        yield f"![{title}](performance-{name}.svg)\n"
    yield f"| what | median of {len(data['rounds'])} (min–max) | floor | goal | reached |"
    yield "|---|---|---|---|---|"
    for goal in goals:
        if goal.name in data["median"]:
            values = [each[goal.name] for each in data["rounds"]]
            value, span = data["median"][goal.name], f"{_number(min(values))}–{_number(max(values))}"
            bounds = " | ".join("–" if bound is None else f"{bound:g}" for bound in (goal.floor, goal.goal))
            yield f"| {goal.what} | {_number(value)} ({span}) | {bounds} | {goal.verdict(value)} |"
    yield ""


def growth() -> Iterator[str]:
    """Render the growth table, if it was measured."""
    file = FOLDER / "growth.json"
    if not file.exists():
        return
    data = json.loads(file.read_text(encoding="utf-8"))
    for database, sizes in data.items():
        counts = list(sizes)
        yield f"### Growth, {database}, ms\n"
        yield "| what | " + " | ".join(f"{int(count):,} cases" for count in counts) + " | last / first (goal ≤ 1.5) |"
        yield "|---|" + "---|" * (len(counts) + 1)
        for what in sizes[counts[0]]:
            values = [sizes[count][what] for count in counts]
            cells = " | ".join(_number(value) for value in values)
            yield f"| {what} | {cells} | {values[-1] / values[0]:.2f} |"
        yield ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def picture(name: str) -> str | None:
    """Draw the ratios of one table that are better the larger they are; None without any."""
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    bars = []
    for each in TABLES[name][1]:
        if each.goal and each.floor and each.at_least and each.name in data["median"]:
            values, value = [one[each.name] for one in data["rounds"]], data["median"][each.name]
            span = (min(values) / each.goal, max(values) / each.goal)
            bars.append(Bar(each.what, value / each.goal, span, each.floor / each.goal, _number(value)))
    return drawn(f"{TABLES[name][0]}: share of the goal (dashed: floor)", bars) if bars else None


def main() -> None:
    """Replace the figures on the page."""
    for name in TABLES:
        if (FOLDER / f"{name}.json").exists() and (drawing := picture(name)):
            (PAGE.parent / f"performance-{name}.svg").write_text(drawing, encoding="utf-8")
    lines = [line for name in TABLES if (FOLDER / f"{name}.json").exists() for line in table(name)]
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    figures = "\n".join([*lines, *growth()]).rstrip()
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{figures}\n\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
