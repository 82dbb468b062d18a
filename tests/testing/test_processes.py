"""Counterparts run as processes of their own, are driven over HTTP and never outlive their parent."""

from __future__ import annotations

import contextlib
import random
import stat
import subprocess
import sys
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bridge.testing.counterparts.control import ControlRefused, RemoteHotline, RemoteUnits, wait_until
from bridge.testing.counterparts.hotline import HotlineSettings
from bridge.testing.counterparts.temper import Temper
from bridge.testing.counterparts.unit import UnitsSettings
from bridge.testing.counterparts.webhooks import new_secret
from bridge.testing.process import Site, free_port
from bridge.testing.tickets import Shape, tickets


@pytest.fixture
def hotline_settings() -> HotlineSettings:
    return HotlineSettings(bridge_url=f"http://127.0.0.1:{free_port()}", secret=new_secret())


def test_a_counterpart_starts_answers_and_ends_with_its_input(
    tmp_path: Path, hotline_settings: HotlineSettings
) -> None:
    with RemoteHotline(hotline_settings, tmp_path) as hotline:
        assert hotline.state()["unanswered"] == 0
        assert hotline.received() == []
        hotline.behave(Temper(error_rate=1))
        url = urlsplit(hotline.url)
    with contextlib.closing(HTTPConnection(url.netloc)) as connection, pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/control/state")
    assert (tmp_path / "hotline.log").read_text() == ""


def test_secrets_are_private_files(tmp_path: Path, hotline_settings: HotlineSettings) -> None:
    with RemoteHotline(hotline_settings, tmp_path):
        assert stat.S_IMODE((tmp_path / "hotline.json").stat().st_mode) == 0o600


def test_an_unknown_order_is_an_error(tmp_path: Path) -> None:
    with RemoteUnits(UnitsSettings(secrets={"tax": new_secret()}), tmp_path, "units") as units:
        with pytest.raises(ControlRefused):
            units.get("nothing")
        assert units.parts() == []


def test_a_hotline_keeps_trying_while_nobody_answers(tmp_path: Path, hotline_settings: HotlineSettings) -> None:
    with RemoteHotline(hotline_settings, tmp_path) as hotline:
        hotline.load([{"external_id": "E1"}])
        wait_until(lambda: hotline.state()["sent"]["lost"] > 2, what="lost attempts")
        assert hotline.state()["unanswered"] == 1


def test_the_command_line_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge.testing.counterparts", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "hotline" in done.stdout
    assert "units" in done.stdout


def test_a_site_keeps_secrets_out_of_its_configuration(tmp_path: Path) -> None:
    site = Site(tmp_path, 8080)
    site.write("http://127.0.0.1:1/pushes", {"tax": "http://127.0.0.1:2/tax/assignments"})
    text = site.config.read_text(encoding="utf-8")
    assert "whsec_" not in text
    assert "[channels.tax]" in text
    assert (tmp_path / "secrets" / "tax").read_text().startswith("whsec_")


def test_tickets_from_one_seed_are_equal_and_of_every_shape() -> None:
    now = datetime(2026, 2, 10, 2, 0, tzinfo=UTC)
    first = [draft for draft, _ in zip(tickets(random.Random(3), "A", now), range(300), strict=False)]
    second = [draft for draft, _ in zip(tickets(random.Random(3), "A", now), range(300), strict=False)]
    assert first == second
    assert {draft.shape for draft in first} == set(Shape)
    assert len({draft.body["external_id"] for draft in first}) == 300
    assert not any("{" in draft.body["content"] for draft in first)
