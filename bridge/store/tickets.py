"""Looking tickets up, and keeping the bytes they came as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import bindparam, select

from bridge.core.vocabulary import TicketState
from bridge.crypto import Vault
from bridge.store.ahead import Question
from bridge.store.codec import TICKETS, table_of
from bridge.store.prepared import Prepared, insertion
from bridge.store.tables import TicketRevisionRow
from bridge.store.writer import Tx

_T = TICKETS.table
_REVISIONS = table_of(TicketRevisionRow)
_KNOWN = Prepared(
    select(_T.c.id, _T.c.case_id, _T.c.digest).where(
        _T.c.region_code == bindparam("region"),
        _T.c.feed == bindparam("feed"),
        _T.c.external_id == bindparam("external_id"),
    )
)
_KEEP = insertion(_REVISIONS)


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """Enough of a stored ticket to tell a duplicate from a revision."""

    id: str
    case_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """A ticket as the reconciliation sees it: ``replied`` says that its upstream has our answer of ``round``."""

    external_id: str
    received_at: datetime
    digest: str
    round: int
    replied: bool


@dataclass(frozen=True, slots=True)
class TicketStore:
    """Tickets of one region."""

    region: str
    vault: Vault

    def question(self, feed: str, external_id: str) -> Question:
        """Return what :meth:`known` asks."""
        return Question(_KNOWN, {"region": self.region, "feed": feed, "external_id": external_id})

    def known(self, tx: Tx, feed: str, external_id: str) -> KnownTicket | None:
        """Find a ticket by its upstream's number."""
        question = self.question(feed, external_id)
        rows = tx.fetch(question.statement, question.values, of=("ticket", feed, external_id))
        return KnownTicket(*rows[0]) if rows else None

    def of_feed(self, tx: Tx, feed: str) -> list[OwnTicket]:
        """Return every ticket of a feed; for a person's command, not for a loop."""
        columns = (_T.c.external_id, _T.c.received_at, _T.c.digest, _T.c.state, _T.c.details)
        query = select(*columns).where(_T.c.region_code == self.region, _T.c.feed == feed)
        return [
            OwnTicket(row.external_id, row.received_at, row.digest, int(orjson.loads(row.details).get("round", 1)),
                      row.state == TicketState.REPLIED.value)
            for row in tx.read(query)
        ]  # fmt: skip

    def case_of(self, tx: Tx, ticket_id: str) -> str:
        """Return the case a stored ticket belongs to now."""
        query = select(_T.c.case_id).where(_T.c.region_code == self.region, _T.c.id == ticket_id)
        return str(tx.read(query).scalar_one())

    def keep_raw(self, tx: Tx, ticket_id: str, revision: int, raw: bytes, wall: datetime) -> None:
        """Keep the bytes of a push, sealed."""
        aad = f"ticket_revisions.raw:{ticket_id}:{revision}".encode()
        row = {
            "region_code": self.region,
            "ticket_id": ticket_id,
            "revision": revision,
            "recorded_at": wall,
            "raw": self.vault.seal(raw, aad),
        }
        tx.put(_KEEP, [row])

    def raw(self, tx: Tx, ticket_id: str, revision: int) -> bytes | None:
        """Return the bytes of a push as they came."""
        query = select(_REVISIONS.c.raw).where(
            _REVISIONS.c.region_code == self.region,
            _REVISIONS.c.ticket_id == ticket_id,
            _REVISIONS.c.revision == revision,
        )
        sealed = tx.read(query).scalar()
        return self.vault.open(sealed, f"ticket_revisions.raw:{ticket_id}:{revision}".encode()) if sealed else None
