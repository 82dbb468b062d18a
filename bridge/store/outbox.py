"""The outbox: putting messages in, claiming them with a lease and a fence, settling, rescuing.

Owns: every state change of an outbox row. Must not: send, or decide when to try again.
Times here are wall time. The claim is one statement whose state is checked again in the outer UPDATE;
on PostgreSQL the candidates come from a MATERIALIZED CTE with ``FOR UPDATE SKIP LOCKED``, and the
portable form without it is right too (architecture section 6).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, bindparam, exists, literal_column, select, update
from sqlalchemy.sql import Select
from sqlalchemy.sql.dml import Update

from bridge.core.model.message import Message
from bridge.core.values import swift
from bridge.core.vocabulary import OutboxState
from bridge.crypto import Vault
from bridge.errors import LeaseLost, StoreError
from bridge.store.codec import table_of
from bridge.store.prepared import Prepared, insertion
from bridge.store.tables import OUTBOX_MOVING, OUTBOX_STOPPED, OutboxRow
from bridge.store.writer import Tx

_T = table_of(OutboxRow)
_READY, _LEASED = OutboxState.READY.value, OutboxState.LEASED.value
_IS_READY: ColumnElement[str] = literal_column(f"'{_READY}'")
_IS_LEASED: ColumnElement[str] = literal_column(f"'{_LEASED}'")
"""States as literals: a bound parameter would hide the partial indexes from the planner."""


@swift
@dataclass(frozen=True, slots=True)
class Claimed:
    """A message a worker holds: what to send, and the fence it must settle with."""

    key: str
    kind: str
    target: str
    type: str
    case_id: str
    ticket_id: str | None
    assignment_id: str | None
    attempts: int
    fence: int
    payload: bytes

    @property
    def counterpart(self) -> str:
        """``kind:name``; a unit and a feed may have one name."""
        return f"{self.kind}:{self.target}"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a message goes when it is put in: sent, fetched, held, or shown on the console at once."""

    state: OutboxState = OutboxState.READY
    sent: bool = True
    reason: str | None = None


def _candidates(busy: int, *, locked: bool) -> Select[Any]:
    earlier = _T.alias("earlier")
    blocked = exists().where(
        earlier.c.region_code == _T.c.region_code,
        earlier.c.group_key == _T.c.group_key,
        earlier.c.serial < _T.c.serial,
        earlier.c.state.in_([_IS_READY, _IS_LEASED]),
        earlier.c.due_at.is_not(None),
    )
    query = select(_T.c.key).where(
        _T.c.region_code == bindparam("region"),
        _T.c.state == _IS_READY,
        _T.c.due_at.is_not(None),
        _T.c.due_at <= bindparam("now"),
        ~blocked,
    )
    if busy:
        query = query.where((_T.c.kind + ":" + _T.c.target).not_in([bindparam(f"busy_{n}") for n in range(busy)]))
    query = query.order_by(_T.c.due_at, _T.c.serial).limit(bindparam("count"))
    return query.with_for_update(skip_locked=True, of=_T) if locked else query


def claim_statement(*, busy: int = 0, skip_locked: bool) -> Update:
    """Return the claim: at most ``count`` due rows, none for so many ``busy``, leased to ``owner`` with a new fence."""
    candidates = _candidates(busy, locked=skip_locked)
    if skip_locked:
        picked = candidates.cte("picked").prefix_with("MATERIALIZED", dialect="postgresql")
        keys = select(picked.c.key)
    else:
        keys = candidates
    return (
        update(_T)
        .where(_T.c.region_code == bindparam("region"), _T.c.key.in_(keys), _T.c.state == _IS_READY)
        .values(
            state=_LEASED,
            lease_owner=bindparam("owner"),
            lease_until=bindparam("until"),
            fence=_T.c.fence + 1,
            attempts=_T.c.attempts + 1,
        )
        .returning(
            _T.c.key, _T.c.kind, _T.c.target, _T.c.type, _T.c.case_id, _T.c.ticket_id, _T.c.assignment_id,
            _T.c.attempts, _T.c.fence, _T.c.payload,
        )
    )  # fmt: skip


@lru_cache(maxsize=32)
def _claim(busy: int, *, skip_locked: bool) -> Prepared:
    return Prepared(claim_statement(busy=busy, skip_locked=skip_locked))


def _padded(busy: Sequence[str]) -> list[str]:
    """Repeat the last name up to a power of two, so that few statements serve any number of names."""
    return [*busy, *[busy[-1]] * ((1 << (len(busy) - 1).bit_length()) - len(busy))] if busy else []


_INSERT = insertion(_T)
_SETTLE = Prepared(
    update(_T)
    .where(
        _T.c.region_code == bindparam("b_region"),
        _T.c.key == bindparam("b_key"),
        _T.c.fence == bindparam("b_fence"),
        _T.c.state == _LEASED,
    )
    .values(
        state=bindparam("state"),
        due_at=bindparam("due_at"),
        reason=bindparam("reason"),
        last_error=bindparam("last_error"),
        delivered_at=bindparam("delivered_at"),
        lease_owner=None,
        lease_until=None,
    )
)


@dataclass(frozen=True, slots=True)
class OutboxStore:
    """The outbox of one region. ``portable`` forces the claim without SKIP LOCKED on PostgreSQL."""

    region: str
    vault: Vault
    portable: bool = False

    def put(self, tx: Tx, messages: Sequence[tuple[Message, Placement]], wall: datetime) -> None:
        """Insert messages; a key that exists already is a bug and fails the unit of work."""
        if messages:
            tx.put(_INSERT, [self._row(message, placement, wall) for message, placement in messages])

    def _row(self, message: Message, placement: Placement, wall: datetime) -> dict[str, Any]:
        """Return the row of a message, without columns that hold nothing yet."""
        return {
            "region_code": self.region,
            "key": message.key,
            "kind": message.kind,
            "target": message.target,
            "type": message.type.value,
            "case_id": message.case_id,
            "ticket_id": message.ticket_id,
            "assignment_id": message.assignment_id,
            "group_key": message.group,
            "serial": message.serial,
            "state": placement.state.value,
            "attempts": 0,
            "fence": 0,
            "due_at": wall if placement.sent else None,
            "reason": placement.reason,
            "created_at": wall,
            "delivered_at": wall if placement.state is OutboxState.DELIVERED else None,
            "payload": self.vault.seal(orjson.dumps(message.payload), self._aad(message.key)),
        }

    @staticmethod
    def _aad(key: str) -> bytes:
        return f"outbox.payload:{key}".encode()

    def claim(
        self, tx: Tx, *, owner: str, count: int, wall: datetime, until: datetime, busy: Sequence[str] = ()
    ) -> list[Claimed]:
        """Lease up to ``count`` due messages, oldest first, in order within a group; none of ``busy`` (``kind:name``)."""
        locked = tx.connection.dialect.name == "postgresql" and not self.portable
        parameters = {"region": self.region, "now": wall, "owner": owner, "until": until, "count": count}
        names = {f"busy_{number}": name for number, name in enumerate(_padded(busy))}
        rows = tx.change(_claim(len(names), skip_locked=locked), {**parameters, **names})
        return [claimed for row in rows if (claimed := self._claimed(tx, row)) is not None]

    def _claimed(self, tx: Tx, row: Any) -> Claimed | None:
        """Open a claimed row; one that cannot be opened is parked, so that it holds up nobody else."""
        fields = row._asdict()
        sealed = fields.pop("payload")
        try:
            return Claimed(**fields, payload=self.vault.open(sealed, self._aad(fields["key"])))
        except StoreError as error:
            self.settle(tx, Claimed(**fields, payload=b""), OutboxState.PARKED, reason="bug", error=str(error))
            return None

    def settle(
        self,
        tx: Tx,
        claimed: Claimed,
        state: OutboxState,
        *,
        due_at: datetime | None = None,
        reason: str | None = None,
        error: str | None = None,
        delivered_at: datetime | None = None,
    ) -> None:
        """End an attempt under its fence. Raises LeaseLost if somebody else has the row."""
        values = {
            "b_region": self.region,
            "b_key": claimed.key,
            "b_fence": claimed.fence,
            "state": state.value,
            "due_at": due_at,
            "reason": reason,
            "last_error": error,
            "delivered_at": delivered_at,
        }
        lost = LeaseLost(f"message {claimed.key} was claimed by another worker")
        tx.amend(_SETTLE, values, ("message", claimed.key), lost)

    def rescue(self, tx: Tx, wall: datetime, *, uncertain_targets: Sequence[str], mine: str | None = None) -> int:
        """Free rows whose lease ended (or, at start, all of ``mine``'s database): ready again under the same key.

        Rows to ``uncertain_targets`` (``kind:name``, channels without duplicate protection) become
        ``uncertain`` instead: nobody knows whether they arrived, so a person decides.
        """
        ended = _T.c.lease_until < wall if mine is None else _T.c.lease_until.is_not(None)
        leased = and_(_T.c.region_code == self.region, _T.c.state == _IS_LEASED, ended)
        freed = 0
        if uncertain_targets:
            unsafe = (_T.c.kind + ":" + _T.c.target).in_(list(uncertain_targets))
            values = {
                "state": OutboxState.UNCERTAIN.value,
                "reason": "uncertain",
                "lease_owner": None,
                "lease_until": None,
            }
            freed += tx.write(update(_T).where(leased, unsafe).values(**values)).rowcount
        ready = {"state": _READY, "due_at": wall, "lease_owner": None, "lease_until": None}
        return freed + tx.write(update(_T).where(leased).values(**ready)).rowcount

    def change(self, tx: Tx, key: str, states: Sequence[OutboxState], **values: Any) -> bool:
        """Change a row by hand if it is in one of ``states``; False if it is not."""
        where = and_(_T.c.region_code == self.region, _T.c.key == key, _T.c.state.in_([s.value for s in states]))
        return tx.write(update(_T).where(where).values(**values)).rowcount == 1

    def rewrite(self, tx: Tx, key: str, body: dict[str, Any]) -> None:
        """Replace the body of a message, sealed under its key as before."""
        sealed = self.vault.seal(orjson.dumps(body), self._aad(key))
        tx.write(update(_T).where(_T.c.region_code == self.region, _T.c.key == key).values(payload=sealed))

    def cancel_for_units(self, tx: Tx, case_id: str, units: Collection[str] | None = None) -> set[str]:
        """Cancel what waits for units (all, or these) about a case; returns the assignments that some unit may have heard of.

        A message that was tried, fetched or leased may have arrived, even if nobody answered.
        """
        mine = and_(_T.c.region_code == self.region, _T.c.case_id == case_id, _T.c.kind == "unit")
        mine = mine if units is None else and_(mine, _T.c.target.in_(sorted(units)))
        waiting = _T.c.state.in_([OutboxState.READY.value, OutboxState.PARKED.value])
        tx.write(update(_T).where(mine, waiting).values(state=OutboxState.CANCELLED.value, due_at=None))
        unseen = and_(_T.c.state == OutboxState.CANCELLED.value, _T.c.attempts == 0)
        heard = select(_T.c.assignment_id).where(mine, _T.c.assignment_id.is_not(None), ~unseen)
        return {str(row.assignment_id) for row in tx.read(heard)}

    def listing(self, tx: Tx, *, limit: int, **equal: str | None) -> list[dict[str, Any]]:
        """List rows without their payload, newest first; ``equal`` are columns (``state``, ``target``…) and what they hold."""
        columns = [column for column in _T.c if column.name != "payload"]
        query = select(*columns).where(_T.c.region_code == self.region)
        query = query.where(*[_T.c[name] == value for name, value in equal.items() if value])
        if (state := equal.get("state")) and state != OutboxState.DELIVERED:
            query = query.where(literal_column(OUTBOX_MOVING if state in {_READY, _LEASED} else OUTBOX_STOPPED))
        rows = tx.read(query.order_by(_T.c.created_at.desc(), _T.c.key.desc()).limit(limit))
        return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for the mapping

    def payload(self, tx: Tx, key: str) -> bytes | None:
        """Return one message's body, opened."""
        sealed = tx.read(select(_T.c.payload).where(_T.c.region_code == self.region, _T.c.key == key)).scalar()
        return self.vault.open(sealed, self._aad(key)) if sealed is not None else None
