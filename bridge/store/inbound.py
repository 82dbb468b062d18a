"""The first answer to each webhook-id, so that a replay is answered and not executed again.

Source: contract section 3: the same ``webhook-id`` with the same body gets the first answer; with another
body, 409.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select

from bridge.errors import ReplayConflict
from bridge.store.ahead import Question
from bridge.store.codec import table_of
from bridge.store.prepared import Prepared, insertion
from bridge.store.tables import InboundRow
from bridge.store.writer import Tx

_T = table_of(InboundRow)
_BY_ID = Prepared(
    select(_T.c.body_digest, _T.c.status, _T.c.answer).where(
        _T.c.region_code == bindparam("region"),
        _T.c.source == bindparam("source"),
        _T.c.webhook_id == bindparam("webhook_id"),
    )
)
_INSERT = insertion(_T)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A signed request: who sent it (``feed:hotline``, ``unit:tax``), its webhook-id, the digest of its bytes."""

    source: str
    webhook_id: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status and JSON body."""

    status: int
    body: dict[str, Any]
    replayed: bool = field(default=False, compare=False)
    """Whether it was given before."""


@dataclass(frozen=True, slots=True)
class InboundStore:
    """Answered webhook-ids of one region."""

    region: str

    def question(self, inbound: Inbound) -> Question:
        """Return what :meth:`first_answer` asks."""
        return Question(_BY_ID, {"region": self.region, "source": inbound.source, "webhook_id": inbound.webhook_id})

    def first_answer(self, tx: Tx, inbound: Inbound) -> Answer | None:
        """Return the answer given before. Raises ReplayConflict if the id came with another body."""
        question = self.question(inbound)
        rows = tx.fetch(question.statement, question.values, of=("inbound", inbound.source, inbound.webhook_id))
        if not rows:
            return None
        row = rows[0]
        if row.body_digest != inbound.body_digest:
            raise ReplayConflict("webhook-id 已用于另一份内容；重发请保持内容不变，新请求请换新的 webhook-id")
        return Answer(row.status, orjson.loads(row.answer), replayed=True)

    def remember(self, tx: Tx, inbound: Inbound, answer: Answer, wall: datetime) -> None:
        """Keep an answer, in the transaction of what it answers."""
        row = {
            "region_code": self.region,
            "source": inbound.source,
            "webhook_id": inbound.webhook_id,
            "body_digest": inbound.body_digest,
            "status": answer.status,
            "answer": orjson.dumps(answer.body).decode(),
            "recorded_at": wall,
        }
        tx.put(_INSERT, [row], ("inbound", inbound.source, inbound.webhook_id))

    def forget_before(self, tx: Tx, wall: datetime, limit: int = 1_000) -> int:
        """Delete answers older than ``wall``, at most ``limit`` at a time."""
        old = select(_T.c.webhook_id).where(_T.c.region_code == self.region, _T.c.recorded_at < wall).limit(limit)
        where = (_T.c.region_code == self.region, _T.c.recorded_at < wall, _T.c.webhook_id.in_(old))
        return tx.write(delete(_T).where(*where)).rowcount
