"""A machine caller that signs as it should, or wrongly on purpose.

Owns: one signed request at a time, with every part of the signature open to change. Must not: retry.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping

from bridge.testing.counterparts.ledger import Json
from bridge.testing.counterparts.webhooks import signature
from bridge.testing.process import BridgeProcess, Response


class Caller:
    """Whoever shares ``secret`` with the daemon: a hotline or a unit."""

    _numbers = itertools.count(1)

    def __init__(self, bridge: BridgeProcess, secret: str) -> None:
        self._bridge = bridge
        self._secret = secret

    def post(
        self,
        path: str,
        body: Json | bytes,
        *,
        webhook_id: str | None = None,
        age_seconds: int = 0,
        secret: str | None = None,
        drop: tuple[str, ...] = (),
    ) -> Response:
        """Post a signed body: ``age_seconds`` old, with another ``secret``, without the headers in ``drop``."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = self.headers(raw, webhook_id=webhook_id, age_seconds=age_seconds, secret=secret)
        kept = {name: value for name, value in headers.items() if name not in drop}
        return self._bridge.ask("POST", path, raw, {**kept, "content-type": "application/json"})

    def get(self, path: str) -> Response:
        """Get with a signature over the empty body."""
        return self._bridge.ask("GET", path, headers=self.headers(b""))

    def headers(
        self, raw: bytes, *, webhook_id: str | None = None, age_seconds: int = 0, secret: str | None = None
    ) -> Mapping[str, str]:
        """Return the three headers of a signed message."""
        message_id = webhook_id or f"caller-{next(self._numbers)}"
        timestamp = str(int(time.time()) - age_seconds)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(secret or self._secret, message_id, timestamp, raw),
        }
