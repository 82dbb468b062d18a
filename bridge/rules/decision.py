"""The whole decision on one text in the contract's words, for the command line and its JSON.

Owns: reading a line of input, the output line of ``classify``, the pages of ``explain``. Must not: decide.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from bridge.core.assessment import Assessment
from bridge.core.civil import SHANGHAI
from bridge.core.model.ticket import TicketBody
from bridge.core.policy import TicketFacts
from bridge.core.vocabulary import TicketKind
from bridge.rules.compile import CompiledRules

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
"""Stands in for a missing ``received_at`` where the caller gives no instant."""


class BadLine(ValueError):
    """An input line cannot be read; the text says why (Chinese)."""


def facts_of_line(line: bytes | str, now: datetime) -> tuple[Any, TicketFacts]:
    """The id and the facts of one JSON line; unreadable optional fields are left out.

    Raises:
        BadLine: not a JSON object, or title and text both missing or not texts.
    """
    row = row_of_line(line)
    return row.get("id"), facts_of_row(row, now)


def row_of_line(line: bytes | str) -> dict[str, Any]:
    """One JSON line as an object.

    Raises:
        BadLine: it is none.
    """
    text = line.encode() if isinstance(line, str) else line
    try:
        row = orjson.loads(text.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        raise BadLine(_not_json(text)) from None
    if not isinstance(row, dict):
        raise BadLine("每行应当是一个 JSON 对象")
    return row


def _not_json(text: bytes) -> str:
    try:
        text.decode()
    except UnicodeDecodeError:
        return "不是 UTF-8 编码的文本(可能以 GBK 保存);请另存为 UTF-8"
    return '不是有效的 JSON:一行要有一件完整的工单,如 {"id": 1, "text": "…"}'


def facts_of_row(row: Mapping[str, Any], now: datetime) -> TicketFacts:
    """Facts from ``title``, ``text``, and where readable ``kind``, ``feed``, ``received_at``."""
    title, text = row.get("title") or "", row.get("text")
    if text is None or text == "":
        text = "" if title else None
    if not isinstance(text, str) or not isinstance(title, str):
        raise BadLine("缺少文字:要有 text(或 title),并且是字符串")
    feed = row.get("feed")
    return TicketFacts(
        kind=_kind(row.get("kind")),
        feed=feed if isinstance(feed, str) and feed else "hotline",
        adapter="hotline_12345",
        received_at=instant_of(row.get("received_at")) or now,
        body=TicketBody(title=title, content=text),
    )


def _kind(value: object) -> TicketKind:
    return TicketKind(value) if isinstance(value, str) and value in set(TicketKind) else TicketKind.HELP


def instant_of(value: object) -> datetime | None:
    """An instant as people write it, +08:00 where it names no zone; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip().replace("/", "-"))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=SHANGHAI)


def decision(rules: CompiledRules, made: Assessment, identity: Any) -> dict[str, Any]:
    """The output line of ``rules classify``. Source: contract §1."""
    found, route = made.classification, made.route
    info = rules.policy.categories.get(found.category or "")
    return {
        "id": identity,
        "in_scope": found.in_scope,
        "category": info.id if info else None,
        "category_number": info.number if info else None,
        "confidence": found.confidence,
        "second_category": found.second_category,
        "insurance": [kind.value for kind in found.insurance],
        "lead": route.lead,
        "co_units": list(route.co_units),
        "procedure": route.procedure.value if route.procedure else None,
        "period": found.period.value,
        "review": found.review,
        "evidence": [{"rule": one.rule, "matched": one.matched} for one in found.evidence],
    }
