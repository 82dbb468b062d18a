"""Adapters by name: find the class in ``adapters/<name>.py``, build the instances a configuration asks for.

A name with a dot is a module of a package outside the bridge: ``adapter = "county_adapters.oa"``.

Owns: look-up by importlib, construction, start and stop. Must not: import an adapter statically or know one's name.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import ModuleType
from typing import Any, Self

import aiohttp
from pydantic import BaseModel

from bridge.adapter import AdapterContext, FeedAdapter, UnitAdapter
from bridge.errors import NotFound
from bridge.ports import Clock

_PACKAGE = "adapters"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OUTSIDE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)

AnyFeed = FeedAdapter[Any]
AnyUnit = UnitAdapter[Any]


class UnknownAdapter(LookupError):
    """No such adapter, or not of the kind asked for; the text says what there is (Chinese)."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An adapter found on disk: what it can be, or why it cannot be loaded."""

    name: str
    feed: type[AnyFeed] | None = None
    unit: type[AnyUnit] | None = None
    problem: str | None = None


def feed_class(name: str) -> type[AnyFeed]:
    """Find the upstream adapter of this name.

    Raises:
        UnknownAdapter: there is none.
    """
    found: type[AnyFeed] = _class(name, FeedAdapter, "上游")
    return found


def unit_class(name: str) -> type[AnyUnit]:
    """Find the unit adapter of this name.

    Raises:
        UnknownAdapter: there is none.
    """
    found: type[AnyUnit] = _class(name, UnitAdapter, "单位渠道")
    return found


def installed() -> list[Installed]:
    """List every adapter on disk, by name; one that cannot be imported carries its problem."""
    return [_inspect(name) for name in _names()]


@dataclass(frozen=True)
class Registry:
    """The running adapters of one configuration: upstreams by feed name, channels by channel name."""

    feeds: Mapping[str, AnyFeed] = field(default_factory=dict)
    channels: Mapping[str, AnyUnit] = field(default_factory=dict)
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    def build(
        cls,
        feeds: Mapping[str, tuple[str, BaseModel]],
        channels: Mapping[str, tuple[str, BaseModel]],
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> Registry:
        """Construct an adapter for every feed and channel, given as (adapter name, its validated config)."""

        def context(name: str) -> AdapterContext:
            return AdapterContext(name, http, clock)

        return cls(
            {name: feed_class(adapter)(config, context(name)) for name, (adapter, config) in feeds.items()},
            {name: unit_class(adapter)(config, context(name)) for name, (adapter, config) in channels.items()},
        )

    def feed(self, name: str) -> AnyFeed:
        """Return a feed's adapter.

        Raises:
            NotFound: no such feed is configured.
        """
        if name not in self.feeds:
            raise NotFound("没有这个来源")
        return self.feeds[name]

    def channel(self, name: str) -> AnyUnit | None:
        """Return a channel's adapter; None where the unit is served by its clerk."""
        return self.channels.get(name)

    async def __aenter__(self) -> Self:
        for adapter in (*self.feeds.values(), *self.channels.values()):
            await self._running.enter_async_context(adapter)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()


def _class(name: str, base: type, kind: str) -> Any:
    known = _NAME.fullmatch(name) and name in _names()
    if not known and not _OUTSIDE.fullmatch(name):
        raise UnknownAdapter(f"没有名为 {name!r} 的适配器{_hint(name)}")
    found = _subclass(_import(name), base)
    if found is None:
        raise UnknownAdapter(f"适配器 {name} 不能用作{kind}")
    return found


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name if _OUTSIDE.fullmatch(name) else f"{_PACKAGE}.{name}")
    except Exception as error:
        raise UnknownAdapter(f"适配器 {name} 无法载入（{type(error).__name__}: {error}）") from error


def _inspect(name: str) -> Installed:
    try:
        module = _import(name)
    except UnknownAdapter as error:
        return Installed(name, problem=str(error))
    return Installed(name, _subclass(module, FeedAdapter), _subclass(module, UnitAdapter))


def _subclass(module: ModuleType, base: type) -> Any:
    """Find the one concrete class of this kind that the module itself defines."""
    for _, member in inspect.getmembers(module, inspect.isclass):
        if issubclass(member, base) and member.__module__ == module.__name__ and not inspect.isabstract(member):
            return member
    return None


def _names() -> list[str]:
    package = importlib.import_module(_PACKAGE)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))


def _hint(name: str) -> str:
    close = get_close_matches(name, _names(), n=1)
    return f"，是否为 {close[0]}？" if close else f"；现有：{'、'.join(_names())}"
