"""Sends signed requests to the daemon until it has answered them for good.

Owns: retries under one webhook-id, double sends, and the check that a repeat gets the first answer.
Must not: know what is sent.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from bridge.testing.counterparts.ledger import Json
from bridge.testing.counterparts.temper import Mood
from bridge.testing.counterparts.webhooks import signed_headers

RETRIED = frozenset({408, 425, 429})
"""Client errors that ask for another attempt; every 5xx does too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The daemon's final answer to a request, and how many attempts it took."""

    status: int
    body: Json
    attempts: int


@dataclass(slots=True)
class Sent:
    """How the sending went, for the control interface."""

    requests: int = 0
    attempts: int = 0
    lost: int = 0
    refused: int = 0
    repeats: int = 0
    changed_answers: list[str] = field(default_factory=list)
    by_status: dict[str, int] = field(default_factory=dict)


class Sender:
    """A client that never gives up before the daemon has answered with something final."""

    def __init__(self, mood: Mood, *, timeout_seconds: float = 30.0) -> None:
        self.mood = mood
        self.sent = Sent()
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def deliver(self, url: str, secret: str, webhook_id: str, payload: Json) -> Answer:
        """Post ``payload`` under ``webhook_id`` until the answer is final."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        self.sent.requests += 1
        answer = await self._until_final(url, secret, webhook_id, body)
        self._count(answer)
        if self.mood.sends_twice():
            again = await self._until_final(url, secret, webhook_id, body)
            self.sent.repeats += 1
            self._compare(webhook_id, answer, again)
        return answer

    def _compare(self, webhook_id: str, first: Answer, again: Answer) -> None:
        """Note a request that was taken and then answered otherwise; what was refused may be taken later."""
        if first.status < HTTPStatus.BAD_REQUEST and (again.status, again.body) != (first.status, first.body):
            told = (f"{each.status} {json.dumps(each.body, ensure_ascii=False)}" for each in (first, again))
            self.sent.changed_answers.append(f"{webhook_id}: {' -> '.join(told)}")

    async def _until_final(self, url: str, secret: str, webhook_id: str, body: bytes) -> Answer:
        """Try until an answer is neither lost nor a request to come back."""
        attempts = 0
        while True:
            attempts += 1
            self.sent.attempts += 1
            reply = await self._attempt(url, secret, webhook_id, body)
            if reply is not None and reply[0] < HTTPStatus.INTERNAL_SERVER_ERROR and reply[0] not in RETRIED:
                return Answer(reply[0], reply[1], attempts)
            self.sent.lost += 1
            await asyncio.sleep(self.mood.backoff(attempts))

    async def _attempt(self, url: str, secret: str, webhook_id: str, body: bytes) -> tuple[int, Json] | None:
        """Make one attempt; None if no answer came."""
        headers = signed_headers(secret, webhook_id, body, now=time.time())
        try:
            async with self._client().post(
                url, data=body, headers={**headers, "content-type": "application/json"}
            ) as response:
                return response.status, as_object(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    def _client(self) -> aiohttp.ClientSession:
        """Open the session on first use, inside the running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(timeout=self._timeout, connector=connector, trust_env=False)
        return self._session

    def _count(self, answer: Answer) -> None:
        """Keep the tally of final answers."""
        key = str(answer.status)
        self.sent.by_status[key] = self.sent.by_status.get(key, 0) + 1
        self.sent.refused += answer.status >= HTTPStatus.BAD_REQUEST

    def as_json(self) -> Json:
        """Return the tally for the control interface."""
        return asdict(self.sent)


def as_object(raw: bytes) -> Json:
    """Read a JSON object; anything else becomes an object that holds its text."""
    try:
        value: Any = json.loads(raw)
    except ValueError:
        value = raw.decode(errors="replace")
    return value if isinstance(value, dict) else {"text": value}
