"""What the kit sends and how it judges an attempt.

Owns: messages and bodies with a citizen who must never show in an error. Must not: know an adapter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bridge.adapter import Adapter, DeliveryError, FeedAdapter, OutboundMessage, UnitAdapter
from bridge.core.retry import Park, RetryAfter, Uncertain, next_attempt

CITIZEN = ("祁木兰", "13300006688", "140525196001010011")
"""A made-up name, phone and identity number; none may stand in an error."""

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgYWRhcHRlciBzdWl0ZQ=="  # noqa: S105 - for tests only

_NAME, _PHONE, _IDENTITY = CITIZEN


def ticket_body(**changes: Any) -> dict[str, Any]:
    """Return a sound ticket in the contract's shape."""
    return {
        "external_id": "SUITE-1",
        "kind": "complaint",
        "title": "少报缴费基数",
        "content": f"{_NAME}反映单位少报缴费基数，电话{_PHONE}。",
        "received_at": "2026-03-02T09:00:00+08:00",
        "petitioner": {"name": _NAME, "phone": _PHONE, "id_number": _IDENTITY},
        **changes,
    }


def message_to(adapter: Adapter[Any], number: int = 1, *, padding: int = 0) -> OutboundMessage:
    """Return a message an adapter may have to send; ``padding`` characters stand for a huge attachment."""
    if isinstance(adapter, FeedAdapter):
        type_, key = "ticket.replied", f"t01suite-ticket-replied-1-{number}"
        text = {"conclusion": "substantiated", "resolved": True, "public_text": f"{_NAME}：" + "答" * padding}
        body = {
            "external_id": f"SUITE-{number}",
            "ticket_id": "t01suite",
            "round": 1,
            "supplement": False,
            "reply": text,
        }
    else:
        type_, key = "assignment.dispatched", f"c01suitea1-dispatched-{number}"
        case = {"tickets": [ticket_body(attachments=[{"name": "a.pdf", "content_base64": "QQ" * padding}])]}
        body = {"assignment_id": "c01suitea1", "unit": "tax", "owed": ["signed"], "case": case}
    payload = json.dumps({"type": type_, "case_id": "c01suite", **body}, ensure_ascii=False).encode()
    return OutboundMessage(key, type_, payload, 1)


async def send(adapter: Adapter[Any], message: OutboundMessage) -> DeliveryError | None:
    """Make one attempt; return how it failed, after looking whether the error gives anything away."""
    try:
        if isinstance(adapter, FeedAdapter):
            await adapter.push(message)
        elif isinstance(adapter, UnitAdapter):
            await adapter.dispatch(message)
    except DeliveryError as error:
        assert_discreet(error)
        return error
    return None


def assert_discreet(error: BaseException) -> None:
    """An error's text, and whatever it was caused by, names no citizen and no secret."""
    seen: BaseException | None = error
    while seen is not None:
        text = f"{seen} {seen!r}"
        assert not any(word in text for word in (*CITIZEN, SECRET, SECRET.removeprefix("whsec_")))
        seen = seen.__cause__


def verdict_on(adapter: Adapter[Any], error: DeliveryError) -> RetryAfter | Park | Uncertain:
    """Return what the outbox does after a first failure of this kind."""
    return next_attempt(error.reason, 1, idempotent=adapter.capabilities.idempotent, jitter=0.0)


def configured(adapter: type[Adapter[Any]], keys: Mapping[str, Any]) -> Any:
    """Validate an adapter's own keys as ``bridge.toml`` would."""
    return adapter.Config.model_validate(dict(keys))
