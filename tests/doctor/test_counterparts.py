"""Whether a counterpart can be reached is found out on the wire, without a message, its certificate included."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.certificates import Certificates
from bridge.clock import SystemClock
from bridge.doctor.finding import Verdict
from bridge.folder import ExchangeFolder
from bridge.metrics import Metrics
from bridge.registry import Registry
from bridge.testing.process import free_port
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import verdict, words

Serve = Callable[[timedelta], AbstractAsyncContextManager[str]]


def _certificate(path: Path, lives: timedelta) -> None:
    """Write a certificate for 127.0.0.1, its own issuer, and its key."""
    key, wall = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unit.example")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wall - timedelta(days=90))
        .not_valid_after(wall + lives)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve TLS with a certificate this machine trusts and that ends after the time given."""

    @asynccontextmanager
    async def serving(lives: timedelta) -> AsyncIterator[str]:
        _certificate(tmp_path / "unit.pem", lives)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "unit.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "unit.pem")
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        async with server:
            yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"

    return serving


@pytest.mark.parametrize(
    ("days", "expected", "said"),
    [(300, Verdict.GOOD, "可以连通"), (9, Verdict.NOTE, "证书 8 天后到期"), (-1, Verdict.FAULT, "过期 请换上新证书")],
)
async def test_a_certificate_is_looked_at(look: Examine, serve: Serve, days: int, expected: Verdict, said: str) -> None:
    async with serve(timedelta(days=days)) as url:
        environ = {"BRIDGE_CHANNELS__TAX__URL": url, "BRIDGE_PUBLIC_URL": url}
        found = await look(environ, now=datetime.now(UTC), online=True)
    for check in ("channels.tax", "public_url"):
        assert verdict(found, check) is expected
        assert said in words(found, check)


async def test_one_that_ended_before_we_started_is_measured_too(serve: Serve) -> None:
    metrics = Metrics()
    async with serve(timedelta(days=-1)) as url:
        await Certificates(Registry({}, {}), url, SystemClock(), metrics).step()
    ended = metrics.value("certificate_expiry_timestamp_seconds", target="public_url")
    assert 0 < ended < datetime.now(UTC).timestamp()


async def test_a_certificate_nobody_here_believes_says_what_to_do(
    look: Examine, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(timedelta(days=300)) as url:
        monkeypatch.delenv("SSL_CERT_FILE")
        found = await look({"BRIDGE_PUBLIC_URL": url}, now=datetime.now(UTC), online=True)
    assert "证书是自签的" in words(found, "public_url")
    assert "装入系统证书库" in words(found, "public_url")


async def test_a_unit_that_is_away_is_a_fault_and_one_that_pulls_is_not(look: Examine) -> None:
    environ = {"BRIDGE_CHANNELS__TAX__URL": f"http://127.0.0.1:{free_port()}/"}
    found = await look(environ, online=True)
    assert verdict(found, "channels.tax") is Verdict.FAULT
    assert verdict(found, "channels.hrss") is Verdict.GOOD
    assert verdict(found, "feeds.hotline") is Verdict.GOOD


async def test_a_folder_is_looked_into(look: Examine, tmp_path: Path) -> None:
    drop = tmp_path / "exchange"
    environ = {"BRIDGE_CHANNELS__JUSTICE__ADAPTER": "file_drop", "BRIDGE_CHANNELS__JUSTICE__DIR": str(drop)}
    assert verdict(await look(environ, online=True), "channels.justice") is Verdict.FAULT
    ExchangeFolder(drop, lambda: datetime.now(UTC)).prepare()
    assert verdict(await look(environ, online=True), "channels.justice") is Verdict.GOOD
    (drop / "bad" / "receipt.json").write_text("{")
    (drop / "bad" / "receipt.error.json").write_text("{}")
    found = await look(environ, online=True)
    assert "1 个未能读取的文件" in words(found, "channels.justice")
