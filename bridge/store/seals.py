"""The seal of a case: a keyed tag for each of its rows, so that a change made in the database itself shows.

Owns: the tag of a row, the seal over all tags of a case, and what a seal tells of the rows that are there now.
Must not: run SQL. See ADR 0010.

A tag is taken over the columns as they are stored; a column that is NULL counts as absent, so that a later schema
may add columns without breaking old seals. The seal is ``<mac>:<tags as JSON>``. A seal whose mac does not hold
is carried on without one: no later save heals what was touched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from bridge.core.model.file import CaseFile
from bridge.core.model.message import Message
from bridge.crypto import Vault

Row = Mapping[str, Any]
Tags = dict[str, str]

MESSAGE_FIELDS = ("key", "kind", "target", "type", "case_id", "ticket_id", "assignment_id", "group_key", "serial")
"""What never changes of a message; its body is sealed together with its key, so that a changed one does not open."""
MESSAGE = "outbox"
_CASE = "cases"
_TAG_BYTES = 9
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SORT_KEYS


class Sealed(NamedTuple):
    """What a seal is over (the tags of the rows of a case, and those of its messages), and whether it holds.

    The names are as the seal has them: with ``~`` for the id of the case.
    """

    rows: Tags
    messages: Tags
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the rows of a case differ from its seal: names such as ``opinions:ID``, with the whole id."""

    whole: bool
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def row_tag(vault: Vault, table: str, row: Row) -> str:
    """Return the tag of a row that is about to be written; it has no column without a value, and no seal yet."""
    return _short(vault.mac("row", table.encode() + orjson.dumps(row, _plain, _OPTIONS)))


def stored_tag(vault: Vault, table: str, row: Row) -> str:
    """Return the tag of a row as it was read."""
    return row_tag(vault, table, {name: value for name, value in row.items() if value is not None and name != "seal"})


def message_tag(vault: Vault, fields: Sequence[Any]) -> str:
    """Return the tag of a message, given its ``MESSAGE_FIELDS``."""
    return _short(vault.mac("message", orjson.dumps(fields)))


@lru_cache(maxsize=2_048)
def instant_text(instant: datetime) -> str:
    """Return an instant as it is hashed; one transaction writes the same few again and again."""
    return instant.astimezone(UTC).isoformat()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    return hashlib.sha256(value).hexdigest()


def _short(mac: bytes) -> str:
    return binascii.b2a_base64(mac[:_TAG_BYTES], newline=False).decode()


def resealed(
    vault: Vault,
    sealed: Sealed | None,
    after: CaseFile,
    written: Mapping[str, Iterable[Row]],
    messages: Iterable[Message],
) -> Sealed:
    """Return what the seal of a saved case is over: the tags of what was written, and of the rest as they were ``sealed`` before.

    Of a new case everything is written.
    """
    id_ = after.case.id
    new = {
        name_of(table, row["id"], id_): row_tag(vault, table, row) for table, rows in written.items() for row in rows
    }
    told = {name_of(MESSAGE, message.key, id_): _tag_of(vault, message) for message in messages}
    if sealed is None:
        return Sealed(new, told)
    rows = {**sealed.rows, **new}
    if not sealed.whole or len(rows) != _size(after):
        rows = {name: rows.get(name, "") for name in _names(after)}
    return Sealed(rows, {**sealed.messages, **told}, sealed.whole)


def _tag_of(vault: Vault, message: Message) -> str:
    m = message
    fields = (m.key, m.kind, m.target, m.type.value, m.case_id, m.ticket_id, m.assignment_id, m.group, m.serial)
    return message_tag(vault, fields)


def _size(file: CaseFile) -> int:
    """Return how many rows a case has; as many names as that are its very rows, for every one of them has a tag."""
    return 1 + len(file.tickets) + len(file.assignments) + len(file.opinions) + len(file.deadlines)


def _names(file: CaseFile) -> list[str]:
    id_ = file.case.id
    return [
        name_of(_CASE, id_, id_),
        *[name_of("tickets", part.id, id_) for part in file.tickets],
        *[name_of("assignments", part.id, id_) for part in file.assignments],
        *[name_of("opinions", part.id, id_) for part in file.opinions],
        *[name_of("deadlines", part.id, id_) for part in file.deadlines],
    ]


def name_of(table: str, row_id: str, case_id: str) -> str:
    """Return the name of a row among the tags of a case."""
    return f"{table}:{row_id.replace(case_id, '~')}"


def closed(vault: Vault, region: str, case_id: str, sealed: Sealed) -> str:
    """Return the seal over tags; without its mac if the former seal did not hold."""
    text = orjson.dumps({**sealed.rows, **sealed.messages}, option=orjson.OPT_SORT_KEYS)
    return (_mac(vault, region, case_id, text) if sealed.whole else "") + ":" + text.decode()


def opened(vault: Vault, region: str, case_id: str, seal: str) -> Sealed:
    """Return the tags of a seal, and whether it holds."""
    mac, _, text = seal.partition(":")
    try:
        tags = {name: str(tag) for name, tag in orjson.loads(text).items()}
    except (ValueError, AttributeError):
        return Sealed({}, {}, whole=False)
    told = {name: tag for name, tag in tags.items() if name.startswith(MESSAGE)}
    rows = {name: tag for name, tag in tags.items() if name not in told}
    return Sealed(rows, told, hmac.compare_digest(mac, _mac(vault, region, case_id, text.encode())))


def _mac(vault: Vault, region: str, case_id: str, text: bytes) -> str:
    return base64.b64encode(vault.mac("seal", f"{region}\x00{case_id}\x00".encode() + text)).decode()


def compared(vault: Vault, region: str, case_id: str, seal: str, tags: Tags) -> Verdict:
    """Compare the tags of the rows that are there with a seal."""
    known = opened(vault, region, case_id, seal)
    sealed = known.rows | known.messages
    both = sealed.keys() & tags.keys()
    return Verdict(
        known.whole,
        changed=_told({name for name in both if sealed[name] != tags[name]}, case_id),
        added=_told(tags.keys() - sealed.keys(), case_id),
        missing=_told(sealed.keys() - tags.keys(), case_id),
    )


def _told(names: Collection[str], case_id: str) -> tuple[str, ...]:
    return tuple(sorted(name.replace("~", case_id) for name in names))
