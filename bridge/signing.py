"""Standard Webhooks signatures, in both directions: ``v1`` (HMAC-SHA256) and ``v1sm3`` (HMAC-SM3).

Owns: secrets (``whsec_…``), the three headers, signing and constant-time verification. Must not: read a
clock (``now`` is an argument), remember ids (replay is the store's), or say anything of a signature but that it was
refused: a timestamp is the caller's own and no secret, so that one is told how far it is off.

Source: the Standard Webhooks specification 1.0 (signed content ``{id}.{timestamp}.{body}``, secret prefix,
space-separated signature list); GM/T 0004-2012 for SM3.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from bridge.errors import AuthenticationFailed
from bridge.keyed_hash import KeyedHash

TOLERANCE_SECONDS = 300
"""Source: Standard Webhooks 1.0, and the contract §3."""

WEAK_SECRET_BYTES = 24
"""Secrets shorter than this are weak. Source: Standard Webhooks 1.0 (24 to 64 bytes)."""

SCHEME = "v1"
SCHEME_SM3 = "v1sm3"
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

_LENGTHS = frozenset(map(len, (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)))
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix, not a secret
_MAX_ID_CHARACTERS = 256
_MAX_SIGNATURES = 16
_ID = re.compile(rf"[\x21-\x7e]{{1,{_MAX_ID_CHARACTERS}}}")
_TIMESTAMP = re.compile(r"[0-9]{1,16}")
_MILLISECONDS = 100
"""A timestamp this many times our own counts smaller units than seconds."""

Body = bytes | bytearray | memoryview
"""What can be signed without copying it; a spooled file is given as the memoryview of its mmap."""


@dataclass(frozen=True, slots=True)
class SignedHeaders:
    """The three headers of a signed request, well-formed and fresh but not yet verified."""

    webhook_id: str
    timestamp: str
    signatures: tuple[tuple[str, bytes], ...]


def parse_secret(text: str) -> bytes:
    """Decode ``whsec_<base64>`` (padding optional, surrounding blanks ignored).

    Raises:
        ValueError: not that form, or empty.
    """
    stripped = text.strip()
    if not stripped.startswith(_SECRET_PREFIX):
        raise ValueError("应为 whsec_ 开头的 base64；请从备份放回，或照轮换密钥一页另生成")
    encoded = stripped.removeprefix(_SECRET_PREFIX)
    try:
        secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("密钥 whsec_ 之后不是 base64") from error
    if not secret:
        raise ValueError("密钥为空")
    return secret


def new_secret(random_bytes: bytes) -> str:
    """Render random bytes as a secret."""
    return _SECRET_PREFIX + base64.b64encode(random_bytes).decode()


def sign(secret: bytes, webhook_id: str, at: datetime, body: Body, scheme: str = SCHEME) -> str:
    """Return the value of ``webhook-signature`` for a body sent at ``at``."""
    return _signature(secret, webhook_id, str(int(at.timestamp())), body, scheme)


def signed_headers(secret: bytes, webhook_id: str, at: datetime, body: Body, scheme: str = SCHEME) -> dict[str, str]:
    """Return the three headers of a request."""
    timestamp = str(int(at.timestamp()))
    signature = _signature(secret, webhook_id, timestamp, body, scheme)
    return {ID_HEADER: webhook_id, TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature}


def read_headers(headers: Mapping[str, str], now: datetime) -> SignedHeaders:
    """Check presence, form and freshness of the three headers, before a body is read.

    Raises:
        AuthenticationFailed: something is missing, malformed, or more than 5 minutes off.
    """
    webhook_id, timestamp, signature = _three(headers)
    if not (_ID.fullmatch(webhook_id) and _TIMESTAMP.fullmatch(timestamp)):
        raise AuthenticationFailed
    ahead = int(timestamp) - now.timestamp()
    if abs(ahead) > TOLERANCE_SECONDS:
        raise AuthenticationFailed(_off(ahead, now))
    signatures = _parse_signatures(signature)
    if not signatures:
        raise AuthenticationFailed
    return SignedHeaders(webhook_id, timestamp, signatures)


def verify(secrets: Sequence[bytes], headers: Mapping[str, str], body: Body, now: datetime) -> str:
    """Verify a request against every active secret and return its webhook id.

    Comparison is constant-time and does not stop at the first secret. ``now`` is wall time.

    Raises:
        AuthenticationFailed: missing, forged or stale.
    """
    signed = read_headers(headers, now)
    good = False
    for secret in secrets:
        for scheme, signature in signed.signatures:
            expected = _mac(secret, signed.webhook_id, signed.timestamp, body, scheme)
            good |= hmac.compare_digest(expected, signature)
    if not good:
        raise AuthenticationFailed
    return signed.webhook_id


def _three(headers: Mapping[str, str]) -> list[str]:
    """Look the three headers up whatever their case; one that is missing or there twice counts as empty."""
    found: dict[str, list[str]] = {ID_HEADER: [], TIMESTAMP_HEADER: [], SIGNATURE_HEADER: []}
    for name, value in headers.items():
        if len(name) in _LENGTHS and (known := found.get(name.lower())) is not None:
            known.append(value)
    return [values[0] if len(values) == 1 else "" for values in found.values()]


def _off(ahead: float, now: datetime) -> str:
    """Say by how much a timestamp is off, and what to look at (Chinese)."""
    if ahead > _MILLISECONDS * now.timestamp():
        return f"{TIMESTAMP_HEADER} 过大：应为 Unix 时间的秒数（10 位），不是毫秒"
    pace = "快" if ahead > 0 else "慢"
    return (
        f"{TIMESTAMP_HEADER} 比本系统的时钟{pace} {_spoken(abs(round(ahead)))}，超出容许的 5 分钟；"
        "请核对发送方机器的时间同步（NTP），每次发送都重新取时间、重新签名"
    )


def _spoken(seconds: int) -> str:
    days, hours, minutes = seconds // 86_400, seconds // 3_600, seconds // 60
    if days:
        return f"{days} 天 {hours % 24} 小时"
    return f"{hours} 小时 {minutes % 60} 分" if hours else f"{minutes} 分 {seconds % 60} 秒"


def _parse_signatures(value: str) -> tuple[tuple[str, bytes], ...]:
    """Read ``v1,<base64> v1sm3,<base64>``; unknown schemes and malformed parts are skipped."""
    signatures = []
    for part in value.split(" ")[:_MAX_SIGNATURES]:
        scheme, _, encoded = part.partition(",")
        if scheme not in {SCHEME, SCHEME_SM3}:
            continue
        try:
            signatures.append((scheme, base64.b64decode(encoded, validate=True)))
        except (binascii.Error, ValueError):
            continue
    return tuple(signatures)


def _signature(secret: bytes, webhook_id: str, timestamp: str, body: Body, scheme: str) -> str:
    return f"{scheme},{base64.b64encode(_mac(secret, webhook_id, timestamp, body, scheme)).decode()}"


def _mac(secret: bytes, webhook_id: str, timestamp: str, body: Body, scheme: str) -> bytes:
    head = f"{webhook_id}.{timestamp}.".encode()
    if scheme == SCHEME_SM3:
        sm3 = HMAC(secret, hashes.SM3())
        sm3.update(head)
        sm3.update(body)
        return sm3.finalize()
    return _keyed(secret).of(head, body)


@lru_cache(maxsize=256)
def _keyed(secret: bytes) -> KeyedHash:
    return KeyedHash(secret)
