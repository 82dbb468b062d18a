"""What lies in a dossier: every stored fact of a case as files.

Owns: the paths and their content. Must not: read a store, or add anything that two exports of one state would differ in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from bridge.core.model.file import CaseFile
from bridge.core.model.ticket import Attachment, Ticket
from bridge.core.retention import Retention
from bridge.dossier.index import INDEX, index
from bridge.dossier.package import Files, canonical

HISTORY, OUTBOX = "history", "delivery.json"


@dataclass(frozen=True, slots=True)
class Source:
    """A case as read in one moment, everything opened; ``histories`` by case, this one and those merged into it.

    ``documents`` are issued papers by file name. A message has its columns and its ``body``; an event also ``sealed``,
    the bytes its hash is taken over.
    """

    region: str
    file: CaseFile
    raw: Mapping[tuple[str, int], bytes]
    histories: Mapping[str, list[dict[str, Any]]]
    messages: list[dict[str, Any]]
    documents: Mapping[str, bytes] = field(default_factory=dict)


def files_of(source: Source, retention: Retention) -> tuple[Files, dict[str, Any]]:
    """Return the files of a dossier, and the facts its manifest states about them."""
    media: Files = {}
    listed: list[dict[str, Any]] = []
    file = source.file
    files = {"register.json": canonical(asdict(replace(file.case, seal=None)))}
    for ticket in file.tickets:
        body = replace(ticket.body, attachments=_kept(ticket.body.attachments, f"tickets/{ticket.id}", media, listed))
        files[f"tickets/{ticket.id}.json"] = canonical(_facts_of(replace(ticket, body=body)))
    for (ticket_id, revision), data in source.raw.items():
        files[f"tickets/{ticket_id}/revision-{revision:03}.raw"] = data
    for opinion in file.opinions:
        words = replace(
            opinion.body, attachments=_kept(opinion.body.attachments, f"opinions/{opinion.id}", media, listed)
        )
        files[f"opinions/{opinion.id}.json"] = canonical(asdict(replace(opinion, body=words)))
    files["assignments.json"] = canonical([asdict(each) for each in file.assignments])
    files["deadlines.json"] = canonical([asdict(each) for each in file.deadlines])
    files[OUTBOX] = canonical(source.messages)
    files["media.json"] = canonical(listed)
    files |= {f"{HISTORY}/{case_id}.jsonl": _lines(events) for case_id, events in source.histories.items()}
    files |= media | {f"documents/{name}": data for name, data in source.documents.items()}
    facts = _facts(source, retention, listed)
    files[INDEX] = index(source.file, source.histories[file.case.id], source.messages, facts)
    return files, facts


def _facts_of(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket's facts; a mark it does not bear is left out, so that a dossier from before the mark still agrees."""
    facts = asdict(ticket)
    return facts if ticket.counterparty_corrected else {k: v for k, v in facts.items() if k != "counterparty_corrected"}


def _facts(source: Source, retention: Retention, media: list[dict[str, Any]]) -> dict[str, Any]:
    file = source.file
    hashes = {str(file.case.rules_hash)} | {str(e["detail"].get("rules_hash", "")) for e in _events(source)}
    return {
        "region_code": source.region,
        "case_id": file.case.id,
        "state": file.case.state.value,
        "as_of": file.case.updated_at,
        "retention": retention.value,
        "rules_hashes": sorted(hashes - {""}),
        "chain": {
            case_id: {"events": len(events), "head": events[-1]["hash"] if events else ""}
            for case_id, events in source.histories.items()
        },
        "counts": {
            "tickets": len(file.tickets),
            "revisions": len(source.raw),
            "assignments": len(file.assignments),
            "opinions": len(file.opinions),
            "deadlines": len(file.deadlines),
            "messages": len(source.messages),
            "media": len(media),
            "documents": len(source.documents),
        },
    }


def _events(source: Source) -> Iterable[dict[str, Any]]:
    return source.histories[source.file.case.id]


def _lines(events: Iterable[Mapping[str, Any]]) -> bytes:
    lines = [{**event, "sealed": base64.b64encode(event["sealed"]).decode()} for event in events]
    return b"".join(orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for line in lines)


def _kept(
    attachments: tuple[Attachment, ...], where: str, media: Files, listed: list[dict[str, Any]]
) -> tuple[Attachment, ...]:
    """List attachments by reference and hash; what was carried inline becomes a file of its own."""
    for each in attachments:
        entry: dict[str, Any] = {
            "in": where,
            "name": each.name,
            "media_type": each.media_type,
            "url": each.url,
            "sha256": each.sha256,
        }
        if (data := _inline(each)) is not None:
            digest = hashlib.sha256(data).hexdigest()
            media[f"media/{digest}"] = data
            entry |= {"sha256": digest, "declared_sha256": each.sha256, "path": f"media/{digest}", "size": len(data)}
        listed.append(entry)
    return tuple(replace(each, content_base64=None) if each.content_base64 else each for each in attachments)


def _inline(attachment: Attachment) -> bytes | None:
    """Return the bytes of an inline attachment; text that is not base64 is kept as it came."""
    if not attachment.content_base64:
        return None
    try:
        return base64.b64decode(attachment.content_base64, validate=True)
    except (binascii.Error, ValueError):
        return attachment.content_base64.encode()
