"""The seal of a case: a keyed tag for each of its rows, so that a change made in the database itself shows.

Owns: the tag of a row, the seal over all tags of a case, and what a seal tells of the rows that are there now.
Must not: run SQL. See ADR 0010.

A tag is taken over the columns as they are stored; a column that is NULL counts as absent, so that a later schema
may add columns without breaking old seals. The seal is ``<mac>:<tags as JSON>``. A seal whose mac does not hold
is carried on without one: no later save heals what was touched.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the rows of a case differ from its seal: names such as ``opinions:ID``."""

    whole: bool
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def row_tag(vault: Vault, table: str, row: Row) -> str:
    """Return the tag of a row, whether it is about to be written or was read."""
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
    return base64.b64encode(mac[:_TAG_BYTES]).decode()


def resealed(
    vault: Vault,
    region: str,
    before: CaseFile | None,
    after: CaseFile,
    written: Mapping[str, Iterable[Row]],
    messages: Iterable[Message],
) -> str | None:
    """Return the seal of a saved case: the tags of what was written, and of the rest as they were sealed before.

    A case that never was sealed (from before there were seals) stays so, until a person has it sealed.
    """
    if before is not None and before.case.seal is None:
        return None
    old, whole = opened(vault, region, after.case.id, before.case.seal if before else None)
    new = {name_of(table, row["id"]): row_tag(vault, table, row) for table, rows in written.items() for row in rows}
    tags = {name: new.get(name) or old.get(name, "") for name in _names(after)}
    tags |= {name: tag for name, tag in old.items() if name.startswith(MESSAGE)}
    tags |= {name_of(MESSAGE, message.key): _tag_of(vault, message) for message in messages}
    return closed(vault, region, after.case.id, tags, whole=whole)


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


def closed(vault: Vault, region: str, case_id: str, tags: Tags, *, whole: bool = True) -> str:
    """Return the seal over tags; without its mac if the former seal did not hold."""
    text = orjson.dumps(_packed(tags, case_id), option=orjson.OPT_SORT_KEYS)
    return (_mac(vault, region, case_id, text) if whole else "") + ":" + text.decode()


def opened(vault: Vault, region: str, case_id: str, seal: str | None) -> tuple[Tags, bool]:
    """Return the tags of a seal, and whether it holds; no seal is one without tags."""
    if seal is None:
        return {}, True
    mac, _, text = seal.partition(":")
    try:
        tags = {name.replace("~", case_id): str(tag) for name, tag in orjson.loads(text).items()}
    except (ValueError, AttributeError):
        return {}, False
    return tags, hmac.compare_digest(mac, _mac(vault, region, case_id, text.encode()))


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
