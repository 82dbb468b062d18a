"""Standard Webhooks signatures: the public library is the oracle, forgeries are refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from bridge.errors import AuthenticationFailed
from bridge.signing import parse_secret, sign, signed_headers, verify

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KEY = parse_secret(SECRET)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BODY = '{"content":"滞纳金"}'.encode()


@given(st.binary(min_size=1, max_size=80), st.text("abc-_.0189", min_size=1, max_size=40), st.text(max_size=200))
def test_signature_equals_the_librarys(secret: bytes, webhook_id: str, body: str) -> None:
    oracle = Webhook(secret).sign(webhook_id, NOW, body.encode("utf-8", "replace").decode())
    assert sign(secret, webhook_id, NOW, body.encode("utf-8", "replace")) == oracle


def test_library_accepts_ours() -> None:
    now = datetime.now(UTC)
    headers = signed_headers(KEY, "t1-ticket.replied-1-7", now, BODY)
    assert Webhook(SECRET).verify(BODY, headers) == {"content": "滞纳金"}


def test_ours_accepts_the_librarys_whatever_the_headers_case() -> None:
    headers = {
        "Webhook-Id": "m1",
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "WEBHOOK-SIGNATURE": Webhook(SECRET).sign("m1", NOW, BODY.decode()),
    }
    assert verify([KEY], headers, BODY, NOW) == "m1"


def test_sm3_known_answer() -> None:
    # Computed with OpenSSL: printf 'id.1.{}' | openssl dgst -sm3 -hmac key
    assert sign(b"key", "id", datetime.fromtimestamp(1, UTC), b"{}", "v1sm3") == "v1sm3," + _SM3


_SM3 = base64.b64encode(bytes.fromhex("a23f4f1b1da72c945028aff21d9d2030036e14eca52bc03a0263e6f454227d5f")).decode()


@pytest.mark.parametrize("scheme", ["v1", "v1sm3"])
def test_any_of_several_secrets_and_signatures_opens(scheme: str) -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY, scheme)
    headers["webhook-signature"] = f"v9,xxxx v1,{base64.b64encode(bytes(32)).decode()} {headers['webhook-signature']}"
    assert verify([b"old key", KEY], headers, BODY, NOW) == "m1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_are_tolerated(seconds: int) -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY)
    assert verify([KEY], headers, BODY, NOW + timedelta(seconds=seconds)) == "m1"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-301, "比本系统的时钟快 5 分 1 秒"),
        (301, "比本系统的时钟慢 5 分 1 秒"),
        (28800, "慢 8 小时 0 分"),
        (90000, "慢 1 天 1 小时"),
    ],
)
def test_stale_and_future_are_refused_with_how_far_off_they_are(seconds: int, said: str) -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY)
    with pytest.raises(AuthenticationFailed, match=said):
        verify([KEY], headers, BODY, NOW + timedelta(seconds=seconds))


def test_milliseconds_are_told_from_a_clock_that_is_wrong() -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY) | {"webhook-timestamp": f"{NOW.timestamp() * 1000:.0f}"}
    with pytest.raises(AuthenticationFailed, match="毫秒"):
        verify([KEY], headers, BODY, NOW)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "m2"),
        ("webhook-id", "m 1"),
        ("webhook-id", "x" * 257),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "٣"),
        ("webhook-timestamp", str(int(NOW.timestamp()) + 1)),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1,不是"),
        ("webhook-signature", "v1," + base64.b64encode(bytes(32)).decode()),
    ],
)
def test_altered_headers_are_refused(header: str, value: str) -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY) | {header: value}
    with pytest.raises(AuthenticationFailed):
        verify([KEY], headers, BODY, NOW)


def test_missing_header_other_body_and_no_secret_are_refused() -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY)
    for name in list(headers):
        with pytest.raises(AuthenticationFailed):
            verify([KEY], {key: value for key, value in headers.items() if key != name}, BODY, NOW)
    with pytest.raises(AuthenticationFailed):
        verify([KEY], headers, BODY + b" ", NOW)
    with pytest.raises(AuthenticationFailed):
        verify([], headers, BODY, NOW)


def test_a_v1_signature_is_no_v1sm3_signature() -> None:
    headers = signed_headers(KEY, "m1", NOW, BODY)
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v1sm3,")
    with pytest.raises(AuthenticationFailed):
        verify([KEY], headers, BODY, NOW)


@pytest.mark.parametrize("text", ["", "whsec_", "secret", "whsec_不是", "whsec_ab$d"])
def test_bad_secrets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="密钥"):
        parse_secret(text)


def test_secret_may_lack_padding_and_end_in_a_newline() -> None:
    assert parse_secret("whsec_YWI\n") == b"ab"
