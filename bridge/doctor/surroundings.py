"""What is around the daemon: its port, its counterparts, the certificates in between.

Owns: looking without sending a message. Must not: judge a counterpart's answers.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge import pid_file, refusals
from bridge.adapter import Adapter
from bridge.doctor.finding import Finding, fault, faults, good, note
from bridge.errors import DeliveryError, FolderTrouble
from bridge.ports import Clock
from bridge.reaching import Reached, reach
from bridge.registry import Registry
from bridge.settings import Settings
from bridge.signed_http import client_session

EXPIRES_SOON = timedelta(days=30)
Named = tuple[str, Adapter[Any]]


def listening(settings: Settings) -> Finding:
    """Check that the port is free, or that our own daemon has it."""
    address = settings.document.listen
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except (OSError, UnicodeError) as error:
        if (number := pid_file.running(settings.folder)) is not None:
            return good("listen", f"{address} 由正在运行的服务（进程 {number}）使用")
        return faults("listen", refusals.not_listening(address, error))[0]
    return good("listen", f"{address} 空闲")


async def counterparts(settings: Settings, clock: Clock) -> list[Finding]:
    """Check every feed and channel, and our own public address where it has a certificate."""
    async with client_session() as http:
        registry = Registry.build(settings.adapters_of_feeds(), settings.adapters_of_channels(), http, clock)
        named: Sequence[Named] = [
            *((f"feeds.{name}", each) for name, each in registry.feeds.items()),
            *((f"channels.{name}", each) for name, each in registry.channels.items()),
        ]
        found = await asyncio.gather(*(_counterpart(name, each, clock.wall()) for name, each in named))
    return [*found, *await _public_address(settings, clock.wall())]


async def _counterpart(name: str, adapter: Adapter[Any], wall: datetime) -> Finding:
    try:
        return _reached(name, await adapter.probe(), wall)
    except FolderTrouble as error:
        return fault(name, str(error), "首次启动会自动建立；共享目录请检查挂载、属主与权限")
    except DeliveryError as error:
        return _not_reached(name, error, "检查网络、防火墙和对方服务")


def _not_reached(name: str, error: DeliveryError, remedy: str) -> Finding:
    """Report a failure; a certificate's brings its own remedy."""
    text, _, own = str(error).partition("；")
    return fault(name, text, own or remedy)


def _reached(name: str, reached: Reached, wall: datetime) -> Finding:
    until = reached.certificate_until
    if until is not None and until < wall + EXPIRES_SOON:
        days = (until - wall).days
        return note(
            name, f"{reached.words}，证书 {days} 天后到期（{until.date()}）", "到期前更换证书，否则连接会被拒绝"
        )
    if reached.refused_files:
        remedy = "看 bad/ 里的说明，改好后重新放进 in/，处理完的移走"
        return note(name, f"{reached.words}，bad/ 里有 {reached.refused_files} 个未能读取的文件", remedy)
    return good(name, reached.words)


async def _public_address(settings: Settings, wall: datetime) -> list[Finding]:
    address = settings.public_url
    if not address.startswith("https://"):
        return []
    try:
        return [_reached("public_url", await reach(address), wall)]
    except DeliveryError as error:
        return [_not_reached("public_url", error, "检查反向代理；单位的回执要经这个地址")]
