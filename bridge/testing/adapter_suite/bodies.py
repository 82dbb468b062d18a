"""What holds of every adapter that is sent bodies over HTTP: nothing a stranger sends is more than a refusal.

Owns: hostile bodies, signatures, the identity of what is sent twice. Must not: know a body's shape.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from bridge.adapter import Adapter, AdapterContext, AuthenticationFailed, FeedAdapter, InboundRequest, UnitAdapter
from bridge.clock import SystemClock
from bridge.errors import IntakeError
from bridge.signed_http import client_session
from bridge.signing import parse_secret, signed_headers
from bridge.testing.adapter_suite.messages import SECRET, assert_discreet, configured

GARBAGE = (
    b"", b"\x00", b"null", b"[]", b"{}", b"1e999", b"{", b'{"a":1,"a":2}', b"NaN", b'"\\ud800"', b"\xef\xbb\xbf{}",
    b"<?xml version='1.0'?><a/>", b"[" * 100_000, b'{"external_id":' + b"9" * 5000 + b"}", b"\xff\xfe{\x00}\x00",
)  # fmt: skip
"""Bodies of which nothing can be made."""


class BodySuite(ABC):
    """Subclass it with ``adapter``, :meth:`keys` and :meth:`body`."""

    pytestmark = pytest.mark.asyncio

    adapter: ClassVar[type[Adapter[Any]]]

    @abstractmethod
    def keys(self) -> Mapping[str, Any]:
        """Return the adapter's keys of ``bridge.toml``, with the kit's ``SECRET`` where it takes one."""

    @abstractmethod
    def body(self) -> bytes:
        """Return a sound ticket (upstream) or receipt (unit), with a citizen's name in it."""

    def sign(self, body: bytes, adapter: Adapter[Any]) -> Mapping[str, str]:
        """Return the headers with which the counterpart signs a body."""
        return signed_headers(parse_secret(SECRET), "suite-1", adapter.context.clock.wall(), body)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Adapter[Any]]:
        """Start the adapter."""
        async with client_session() as http:
            context = AdapterContext("suite", http, SystemClock())
            async with self.adapter(configured(self.adapter, self.keys()), context) as adapter:
                yield adapter

    async def test_garbage_is_refused_and_never_crashes(self) -> None:
        async with self.running() as adapter:
            for parse in _parsers(adapter):
                for body in GARBAGE:
                    with pytest.raises(IntakeError) as caught:
                        parse(body)
                    assert_discreet(caught.value)

    async def test_a_body_cut_short_anywhere_is_refused_without_its_words(self) -> None:
        async with self.running() as adapter:
            body, parse = self.body(), _parsers(adapter)[0]
            parse(body)
            for length in range(0, len(body.rstrip()) - 1, 7):
                with pytest.raises(IntakeError) as caught:
                    parse(body[:length])
                assert_discreet(caught.value)

    async def test_another_encoding_is_refused(self) -> None:
        async with self.running() as adapter:
            text = self.body().decode()
            for encoding in ("gbk", "utf-16", "utf-32"):
                encoded = text.encode(encoding)
                if encoded != text.encode():
                    with pytest.raises(IntakeError):
                        _parsers(adapter)[0](encoded)

    async def test_the_same_bytes_mean_the_same(self) -> None:
        async with self.running() as adapter:
            parse = _parsers(adapter)[0]
            assert parse(self.body()) == parse(self.body())

    async def test_only_the_counterpart_is_believed(self) -> None:
        async with self.running() as adapter:
            body = self.body()
            headers = dict(self.sign(body, adapter))
            assert adapter.verify(_request(adapter, body, headers))
            forged = [
                _request(adapter, body + b" ", headers),
                _request(adapter, body, {}),
                *(_request(adapter, body, {k: v for k, v in headers.items() if k != name}) for name in headers),
                *(_request(adapter, body, {**headers, name: value[:-3] + "AA="}) for name, value in headers.items()),
            ]
            for request in forged:
                with pytest.raises(AuthenticationFailed) as caught:
                    adapter.verify(request)
                assert_discreet(caught.value)


def _parsers(adapter: Adapter[Any]) -> list[Callable[[bytes], object]]:
    if isinstance(adapter, FeedAdapter):
        return [adapter.parse_ticket, adapter.parse_event]
    assert isinstance(adapter, UnitAdapter)
    return [adapter.parse_receipt]


def _request(adapter: Adapter[Any], body: bytes, headers: Mapping[str, str]) -> InboundRequest:
    return InboundRequest("POST", "/v1/suite", headers, body, adapter.context.clock.wall())
