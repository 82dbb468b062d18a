"""Issued documents: their numbers, drawn without a gap, and their sealed bytes.

Owns: drawing a number in the transaction that uses it, keeping and reading documents. Must not: render.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Table, exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from bridge.core.model.event import SYSTEM
from bridge.core.vocabulary import CaseState
from bridge.crypto import Vault
from bridge.store.codec import CASES, table_of
from bridge.store.tables import DocumentNumberRow, DocumentRow
from bridge.store.writer import Tx

_C, _D = CASES.table, table_of(DocumentRow)
_N = table_of(DocumentNumberRow)

Fields = dict[str, Any]
"""The data a document was made from: texts, and lists and mappings of texts, by the Chinese names templates use."""


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A document as issued, without its words. ``sha256`` and ``size`` are of the full copy's bytes."""

    id: str
    case_id: str
    kind: str
    subject: str
    unit: str | None
    year: int
    serial: int
    number: str
    issued_at: datetime
    issued_by: str
    template_sha256: str
    sha256: str
    size: int


_SHOWN = tuple(IssuedDocument.__slots__)


@dataclass(frozen=True, slots=True)
class DocumentStore:
    """Documents of one region."""

    region: str
    vault: Vault

    def draw(self, tx: Tx, kind: str, year: int) -> int:
        """Draw the next number of a kind in a year, from 1; it exists only if the transaction commits.

        The row stays locked until then, so that two replicas never draw the same and none is skipped.
        """
        module = sqlite if tx.connection.dialect.name == "sqlite" else postgresql
        first = module.insert(_N).values(region_code=self.region, kind=kind, year=year, last=1)
        statement = first.on_conflict_do_update(
            index_elements=["region_code", "kind", "year"], set_={"last": _N.c.last + 1}
        ).returning(_N.c.last)
        return int(tx.write(statement).scalar_one())

    def add(self, tx: Tx, document: IssuedDocument, *, content: bytes, blanked: bytes | None, fields: Fields) -> None:
        """Keep a document with its bytes, the blanked copy if there is one, and the data it was made from."""
        row = {"region_code": self.region, **{name: getattr(document, name) for name in _SHOWN}}
        row["content"] = self._seal(content, "content", document.id)
        row["blanked"] = None if blanked is None else self._seal(blanked, "blanked", document.id)
        row["fields"] = self._seal(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS), "fields", document.id)
        tx.write(insert(_D), [row])

    def of_case(self, tx: Tx, case_id: str) -> list[IssuedDocument]:
        """List a case's documents, oldest first."""
        query = select(*[_D.c[name] for name in _SHOWN]).where(*self._here(_D), _D.c.case_id == case_id)
        found = [IssuedDocument(**row._mapping) for row in tx.read(query)]  # noqa: SLF001 - SQLAlchemy's public name
        return sorted(found, key=lambda document: int(document.id.rpartition("d")[2]))

    def unfiled(self, tx: Tx, since: datetime | None, after: str, limit: int) -> list[str]:
        """Return the next archived cases after an id without a paper that issued itself (changed since a moment)."""
        own = exists().where(
            _D.c.region_code == _C.c.region_code, _D.c.case_id == _C.c.id, _D.c.issued_by == str(SYSTEM)
        )
        query = select(_C.c.id).where(
            _C.c.region_code == self.region, _C.c.state == CaseState.ARCHIVED.value, _C.c.id > after, ~own
        )
        query = query.where(_C.c.updated_at >= since) if since is not None else query
        return [row.id for row in tx.read(query.order_by(_C.c.id).limit(limit))]

    def fields(self, tx: Tx, document_id: str) -> Fields:
        """Return the data a document was made from."""
        row = tx.read(select(_D.c.fields).where(*self._here(_D), _D.c.id == document_id)).one()
        fields: Fields = orjson.loads(self.vault.open(row.fields, self._aad("fields", document_id)))
        return fields

    def content(self, tx: Tx, document_id: str, *, blanked: bool = False) -> bytes:
        """Return a document's bytes; ``blanked`` asks for the copy without the petitioner, where there is one."""
        row = tx.read(select(_D.c.content, _D.c.blanked).where(*self._here(_D), _D.c.id == document_id)).one()
        if blanked and row.blanked is not None:
            return self.vault.open(row.blanked, self._aad("blanked", document_id))
        return self.vault.open(row.content, self._aad("content", document_id))

    def _here(self, table: Table) -> tuple[Any, ...]:
        return (table.c.region_code == self.region,)

    def _seal(self, plain: bytes, column: str, document_id: str) -> bytes:
        return self.vault.seal(plain, self._aad(column, document_id))

    def _aad(self, column: str, document_id: str) -> bytes:
        return f"documents.{column}:{document_id}".encode()
