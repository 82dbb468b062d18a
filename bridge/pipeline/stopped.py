"""What a person decides about messages that were stopped: sent again, dropped, or settled by hand.

Owns: the outbox row, the line in the case's history and the consequence, in one unit of work. Must not: send; a
message made ready is sent by the worker, under its old key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import orjson

from bridge.core.lifecycle.work import Work
from bridge.core.model.event import Actor
from bridge.core.model.message import Message
from bridge.core.vocabulary import MessageType, OutboxState
from bridge.errors import BridgeError, IllegalTransition, InvalidPayload, NotFound, Problem
from bridge.pipeline.commit import load, write
from bridge.pipeline.runtime import Runtime
from bridge.pipeline.settle import reply_arrived
from bridge.store.stopped import SHADOW
from bridge.store.writer import Tx
from bridge.wire.strict_json import loads_object

WAITING = (OutboxState.PARKED, OutboxState.UNCERTAIN)
OPEN = (*WAITING, OutboxState.READY)

FIXED = frozenset(
    {"type", "external_id", "ticket_id", "case_id", "assignment_id", "unit", "role", "round", "respond_url"}
)
"""What a message is about; no edit changes it."""

Row = dict[str, Any]


class InShadow(BridgeError):
    """Nothing leaves while the mode is ``shadow``."""


def resend(tx: Tx, runtime: Runtime, keys: Sequence[str], actor: Actor, note: str | None) -> list[Row]:
    """Let stopped messages be sent (or fetched) again. Raises InShadow."""
    return _sent_again(tx, runtime, keys, actor, note, WAITING)


def resend_delivered(tx: Tx, runtime: Runtime, keys: Sequence[str], actor: Actor, note: str | None) -> list[Row]:
    """Let messages be sent again that were delivered once: their counterpart lost them. Raises InShadow."""
    return _sent_again(tx, runtime, keys, actor, note, (*WAITING, OutboxState.DELIVERED))


def _sent_again(
    tx: Tx, runtime: Runtime, keys: Sequence[str], actor: Actor, note: str | None, states: Sequence[OutboxState]
) -> list[Row]:
    rows = runtime.store.stopped.rows(tx, keys, states)
    for row in rows:
        _place(tx, runtime, row, states)
    return _recorded(tx, runtime, rows, actor, "message.resent", note)


def _place(tx: Tx, runtime: Runtime, row: Row, states: Sequence[OutboxState]) -> None:
    """Put a row where a new message of its kind would go."""
    placement = runtime.placement(_as_message(row))
    if placement.reason == SHADOW:
        raise InShadow("现在是 shadow 模式，一切外发都扣住；先把 bridge.toml 的 mode 改为 live 并重启，再重发")
    wall = runtime.wall()
    row |= {
        "state": placement.state.value,
        "due_at": wall if placement.sent and placement.state is OutboxState.READY else None,
        "reason": placement.reason,
        "delivered_at": wall if placement.state is OutboxState.DELIVERED else None,
    }
    values = {name: row[name] for name in ("state", "due_at", "reason", "delivered_at")}
    runtime.store.outbox.change(tx, row["key"], states, position=None, **values)


def _as_message(row: Mapping[str, Any]) -> Message:
    type_ = MessageType(row["type"])
    return Message(row["key"], row["kind"], row["target"], type_, row["case_id"], row["group_key"], row["serial"], {})


def drop(tx: Tx, runtime: Runtime, keys: Sequence[str], actor: Actor, note: str | None) -> list[Row]:
    """Give up messages that need not be sent any more."""
    rows = runtime.store.stopped.rows(tx, keys, OPEN)
    for row in rows:
        row |= {"state": OutboxState.CANCELLED.value, "reason": "dropped"}
        runtime.store.outbox.change(tx, row["key"], OPEN, state=row["state"], due_at=None, reason=row["reason"])
    return _recorded(tx, runtime, rows, actor, "message.dropped", note)


def by_hand(tx: Tx, runtime: Runtime, keys: Sequence[str], actor: Actor, note: str | None) -> list[Row]:
    """Settle messages whose counterpart was told in another way; a reply told by hand ends what it would have ended."""
    rows = runtime.store.stopped.rows(tx, keys, OPEN)
    for row in rows:
        row |= {"state": OutboxState.DELIVERED.value, "reason": "by_hand"}
        values = {"state": row["state"], "reason": row["reason"], "due_at": None, "delivered_at": runtime.wall()}
        runtime.store.outbox.change(tx, row["key"], OPEN, **values)
    _recorded(tx, runtime, rows, actor, "message.settled_by_hand", note)
    for row in rows:
        reply_arrived(tx, runtime, row["type"], row["case_id"], row["ticket_id"], row["key"])
    return rows


def body_of(tx: Tx, runtime: Runtime, key: str) -> str:
    """Return a message's body for a person to correct. Raises NotFound."""
    sealed = runtime.store.outbox.payload(tx, key)
    if sealed is None:
        raise NotFound("没有这件消息，请核对键")
    return json.dumps(orjson.loads(sealed), ensure_ascii=False, indent=2) + "\n"


def edit(tx: Tx, runtime: Runtime, key: str, text: bytes, actor: Actor, note: str | None) -> list[str]:
    """Correct the body of a stopped message; returns the names that changed. What it is about stays.

    Raises NotFound, InvalidPayload, IllegalTransition.
    """
    old, new = loads_object(body_of(tx, runtime, key).encode()), loads_object(text)
    rows = runtime.store.stopped.rows(tx, [key], WAITING)
    if not rows:
        raise IllegalTransition("只能改搁置或结果不明的消息", allowed_actions=[])
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    fixed = [Problem(name, "不能改：消息说的是哪一件、给谁的，由系统决定") for name in names if name in FIXED]
    if fixed:
        raise InvalidPayload(fixed)
    if names:
        runtime.store.outbox.rewrite(tx, key, new)
        before, after = ({name: body.get(name) for name in names} for body in (old, new))
        _recorded(tx, runtime, rows, actor, "message.edited", note, before=before, after=after)
    return names


def _recorded(
    tx: Tx, runtime: Runtime, rows: list[Row], actor: Actor, event: str, note: str | None, **more: Any
) -> list[Row]:
    """Write one line for each message into the history of its case."""
    context = runtime.context(actor, event)
    for case_id, group in groupby(sorted(rows, key=lambda row: str(row["case_id"])), lambda row: row["case_id"]):
        file = load(tx, runtime, case_id)
        work = Work.on(file, context)
        for row in group:
            work.record(event, key=row["key"], message=row["type"], target=row["target"], reason=note, **more)
        write(tx, runtime, file, work.decision())
    return rows
