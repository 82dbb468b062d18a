"""Finding tickets that share a clue, by keyed hashes: nothing personal lies in the index, no look-up grows with the ledger.

Owns: the table ``matter_keys``. Must not: judge how alike two tickets are (``core.similarity`` does).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from bridge.core.model.ticket import Ticket
from bridge.core.similarity import Clue, clues
from bridge.core.vocabulary import CaseState
from bridge.crypto import Vault
from bridge.store.codec import CASES, TICKETS, table_of
from bridge.store.prepared import Prepared
from bridge.store.tables import MatterKeyRow
from bridge.store.writer import Tx

PER_CLUE = 30
"""Newest tickets looked at for one clue; a firm named in thousands of tickets costs no more than one named in thirty."""
MOST_CLUES = 60
"""Clues looked up for one case; a case of hundreds of tickets is not searched by every one of them."""
_KEY_CHARACTERS = 32
_K, _T, _C = table_of(MatterKeyRow), TICKETS.table, CASES.table


def _insert_new(dialect: Dialect) -> Insert:
    module: Any = sqlite if dialect.name == "sqlite" else postgresql
    statement: Insert = module.insert(_K).on_conflict_do_nothing()
    return statement


_KEEP = Prepared(_insert_new)
_NEWEST = Prepared(
    select(_K.c.ticket_id)
    .where(_K.c.region_code == bindparam("region"), _K.c.key == bindparam("key"))
    .order_by(_K.c.ticket_id.desc())
    .limit(PER_CLUE)
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that shares a clue, with what must be known of its case."""

    ticket: Ticket
    category: str | None
    state: CaseState
    closed_at: Any


@dataclass(frozen=True, slots=True)
class SimilarStore:
    """The clue index of one region."""

    region: str
    vault: Vault

    def keep(self, tx: Tx, ticket: Ticket) -> None:
        """Index a ticket by its clues; those it is indexed by already stay."""
        keys = dict.fromkeys(self.key_of(clue, value) for clue, value in clues(ticket.external_id, ticket.body))
        tx.put(_KEEP, [{"region_code": self.region, "key": key, "ticket_id": ticket.id} for key in keys])

    def key_of(self, clue: Clue, value: str) -> str:
        """Return the keyed hash a clue is found by."""
        return self.vault.blind_index(clue, value)[:_KEY_CHARACTERS]

    def sharing(self, tx: Tx, wanted: Iterable[tuple[Clue, str]]) -> list[str]:
        """Return the ids of the newest tickets that share a clue, those with the strongest clue first."""
        order = list(Clue)
        listed = sorted(dict.fromkeys(wanted), key=lambda entry: order.index(entry[0]))[:MOST_CLUES]
        found: dict[str, None] = {}
        for clue, value in listed:
            rows = tx.fetch(_NEWEST, {"region": self.region, "key": self.key_of(clue, value)})
            found.update(dict.fromkeys(row.ticket_id for row in rows))
        return list(found)

    def candidates(self, tx: Tx, ticket_ids: Sequence[str]) -> list[Candidate]:
        """Open these tickets, in the order of their ids."""
        query = (
            select(*_T.c, _C.c.category, _C.c.state.label("case_state"), _C.c.closed_at)
            .join(_C, (_C.c.region_code == _T.c.region_code) & (_C.c.id == _T.c.case_id))
            .where(_T.c.region_code == self.region, _T.c.id.in_(list(ticket_ids)))
            .order_by(_T.c.id)
        )
        return [
            Candidate(TICKETS.from_row(row, self.vault), row.category, CaseState(row.case_state), row.closed_at)
            for row in tx.read(query)
        ]
