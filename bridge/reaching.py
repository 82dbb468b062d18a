"""What a look at a counterpart showed; re-exported by :mod:`bridge.adapter`.

Owns: connecting to an address without sending a message, and reading its certificate's end. Must not: send a byte of
a ticket.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bridge.errors import DeliveryError, FailureReason

CONNECT_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Reached:
    """Words for the operator; until when its certificate holds; how many files it left that could not be taken."""

    words: str
    certificate_until: datetime | None = None
    refused_files: int = 0


async def reach(address: str) -> Reached:
    """Connect to an address (with TLS where it says so) and close again.

    Raises:
        DeliveryError: it cannot be reached, or its certificate does not hold.
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
        raise _failed(f"{host}:{port} 的证书不成立（{error.verify_message}）") from None
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


def _failed(text: str) -> DeliveryError:
    return DeliveryError(FailureReason.UNAVAILABLE, text)
