"""Which of our fields a mapping can fill, their closed sets of values, and how loose values are read.

Owns: what follows from the wire models, so that a new field can be mapped at once. Must not: evaluate anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, get_args

from pydantic import BaseModel

from bridge.core.commands import UpstreamEventType
from bridge.core.vocabulary import CounterpartyType, Insurance, PartyRole, TicketKind, UrgeLevel, Urgency
from bridge.local_time import local_instant
from bridge.wire.event import EventIn
from bridge.wire.ticket import TicketIn

_SETS: Mapping[str, type[StrEnum]] = {
    "kind": TicketKind,
    "urgency": Urgency,
    "insurance": Insurance,
    "petitioner.role": PartyRole,
    "counterparty.type": CounterpartyType,
    "type": UpstreamEventType,
    "level": UrgeLevel,
}
_FLAGS = frozenset({"petitioner.anonymous", "petitioner.confidential"})
_COUNTS = frozenset({"petitioner.people_count"})
_INSTANTS = frozenset({"received_at", "visit_at", "occurred_at"})
_LIMITS = frozenset({"respond_by", "until"})

VALUES: Mapping[str, frozenset[Any]] = {
    **{field: frozenset(member.value for member in members) for field, members in _SETS.items()},
    "value": frozenset({"satisfied", "basic", "unsatisfied"}),
    "party": frozenset({"payer", "other_side", "government"}),
    **dict.fromkeys(_FLAGS, frozenset({True, False})),
}
"""The fields that have closed sets, with what they may hold. Source: contract section 3."""

_YES = frozenset({"1", "是", "y", "yes", "true"})
_NO = frozenset({"0", "否", "n", "no", "false", ""})


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        shown = field.alias or name
        yield shown
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from (f"{shown}.{inner}" for inner in _names(kind))


TICKET_FIELDS = frozenset(_names(TicketIn))
EVENT_FIELDS = frozenset(name for model in get_args(get_args(EventIn)[0]) for name in _names(model))


def converted(field: str, value: Any) -> Any:
    """Read a loose value as the contract writes it; what cannot be read is left for the contract's model to refuse."""
    if field in _INSTANTS | _LIMITS:
        return _instant(value, end_of_day=field in _LIMITS)
    if field in _FLAGS:
        return _flag(value)
    if field in _COUNTS:
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _instant(value: Any, *, end_of_day: bool) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return local_instant(value, end_of_day=end_of_day).isoformat()
    except ValueError:
        return value


def _flag(value: Any) -> Any:
    text = str(value).strip().lower()
    if text in _YES:
        return True
    return False if text in _NO else value
