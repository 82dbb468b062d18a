"""What holds of every adapter that sends over HTTP.

Owns: the matrix of outcomes, the fate of a lost answer, cancellation, discretion. Must not: know a protocol; the few
things that differ are class attributes and two methods to override.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from bridge.adapter import Adapter, AdapterContext, DeliveryError, FailureReason, NotYet
from bridge.clock import SystemClock
from bridge.core.retry import RetryAfter, Uncertain
from bridge.signed_http import client_session
from bridge.testing.adapter_suite.counterpart import Counterpart, Heard, counterpart
from bridge.testing.adapter_suite.messages import CITIZEN, SECRET, configured, message_to, send, verdict_on

STATUSES: Mapping[int, FailureReason | None] = {
    200: None, 201: None, 202: None, 204: None,
    301: FailureReason.REJECTED, 302: FailureReason.REJECTED, 307: FailureReason.REJECTED,
    400: FailureReason.REJECTED, 401: FailureReason.UNAUTHORIZED, 403: FailureReason.UNAUTHORIZED,
    404: FailureReason.REJECTED, 408: FailureReason.UNAVAILABLE, 413: FailureReason.REJECTED,
    422: FailureReason.REJECTED, 429: FailureReason.RATE_LIMITED, 500: FailureReason.UNAVAILABLE,
    502: FailureReason.UNAVAILABLE, 503: FailureReason.UNAVAILABLE, 504: FailureReason.UNAVAILABLE,
}  # fmt: skip
"""What each status means; None is taken. Source: contract section 3 (2xx and 409 mean taken)."""

ANSWERS = (
    b"", b"null", b"{", b"<html><body>502</body></html>", "处理成功".encode("gbk"), b"\x00\xff" * 100, b"[" * 10_000,
)  # fmt: skip
MOST_READ_BYTES = 16 << 20
PATIENCE_SECONDS = 20.0
"""Longer than any pause of a busy machine: where an answer comes, nothing is found out by a time-out."""
SHORT_SECONDS = 0.4
"""Where the counterpart is to be given up."""


class HttpSuite(ABC):
    """Subclass it with ``adapter`` and :meth:`keys`; the class name must be one pytest collects."""

    pytestmark = pytest.mark.asyncio

    adapter: ClassVar[type[Adapter[Any]]]
    statuses: ClassVar[Mapping[int, FailureReason | None]] = STATUSES
    timeout_key: ClassVar[str] = "timeout_seconds"

    @abstractmethod
    def keys(self, url: str) -> Mapping[str, Any]:
        """Return the adapter's keys of ``bridge.toml`` for a counterpart at ``url``."""

    def key_of(self, heard: Heard) -> str | None:
        """Return the key a request carried."""
        return heard.headers.get("webhook-id")

    @asynccontextmanager
    async def running(self, patience: float = PATIENCE_SECONDS) -> AsyncIterator[tuple[Adapter[Any], Counterpart]]:
        """Start a counterpart and the adapter that speaks to it."""
        async with counterpart() as other, client_session() as http:
            keys = {**self.keys(other.url), self.timeout_key: patience}
            context = AdapterContext("suite", http, SystemClock())
            async with self.adapter(configured(self.adapter, keys), context) as adapter:
                yield adapter, other

    async def test_every_status_has_its_meaning(self) -> None:
        async with self.running() as (adapter, other):
            for status, wanted in self.statuses.items():
                other.answers(status, Location="/elsewhere")
                error = await send(adapter, message_to(adapter))
                assert (error and error.reason) == wanted, status
            assert {heard.path for heard in other.heard} == {"/in"}, "a redirect was followed"

    async def test_a_counterpart_that_asks_to_wait_is_waited_for(self) -> None:
        async with self.running() as (adapter, other):
            other.answers(429, Retry_After="7")
            error = await send(adapter, message_to(adapter))
            assert isinstance(error, DeliveryError)
            assert error.reason is FailureReason.RATE_LIMITED
            assert not isinstance(error, NotYet) or error.seconds == 7  # noqa: PLR2004 - what was asked for

    async def test_a_lost_answer_is_resent_under_the_same_key_or_uncertain(self) -> None:
        async with self.running(SHORT_SECONDS) as (adapter, other):
            for fault in (other.falls_silent, other.hangs_up):
                other.heard.clear()
                fault()
                error = await send(adapter, message_to(adapter))
                assert error is not None
                assert len(other.heard) == 1, "an adapter makes one attempt and leaves the rest to the outbox"
                if not adapter.capabilities.idempotent:
                    assert isinstance(verdict_on(adapter, error), Uncertain)
                    continue
                assert isinstance(verdict_on(adapter, error), RetryAfter)
                other.answer = None
                assert await send(adapter, message_to(adapter)) is None
                assert [self.key_of(heard) for heard in other.heard] == [message_to(adapter).key] * 2

    async def test_nobody_listening_is_tried_again_whatever_the_channel(self) -> None:
        async with client_session() as http:
            keys = {**self.keys("http://127.0.0.1:9/in?token=hush"), self.timeout_key: PATIENCE_SECONDS}
            adapter = self.adapter(configured(self.adapter, keys), AdapterContext("suite", http, SystemClock()))
            async with adapter:
                error = await send(adapter, message_to(adapter))
            assert error is not None
            assert "hush" not in str(error)
            assert isinstance(verdict_on(adapter, error), RetryAfter)

    async def test_an_answer_nobody_can_read_is_a_verdict_not_a_crash(self) -> None:
        async with self.running(SHORT_SECONDS) as (adapter, other):
            for body in ANSWERS:
                other.answers(200, body)
                await send(adapter, message_to(adapter))
                other.answers(500, body)
                assert await send(adapter, message_to(adapter)) is not None
            other.promises_more()
            await send(adapter, message_to(adapter))

    async def test_an_answer_without_end_is_neither_read_whole_nor_waited_for(self) -> None:
        async with self.running(SHORT_SECONDS) as (adapter, other):
            other.never_ends()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await send(adapter, message_to(adapter))
            assert other.sent_bytes < MOST_READ_BYTES

    async def test_a_huge_message_arrives_whole(self) -> None:
        async with self.running() as (adapter, other):
            message = message_to(adapter, padding=2 << 20)
            error = await send(adapter, message)
            assert error is None or isinstance(verdict_on(adapter, error), RetryAfter)
            assert error is not None or len(other.heard[0].body) > 2 << 20

    async def test_messages_side_by_side_keep_their_own_keys(self) -> None:
        async with self.running() as (adapter, other):
            messages = [message_to(adapter, number) for number in range(20)]
            assert await asyncio.gather(*(send(adapter, message) for message in messages)) == [None] * 20
            if adapter.capabilities.idempotent:
                assert {self.key_of(heard) for heard in other.heard} == {message.key for message in messages}

    async def test_cancelling_an_attempt_leaves_the_adapter_usable(self) -> None:
        async with self.running() as (adapter, other):
            other.falls_silent()
            attempt = asyncio.create_task(send(adapter, message_to(adapter)))
            await other.arrived.wait()
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            other.answer = None
            assert await send(adapter, message_to(adapter)) is None

    async def test_settings_refuse_unknown_keys_and_hide_their_values(self) -> None:
        config = configured(self.adapter, self.keys("http://127.0.0.1:9/in"))
        assert SECRET not in repr(config)
        with pytest.raises(ValueError, match="extra") as caught:
            configured(self.adapter, {**self.keys("http://127.0.0.1:9/in"), "no_such_key": CITIZEN[0]})
        assert CITIZEN[0] not in str(caught.value)
