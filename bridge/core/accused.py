"""Whom a ticket accuses: recognising a member unit, what it supervises and what stands above it by name.

Owns: comparing the name of the other side, and the words of a report, with the unit table. Must not: decide what
follows from it (``lifecycle.recusal`` does). A unit's ``aliases`` and ``supervises`` are data of the rules.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.core.model.ticket import Ticket
from bridge.core.policy import Unit

_NOT_A_PLACE = r"(?![东南西北]?(?:路|街|巷|旁|对面|附近))"
"""A name that only says where somebody is: 税务局路."""

_ACCUSES = r"(?:举报|揭发|控告|检举)"
_TOLD_TO = r"(?!到|给|过|向|至|了|后|电话|热线|人|者)"
"""举报到、举报给…… names whom one told, not whom one accuses."""

_WORDS_BETWEEN = r"[^，。；：！？、,.;:!?\s到向给]{0,8}?"


def names_unit(ticket: Ticket, unit: Unit) -> bool:
    """Tell whether the other side, as the ticket gives it, is this unit, a part of it, or the same office higher up."""
    other = ticket.body.counterparty
    return other is not None and bool(_named(unit).search(_plain(other.name or "")))


def names_supervised(ticket: Ticket, unit: Unit) -> bool:
    """Tell whether the other side is an employer or body that this unit supervises (主管)."""
    other = ticket.body.counterparty
    name = _plain(other.name or "") if other is not None else ""
    return bool(name) and any(_plain(each) in name or name in _plain(each) for each in unit.supervises)


def words_accuse(ticket: Ticket, unit: Unit) -> bool:
    """Tell whether the words of a ticket report this unit: 举报县税务局……, not 向税务局举报."""
    body = ticket.body
    return any(_accused(unit).search(_plain(text)) for text in (body.title, body.content, *body.supplements))


def is_accused(ticket: Ticket, name: str) -> bool:
    """Tell whether a name somebody gives is the other side's."""
    other = ticket.body.counterparty
    accused, given = _plain(other.name or "") if other is not None else "", _plain(name)
    return bool(accused) and bool(given) and (accused in given or given in accused)


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text)


def _alternatives(unit: Unit) -> str:
    return "|".join(re.escape(_plain(name)) for name in (unit.name, *unit.aliases))


@lru_cache(maxsize=256)
def _named(unit: Unit) -> re.Pattern[str]:
    return re.compile(f"(?:{_alternatives(unit)}){_NOT_A_PLACE}")


@lru_cache(maxsize=256)
def _accused(unit: Unit) -> re.Pattern[str]:
    return re.compile(f"{_ACCUSES}{_TOLD_TO}{_WORDS_BETWEEN}(?:{_alternatives(unit)}){_NOT_A_PLACE}")
