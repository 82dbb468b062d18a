"""Signed HTTP in both directions: verify what comes in, post what goes out, name every failure.

Owns: :class:`SignedConfig` (the keys such an adapter takes in ``bridge.toml``), :class:`SignedEndpoint` and the one
place where an HTTP outcome becomes a :class:`~bridge.errors.FailureReason`. Must not: retry, follow a redirect,
read the environment's proxies, or put a body, an address or a secret into an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlsplit

import aiohttp
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bridge import __version__
from bridge.errors import DeliveryError, FailureReason, NotYet
from bridge.ports import Clock
from bridge.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Body,
    parse_secret,
    sign,
    verify,
)

MAX_ANSWER_BYTES = 64 * 1024
MAX_WAIT_SECONDS = 3600.0

_TAKEN = frozenset({HTTPStatus.CONFLICT})
_UNAUTHORIZED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_WAIT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


def _secret(value: SecretStr) -> SecretStr:
    parse_secret(value.get_secret_value())
    return value


def _at_least_one(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not values:
        raise ValueError("至少要有一个密钥")
    return values


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("应为 http:// 或 https:// 开头的完整地址")
    if parts.username or parts.password:
        raise ValueError("地址中不能带用户名或密码")
    return value


Address = Annotated[str, AfterValidator(_address)]
"""An address the deployer wrote down; no other is ever contacted."""


Secrets = Annotated[tuple[Annotated[SecretStr, AfterValidator(_secret)], ...], AfterValidator(_at_least_one)]
"""``whsec_…``, one or (while rotating) several."""


MAX_LISTING_BYTES = 64 << 20
_CHUNK = 1 << 16


class SignedConfig(BaseModel):
    """What every signed endpoint takes; ``secret``, ``secret_file`` and ``secrets`` of the file all end in ``secrets``.

    During a rotation all secrets are accepted, and each signs what goes out. ``timeout_seconds`` bounds one attempt.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secrets: Secrets
    signature: Literal["v1", "v1sm3"] = "v1"
    timeout_seconds: float = Field(10.0, gt=0, le=120)


class SignedEndpoint:
    """One counterpart that shares secrets with us."""

    def __init__(self, name: str, config: SignedConfig, http: aiohttp.ClientSession, clock: Clock) -> None:
        """Decode the secrets once; ``name`` is what errors call the counterpart."""
        self._name = name
        self._secrets = tuple(parse_secret(secret.get_secret_value()) for secret in config.secrets)
        self._scheme = config.signature
        self._timeout = aiohttp.ClientTimeout(total=config.timeout_seconds)
        self._http = http
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: Body) -> str:
        """Return the webhook id of a request signed by this counterpart.

        Raises:
            AuthenticationFailed: missing, forged or stale.
        """
        return verify(self._secrets, headers, body, self._clock.wall())

    async def post(self, url: str, key: str, body: bytes, *, whole_answer: bool = False) -> bytes:
        """Send a body under its stable key; return when the counterpart has it (2xx, or 409: it had it before).

        The answer is returned as far as it came, 64 KiB at most; it is waited for only if ``whole_answer`` says so.

        Raises:
            NotYet: 429 or 503 with Retry-After.
            DeliveryError: not taken, or nobody knows (then it may be sent again under the same key).
        """
        try:
            status, headers, answer = await self._exchange(url, key, body, whole_answer)
        except (aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = type(error).__name__
            raise DeliveryError(FailureReason.UNAVAILABLE, f"{self._name} 连接失败或没有应答（{reason}）") from None
        self._judge(status, headers)
        return answer

    async def get(self, url: str, key: str, query: Mapping[str, str]) -> bytes:
        """Ask a signed question (the empty body is signed) and return the whole answer.

        Raises:
            DeliveryError: it was not answered with 2xx, or with more than 64 MiB.
        """
        try:
            async with self._http.get(
                url, params=query, headers=self._headers(key, b""), allow_redirects=False, timeout=self._timeout
            ) as answer:
                self._judge(answer.status, answer.headers)
                body = bytearray()
                while (chunk := await answer.content.read(_CHUNK)) and len(body) <= MAX_LISTING_BYTES:
                    body += chunk
        except (aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = type(error).__name__
            raise DeliveryError(FailureReason.UNAVAILABLE, f"{self._name} 连接失败或没有应答（{reason}）") from None
        if len(body) > MAX_LISTING_BYTES:
            raise DeliveryError(FailureReason.REJECTED, f"{self._name} 的应答超过 64 MiB，请分页")
        return bytes(body)

    async def _exchange(
        self,
        url: str,
        key: str,
        body: bytes,
        whole: bool,  # noqa: FBT001 - handed on
    ) -> tuple[int, Mapping[str, str], bytes]:
        # A large body as plain bytes would be written in one go and hold up the event loop.
        async with self._http.post(
            url, data=io.BytesIO(body), headers=self._headers(key, body), allow_redirects=False, timeout=self._timeout
        ) as answer:
            # The status decides; a body cut short afterwards must not turn a taken message into a failed one.
            read = bytearray()
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                while chunk := await answer.content.read(MAX_ANSWER_BYTES - len(read)):
                    read += chunk
                    if not whole:
                        break
            return answer.status, answer.headers, bytes(read)

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        at = self._clock.wall()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"ticket-bridge/{__version__}",
            ID_HEADER: key,
            TIMESTAMP_HEADER: str(int(at.timestamp())),
            SIGNATURE_HEADER: " ".join(sign(secret, key, at, body, self._scheme) for secret in self._secrets),
        }

    def _judge(self, status: int, headers: Mapping[str, str]) -> None:
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status in _TAKEN:
            return
        text = f"{self._name} 应答 {status}"
        wait = _retry_after(headers, self._clock.wall()) if status in _WAIT else None
        if wait is not None:
            raise NotYet(wait, f"{text}，要求稍后再送")
        raise DeliveryError(_reason(status), text)


def _reason(status: int) -> FailureReason:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureReason.RATE_LIMITED
    if status in _UNAUTHORIZED:
        return FailureReason.UNAUTHORIZED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRANSIENT:
        return FailureReason.UNAVAILABLE
    return FailureReason.REJECTED


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read Retry-After, seconds or a date, between 0 and an hour. Source: RFC 9110 §10.2.3."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), MAX_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), MAX_WAIT_SECONDS)


def client_session() -> aiohttp.ClientSession:
    """Open the process's one session for outgoing requests: no cookies, no proxies of the environment, no unpacking.

    Connections are not capped here: the outbox caps attempts per target, so one slow counterpart holds up no other.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )
