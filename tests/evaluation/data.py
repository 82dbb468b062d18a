"""Reads labelled sets (JSON Lines) from a folder and turns a row into what the rules look at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.core.model.ticket import TicketBody
from bridge.core.policy import TicketFacts
from bridge.core.vocabulary import TicketKind
from bridge.rules.compile import CompiledRules
from tests.evaluation.scoring import NUMBERS, Answer

Row = dict[str, Any]


def read_sets(folder: Path) -> dict[str, list[Row]]:
    """Every ``*.jsonl`` of a folder whose rows carry labels or are unlabelled other letters."""
    sets = {}
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if rows and ("in_scope" in rows[0] or "mentions_social_insurance" in rows[0]):
            sets[path.stem] = rows
    return sets


def half(row: Mapping[str, Any]) -> int:
    """0: the half the rules were tuned on; 1: the half that is reported. By the hash of the id."""
    return int(hashlib.sha256(str(row["id"]).encode()).hexdigest(), 16) % 2


def facts_of(row: Mapping[str, Any]) -> TicketFacts:
    """A row as a ticket of the hotline."""
    kind = TicketKind(row["kind"]) if row.get("kind") in set(TicketKind) else TicketKind.HELP
    return TicketFacts(
        kind=kind,
        feed=str(row.get("feed") or "hotline"),
        adapter="hotline_12345",
        received_at=_instant(row.get("received_at")),
        body=TicketBody(title=row.get("title") or "", content=row.get("text") or row.get("content") or ""),
    )


def answer_of(rules: CompiledRules, row: Mapping[str, Any]) -> Answer:
    """What the rules decide about a row."""
    facts = facts_of(row)
    made = rules.assess(facts)
    found, route = made.classification, made.route
    return Answer(
        found.in_scope,
        NUMBERS.get(found.category or ""),
        route.lead,
        route.co_units,
        route.procedure.value if route.procedure else None,
        found.review,
        rules.sureness(facts).share,
    )


def _instant(text: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text).replace("Z", "+00:00").replace("/", "-"))
    except ValueError:
        instant = datetime(2025, 6, 1, tzinfo=UTC)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
