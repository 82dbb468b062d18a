"""Adapters are found by their file's name; a broken one is named, never loaded by half."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapters
from bridge.clock import SystemClock
from bridge.errors import NotFound
from bridge.registry import Registry, UnknownAdapter, feed_class, installed, unit_class
from bridge.signed_http import client_session

BOTH = """
from bridge.adapter import AdapterConfig, Capabilities, FeedAdapter, OutboundMessage, UnitAdapter

LIFE = []

class Upstream(FeedAdapter[AdapterConfig]):
    Config = AdapterConfig
    capabilities = Capabilities(idempotent=True)
    async def start(self) -> None: LIFE.append("start " + self.context.name)
    async def stop(self) -> None: LIFE.append("stop " + self.context.name)
    async def push(self, message: OutboundMessage) -> None: ...

class Channel(UnitAdapter[AdapterConfig]):
    Config = AdapterConfig
    capabilities = Capabilities(idempotent=False)
    async def start(self) -> None: LIFE.append("start " + self.context.name)
    async def stop(self) -> None: LIFE.append("stop " + self.context.name)
    async def dispatch(self, message: OutboundMessage) -> None: ...
"""


@pytest.fixture
def more_adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(tmp_path)])
    (tmp_path / "both_ways.py").write_text(BOTH)
    (tmp_path / "broken_one.py").write_text("raise RuntimeError('half an adapter')")
    (tmp_path / "empty_one.py").write_text("")
    yield tmp_path
    for name in ("both_ways", "broken_one", "empty_one"):
        sys.modules.pop(f"adapters.{name}", None)


def test_the_shipped_ones_are_found() -> None:
    assert feed_class("hotline_12345").__name__ == "Hotline"
    assert unit_class("http_json").__name__ == "HttpJson"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hotline12345", "是否为 hotline_12345"),
        ("zzz", "现有"),
        ("../etc/passwd", "没有名为"),
        ("os", "没有名为"),
        ("http_json", "不能用作上游"),
        ("empty_one", "不能用作上游"),
        ("broken_one", "RuntimeError"),
    ],
)
def test_others_are_refused_with_what_to_do(more_adapters: Path, name: str, says: str) -> None:
    with pytest.raises(UnknownAdapter, match=says):
        feed_class(name)


def test_the_listing_names_what_cannot_be_loaded(more_adapters: Path) -> None:
    found = {each.name: each for each in installed()}
    assert found["both_ways"].feed is not None
    assert found["both_ways"].unit is not None
    assert found["broken_one"].problem is not None
    assert found["empty_one"].feed is None


async def test_instances_live_as_long_as_the_registry(more_adapters: Path) -> None:
    both = sys.modules.get("adapters.both_ways") or sys.modules[feed_class("both_ways").__module__]
    config = both.Upstream.Config()
    async with client_session() as http:
        registry = Registry.build({"a": ("both_ways", config)}, {"b": ("both_ways", config)}, http, SystemClock())
        async with registry:
            assert registry.feed("a").context.name == "a"
            assert registry.channel("b") is not None
            assert registry.channel("c") is None
            with pytest.raises(NotFound):
                registry.feed("b")
            assert both.LIFE == ["start a", "start b"]
    assert both.LIFE == ["start a", "start b", "stop b", "stop a"]
