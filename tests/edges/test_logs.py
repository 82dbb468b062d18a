"""Log lines: JSON in Beijing time, masked whatever was passed, libraries and tracebacks included."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from bridge.cli import main
from bridge.logs import configure_logs, get_log
from bridge.masking import masked, masked_text
from tests.rules.conftest import BASE

NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    stream = io.StringIO()
    configure_logs(lambda: NOW, stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_in_beijing_time(out: io.StringIO) -> None:
    get_log("intake").info("ticket.accepted", feed="hotline", count=3, external_id="ZZ12345-20261123-000101")
    assert lines(out) == [
        {
            "ts": "2026-11-24T00:30:00.000+08:00",
            "level": "info",
            "event": "ticket.accepted",
            "component": "intake",
            "feed": "hotline",
            "count": 3,
            "external_id": "ZZ12345-20261123-000101",
        }
    ]


def test_personal_data_never_reaches_a_line(out: io.StringIO) -> None:
    log = get_log("x")
    log.warning("unit.said", detail="请回电13912345678或0356-1234567", petitioner={"name": "张三"}, phone="13912345678")
    log.error("a.b", nested=[{"id_number": "140525199001011234"}, "身份证14052519900101123X"], token="tb_abc")
    logging.getLogger("aiohttp.server").error("boom %s", "13912345678 whsec_c2VjcmV0")
    text = out.getvalue()
    for private in ("13912345678", "1234567", "张三", "14052519900101123", "tb_abc", "c2VjcmV0"):
        assert private not in text
    assert len(lines(out)) == 3


def test_tracebacks_are_masked(out: io.StringIO) -> None:
    try:
        int("13912345678 ")
        int("电话13912345678")
    except ValueError:
        get_log("x").exception("delivery.parked")
    (line,) = lines(out)
    assert "Traceback" in line["exception"]
    assert "13912345678" not in line["exception"]


@pytest.mark.usefixtures("out")
def test_a_command_shows_no_values_beside_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    structlog.reset_defaults()
    monkeypatch.setattr(sys, "argv", ["bridge", "rules", "check", str(BASE)])
    with pytest.raises(SystemExit):
        main()
    name = "禾小桑"[::-1]
    try:
        int(name[:0])
    except ValueError:
        get_log("x").exception("rules.assessment_failed")
    shown = capsys.readouterr()
    assert "ValueError" in shown.err
    assert name not in shown.out + shown.err


def test_libraries_are_quiet_below_warning(out: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("GET /")
    get_log("x").debug("not.shown")
    assert out.getvalue() == ""


def test_lines_for_people(out: io.StringIO) -> None:
    configure_logs(lambda: NOW, form="console", stream=out)
    get_log("x").info("case.opened", name="张三")
    assert "case.opened" in out.getvalue()
    assert "张三" not in out.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13912345678", "[电话]"),
        ("+86 139-1234-5678。", "[电话]。"),
        ("座机0356-12345678转2", "座机[电话]转2"),
        ("140525199001011234", "[证件号]"),
        ("14052519900101123x", "[证件号]"),
        ("140525900101123", "[证件号]"),
        ("ZZ12345-20251103-000101", "ZZ12345-20251103-000101"),
        ("202611230001", "202611230001"),
        ("20240101000072", "20240101000072"),
        ("2026-11-23T16:30:00.123+08:00", "2026-11-23T16:30:00.123+08:00"),
        ("postgresql+asyncpg://user:pa55@db/bridge", "postgresql+asyncpg://***@db/bridge"),
        ("Authorization: Bearer tb_x", "Authorization: Bearer ***"),
        ("whsec_abc+/=", "whsec_***"),
        ("t01jdzq5n8v3m7k2x4y6w8r0ab1a1", "t01jdzq5n8v3m7k2x4y6w8r0ab1a1"),
    ],
)
def test_masks(text: str, expected: str) -> None:
    assert masked_text(text) == expected


def test_masks_any_shape() -> None:
    assert masked({"Phone": "1", "ok": (1, None, True, b"13912345678"), "at": NOW, "name": None}) == {
        "Phone": "***",
        "ok": [1, None, True, "b'[电话]'"],
        "at": str(NOW),
        "name": None,
    }
