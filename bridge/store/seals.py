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
from collections.abc import Iterable, Mapping, Sequence
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
    """What a seal is over, and whether it holds."""

    tags: Tags
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the rows of a case differ from its seal: names such as ``opinions:ID``."""

    whole: bool
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def row_tag(vault: Vault, table: str, row: Row) -> str:
    """Return the tag of a row, whether it is about to be written or was read."""
    known = row
    if "seal" in row or None in row.values():
        known = {name: value for name, value in row.items() if value is not None and name != "seal"}
    return _short(vault.mac("row", table.encode() + orjson.dumps(known, _plain, _OPTIONS)))


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
    new = {name_of(table, row["id"]): row_tag(vault, table, row) for table, rows in written.items() for row in rows}
    told = {name_of(MESSAGE, message.key): _tag_of(vault, message) for message in messages}
    if sealed is None:
        return Sealed(new | told)
    tags = {name: new.get(name) or sealed.tags.get(name, "") for name in _names(after)}
    tags |= {name: tag for name, tag in sealed.tags.items() if name.startswith(MESSAGE)}
    return Sealed(tags | told, sealed.whole)


def _tag_of(vault: Vault, message: Message) -> str:
    m = message
    fields = (m.key, m.kind, m.target, m.type.value, m.case_id, m.ticket_id, m.assignment_id, m.group, m.serial)
    return message_tag(vault, fields)


def _names(file: CaseFile) -> list[str]:
    return [
        name_of(_CASE, file.case.id),
        *[name_of("tickets", part.id) for part in file.tickets],
        *[name_of("assignments", part.id) for part in file.assignments],
        *[name_of("opinions", part.id) for part in file.opinions],
        *[name_of("deadlines", part.id) for part in file.deadlines],
    ]


def name_of(table: str, row_id: str) -> str:
    """Return the name of a row among the tags of a case."""
    return f"{table}:{row_id}"


def closed(vault: Vault, region: str, case_id: str, sealed: Sealed) -> str:
    """Return the seal over tags; without its mac if the former seal did not hold."""
    text = orjson.dumps(_packed(sealed.tags, case_id), option=orjson.OPT_SORT_KEYS)
    return (_mac(vault, region, case_id, text) if sealed.whole else "") + ":" + text.decode()


def opened(vault: Vault, region: str, case_id: str, seal: str) -> Sealed:
    """Return the tags of a seal, and whether it holds."""
    mac, _, text = seal.partition(":")
    try:
        tags = {name.replace("~", case_id): str(tag) for name, tag in orjson.loads(text).items()}
    except (ValueError, AttributeError):
        return Sealed({}, whole=False)
    return Sealed(tags, hmac.compare_digest(mac, _mac(vault, region, case_id, text.encode())))


def _packed(tags: Tags, case_id: str) -> Tags:
    return {name.replace(case_id, "~"): tag for name, tag in tags.items()}


def _mac(vault: Vault, region: str, case_id: str, text: bytes) -> str:
    return base64.b64encode(vault.mac("seal", f"{region}\x00{case_id}\x00".encode() + text)).decode()


def compared(vault: Vault, region: str, case_id: str, seal: str, tags: Tags) -> Verdict:
    """Compare the tags of the rows that are there with a seal."""
    sealed, whole = opened(vault, region, case_id, seal)
    both = sealed.keys() & tags.keys()
    return Verdict(
        whole,
        changed=tuple(sorted(name for name in both if sealed[name] != tags[name])),
        added=tuple(sorted(tags.keys() - sealed.keys())),
        missing=tuple(sorted(sealed.keys() - tags.keys())),
    )
