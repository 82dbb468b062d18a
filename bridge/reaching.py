"""What a look at a counterpart showed; re-exported by :mod:`bridge.adapter`.

Owns: connecting to an address without sending a message, and reading its certificate's end. Must not: send a byte of
a ticket.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509

from bridge.errors import CertificateRefused, DeliveryError, FailureReason

CONNECT_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443}
_EXPIRED, _NOT_YET_VALID = 10, 9
_CERTIFICATE = {
    _EXPIRED: "已于 {until} 过期；请换上新证书",
    _NOT_YET_VALID: "自 {since} 才生效；请核对两边机器的时间，或换证书",
    18: "是自签的，本机不信任；请把它装入系统证书库，或换由受信机构签发的",
    19: "的根证书本机不信任；请把根证书装入系统证书库",
    20: "的签发机构本机不认识；请把上级证书装入系统证书库，或让对方把中间证书一并发来",
    21: "的签发机构本机不认识；请把上级证书装入系统证书库，或让对方把中间证书一并发来",
    62: "不是发给 {host} 的；请核对地址，或换证书",
    64: "不是发给 {host} 的；请核对地址，或换证书",
}
"""Why a certificate does not hold, by OpenSSL's ``X509_V_ERR_*``, and what to do."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Words for the operator; until when its certificate holds; how many files it left that could not be taken."""

    words: str
    certificate_until: datetime | None = None
    refused_files: int = 0


async def reach(address: str) -> Reached:
    """Connect to an address (with TLS where it says so) and close again.

    Raises:
        CertificateRefused: its certificate does not hold.
        DeliveryError: it cannot be reached.
    """
    parts = urlsplit(address)
    context = ssl.create_default_context() if parts.scheme == "https" else None
    host = parts.hostname or ""
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        raise _failed(f"{host} 的端口不对，应在 1 到 65535 之间") from None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        raise await _refused(host, port, error) from None
    except TimeoutError:
        raise _failed(f"{host}:{port} 连接超时") from None
    except (OSError, UnicodeError) as error:
        raise _failed(f"{host}:{port} 连不上（{type(error).__name__}）") from None
    until = _certificate_until(writer)
    writer.close()
    return Reached(f"{host}:{port} 可以连通", until)


def _certificate_until(writer: asyncio.StreamWriter) -> datetime | None:
    certificate = writer.get_extra_info("peercert") or {}
    ends = certificate.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None


async def _refused(host: str, port: int, error: ssl.SSLCertVerificationError) -> CertificateRefused:
    """Look at the certificate that was refused and say what is wrong with it."""
    seen = await _presented(host, port)
    if seen is None:
        return CertificateRefused(f"{host}:{port} 的证书不成立（{error.verify_message}）", None)
    since, until = seen.not_valid_before_utc, seen.not_valid_after_utc
    words = _CERTIFICATE.get(error.verify_code, f"不成立（{error.verify_message}）；请对方检查")
    told = words.format(host=host, since=since.date(), until=until.date())
    return CertificateRefused(f"{host}:{port} 的证书{told}", until)


async def _presented(host: str, port: int) -> x509.Certificate | None:
    """Return the certificate a server shows, believed or not; no byte follows the handshake."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return x509.load_der_x509_certificate(shown)
    return None


def _failed(text: str) -> DeliveryError:
    return DeliveryError(FailureReason.UNAVAILABLE, text)
