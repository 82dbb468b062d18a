"""Reading a case for its dossier, in one moment of the ledger.

Owns: that nothing is exported which does not agree with its seal. Must not: change anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bridge.core.policy import Rules
from bridge.core.retention import Retention, retention_of
from bridge.dossier.contents import Source, files_of
from bridge.dossier.package import Files, fingerprint_of, packed
from bridge.errors import NotFound
from bridge.store.audit import Bundle, Finding
from bridge.store.seals import MESSAGE_FIELDS
from bridge.store.store import Store
from bridge.store.writer import Tx

_SENT = ("state", "attempts", "reason", "created_at", "delivered_at")


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a dossier of a case would hold now; ``findings`` say why it must not be made."""

    files: Files
    facts: Mapping[str, Any]
    findings: tuple[Finding, ...]
    seed: bytes

    @property
    def fingerprint(self) -> str:
        """The fingerprint of this installation's signing key."""
        return fingerprint_of(self.seed)

    def packed(self) -> bytes:
        """Return the container."""
        return packed(self.files, self.facts, self.seed)


def dossier(tx: Tx, store: Store, rules: Rules, case_id: str) -> Dossier:
    """Read a case with everything that belongs to it. Raises NotFound; StoreError for what cannot be opened."""
    bundle = store.audit.bundle(tx, case_id)
    seed = store.vault.signing_seed(f"dossier\x00{store.region}")
    if bundle.case is None:
        raise NotFound("没有这个案件，请核对编号")
    if findings := store.audit.findings(tx, bundle):
        return Dossier({}, {}, tuple(findings), seed)
    source = _source(tx, store, bundle)
    archived = [
        event["detail"].get("retention") for event in source.histories[case_id] if event["type"] == "case.archived"
    ]
    usual = retention_of(source.file.case.procedure, rules.policy.procedures)
    files, facts = files_of(source, Retention(archived[-1]) if archived and archived[-1] else usual)
    return Dossier(files, facts, (), seed)


def _source(tx: Tx, store: Store, bundle: Bundle) -> Source:
    file = store.cases.load(tx, bundle.case_id)
    if file is None:
        raise NotFound("没有这个案件，请核对编号")
    histories = {bundle.case_id: [_event(store, row) for row in bundle.rows["events"]]}
    for merged in dict.fromkeys(came for ticket in file.tickets for came in ticket.came_from):
        rows = store.audit.bundle(tx, merged).rows["events"]
        histories[merged] = [_event(store, row) for row in rows]
    raw = {
        (ticket_id, number): store.vault.open(data, f"ticket_revisions.raw:{ticket_id}:{number}".encode())
        for ticket_id, kept in sorted(bundle.revisions.items())
        for number, data in sorted(kept.items())
    }
    messages = [_message(store, row) for row in bundle.rows["outbox"]]
    documents = {
        f"{document.id}.docx": store.documents.content(tx, document.id)
        for document in store.documents.of_case(tx, bundle.case_id)
    }
    return Source(store.region, file, raw, histories, sorted(messages, key=_when), documents)


def _event(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    aad = f"events.detail:{row['case_id']}:{row['seq']}".encode()
    detail = orjson.loads(store.vault.open(row["detail"], aad))
    names = ("seq", "type", "actor", "cause", "occurred_at", "recorded_at", "hash")
    return {**{name: row[name] for name in names}, "detail": detail, "sealed": row["detail"]}


def _message(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    body = orjson.loads(store.vault.open(row["payload"], f"outbox.payload:{row['key']}".encode()))
    return {**{name: row[name] for name in (*MESSAGE_FIELDS, *_SENT)}, "body": body}


def _when(message: dict[str, Any]) -> tuple[Any, ...]:
    return message["created_at"], message["serial"], message["key"]
