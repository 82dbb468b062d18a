"""An archive of any size, made inside the database: what costs more beside it than beside an empty one is a bug.

Owns: rows that look like finished cases to every index and count. Must not: be opened; what is sealed holds nothing.
Of a hundred cases one is still being handled, one waits for a person; the rest are archived and delivered.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from bridge.store.types import UtcDateTime

PORTION = 20_000
SAMPLE_ROWS = 10_000
DAYS = 730
"""The cases were received within so many days."""
_FIRST = 1_000_000_000
_UNITS = ("tax", "hrss", "medical", "finance")
_HASH = "0" * 64

_TABLES = """
CREATE TEMPORARY TABLE growing (i BIGINT, at INSTANT, case_id TEXT, ticket_id TEXT, external_id TEXT, state TEXT,
  unit TEXT, duty TEXT, clock TEXT, step TEXT, later INSTANT, message TEXT);
CREATE TEMPORARY TABLE growing_times (n BIGINT)
"""

_CASES = """
INSERT INTO cases (region_code, id, version, state, category, procedure, lead, opened_at, updated_at, event_seq,
  event_hash, rules_hash, details, evidence)
SELECT :region, case_id, 6, state, 'late_fee', 'transfer', 'tax', at, at, 6, :hash, :hash, '{}', :nothing FROM growing;

INSERT INTO tickets (region_code, id, case_id, feed, external_id, kind, state, received_at, registered_at, digest,
  details, body)
SELECT :region, ticket_id, case_id, 'hotline', external_id, 'complaint', 'done', at, at, :hash, '{}', :blob FROM growing;

INSERT INTO ticket_revisions (region_code, ticket_id, revision, recorded_at, raw)
SELECT :region, ticket_id, 1, at, :blob FROM growing;

INSERT INTO matter_keys (region_code, key, ticket_id)
SELECT :region, 'k' || CAST(n AS TEXT) || '-' || CAST(i % (100 * n + 1) AS TEXT), ticket_id
FROM growing JOIN growing_times ON n <= 3;

INSERT INTO assignments (region_code, id, case_id, unit, role, state, details)
SELECT :region, case_id || 'a' || CAST(n AS TEXT), case_id, CASE n WHEN 1 THEN 'tax' ELSE unit END, 'lead', duty, '{}'
FROM growing JOIN growing_times ON n <= 2;

INSERT INTO opinions (region_code, id, case_id, assignment_id, unit, kind, version, round, recorded_at, details, body)
SELECT :region, case_id || 'o1', case_id, case_id || 'a1', 'tax', 'opinion', 1, 1, at, '{}', :blob FROM growing;

INSERT INTO deadlines (region_code, id, case_id, kind, owner, unit, status, provisional, due_at, next_step,
  next_fire_at, details)
SELECT :region, case_id || 'd' || CAST(n AS TEXT), case_id, 'reply', 'unit', 'tax',
  CASE n WHEN 1 THEN clock ELSE 'met' END, :no, at, CASE n WHEN 1 THEN step END, CASE n WHEN 1 THEN later END, '{}'
FROM growing JOIN growing_times ON n <= 3;

INSERT INTO events (region_code, case_id, seq, type, actor, cause, occurred_at, recorded_at, detail, hash)
SELECT :region, case_id, n, 'ticket.registered', 'upstream', 'growth', at, at, :nothing, :hash
FROM growing JOIN growing_times ON n <= 6;

INSERT INTO outbox (region_code, key, kind, target, type, case_id, group_key, serial, state, attempts, fence,
  created_at, delivered_at, due_at, payload)
SELECT :region, case_id || '-' || CAST(n AS TEXT), CASE n WHEN 1 THEN 'upstream' ELSE 'unit' END,
  CASE n WHEN 1 THEN 'hotline' ELSE 'tax' END, 'assignment.dispatched', case_id, case_id, n, message, 1, 1, at, at, at,
  :blob
FROM growing JOIN growing_times ON n <= 3;

INSERT INTO inbound (region_code, source, webhook_id, body_digest, status, answer, recorded_at)
SELECT :region, 'feed:hotline', external_id, :hash, 202, '{}', at FROM growing
"""

_ROW = text(
    "INSERT INTO growing VALUES (:i, :at, :case_id, :ticket_id, :external_id, :state, :unit, :duty, :clock, :step, :later, :message)"
)


def grow(connection: Connection, region: str, cases: int, before: datetime, *, first: int = 0) -> None:
    """Make ``cases`` cases received before an instant, numbered from ``first``; in the open transaction."""
    for statement in _TABLES.split(";"):
        connection.execute(text(statement.replace("INSTANT", UtcDateTime().compile(connection.dialect))))
    connection.execute(text("INSERT INTO growing_times VALUES (:n)"), [{"n": n} for n in range(1, 7)])
    for start in range(first, first + cases, PORTION):
        numbers = range(start, min(start + PORTION, first + cases))
        connection.execute(text("DELETE FROM growing"))
        connection.execute(_ROW, [_row(connection, number, before) for number in numbers])
        for statement in _CASES.split(";"):
            connection.execute(text(statement), _values(statement, region))
    connection.execute(text("DROP TABLE growing"))
    connection.execute(text("DROP TABLE growing_times"))


def analyse(connection: Connection) -> None:
    """Let the planner know what lies in the tables; SQLite, too, from a sample instead of every row of every index."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"PRAGMA analysis_limit={SAMPLE_ROWS}"))
    connection.execute(text("ANALYZE"))


def _values(statement: str, region: str) -> dict[str, Any]:
    values = {"region": region, "nothing": b"", "blob": bytes(1_500), "hash": _HASH, "no": False}
    return {name: value for name, value in values.items() if f":{name}" in statement}


def _row(connection: Connection, number: int, before: datetime) -> dict[str, Any]:
    """Decide about one case: every hundredth is open, every thousandth is a matter of a unit that has few."""
    bound, name = UtcDateTime().bind_processor(connection.dialect), str(_FIRST + number)
    is_open, is_waiting = not number % 100, not (number - 1) % 100
    return {
        "i": number,
        "at": bound(before - timedelta(days=DAYS) * (number * 7919 % 100_003) / 100_003),
        "case_id": f"c00growth{name}",
        "ticket_id": f"t00growth{name}",
        "external_id": f"G{name}",
        "state": "handling" if is_open else "triage" if is_waiting else "archived",
        "unit": "justice" if not (number - 500) % 1000 else _UNITS[number % 4],
        "duty": "signed" if is_open else "answered",
        "clock": "running" if is_open else "overdue" if not (number - 7) % 200 else "met",
        "step": "remind" if is_open else None,
        "later": bound(before + timedelta(days=3650)) if is_open else None,
        "message": "parked" if not (number - 5) % 10_000 else "delivered",
    }
