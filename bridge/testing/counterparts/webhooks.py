"""The counterparts' own signing and checking of messages, written from the specification.

Owns: Standard Webhooks signatures (HMAC-SHA256) over ``{id}.{timestamp}.{body}``. Must not: share code
with the daemon: two independent readings of one specification check each other.

Source: https://www.standardwebhooks.com/ and section 3 of the contract.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

TOLERANCE_SECONDS = 300


class SignatureRefused(Exception):
    """A message is not signed by the one we share the secret with, or not now."""


def new_secret() -> str:
    """Return a fresh shared secret of 32 bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the value of the header ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(secret: str, message_id: str, body: bytes, *, now: float) -> dict[str, str]:
    """Return the three headers of a message sent at ``now`` (seconds since 1970)."""
    timestamp = str(int(now))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def check(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Return the webhook-id of a well-signed, recent message.

    Raises:
        SignatureRefused: if a header is missing, the time is off or no signature fits.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused("webhook-id or webhook-timestamp missing or stale")
    expected = signature(secret, message_id, timestamp, body)
    offered = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected, candidate) for candidate in offered):
        raise SignatureRefused("no signature fits")
    return message_id
