"""A ledger with real exchange folders beside it: 信访 as a feed, the tax bureau as a unit without a system."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.file_drop import FileDrop, FileDropConfig
from adapters.xinfang import Xinfang, XinfangConfig
from bridge.adapter import AdapterContext
from bridge.feeds.folders import folder_loops
from bridge.feeds.loop import FolderLoop
from bridge.loops import Heartbeats
from bridge.metrics import Metrics
from bridge.registry import Registry
from bridge.signed_http import client_session
from tests.pipeline.conftest import Ledger, clock, ledger, shipped_rules

__all__ = ["clock", "ledger", "shipped_rules"]

HEADER = "信访件编号,信访日期,反映内容,信访目的,姓名,联系电话,地址,被反映单位"
CONTENT = "来电人在晋宇光电上班公司从2024年7月到现在一直按最低基数给他申报社保要求公司按实际工资申报缴费基数"


def row(number: str, content: str = CONTENT, purpose: str = "求决", date: str = "2026-02-27") -> str:
    return f"{number},{date},{content},{purpose},祁先生,13300000606,泽州县某村,晋宇光电"


@dataclass
class Exchange:
    """The folders and the loops over them, stepped by hand."""

    directory: Path
    ledger: Ledger
    feed: Xinfang
    unit: FileDrop
    metrics: Metrics
    loops: dict[str, FolderLoop] = field(default_factory=dict)

    def files(self, where: str) -> list[str]:
        return sorted(path.name for path in (self.directory / where).iterdir())

    def put(self, where: str, name: str, content: str | bytes) -> Path:
        """Hand a file over as the contract asks: under another name first, then renamed."""
        path = self.directory / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_bytes(content if isinstance(content, bytes) else content.encode())
        temporary.rename(path)
        return path

    def letters(self, name: str, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
        return self.put("petition/in", name, "\r\n".join((header, *rows, "")).encode(encoding))

    async def poll(self) -> int:
        return sum([await loop.step() for loop in self.loops.values()])

    async def cases(self) -> list[dict[str, Any]]:
        from bridge.pipeline.queries import CaseQuery

        found = await self.ledger.service.cases(CaseQuery())
        return list(found["cases"])

    async def known(self) -> set[str]:
        """Return the numbers of every ticket there is."""
        return {case["tickets"][0]["external_id"] for case in await self.cases()}

    async def case(self, external_id: str) -> dict[str, Any]:
        from bridge.pipeline.queries import CaseQuery

        found = await self.ledger.service.cases(CaseQuery(external_id=external_id))
        assert len(found["cases"]) == 1, found
        return await self.ledger.service.case(found["cases"][0]["id"])

    def read(self, where: str) -> Any:
        return json.loads((self.directory / where).read_text(encoding="utf-8"))


@pytest.fixture
async def exchange(tmp_path: Path, ledger: Ledger) -> AsyncIterator[Exchange]:
    clock = ledger.clock
    async with client_session() as http:
        feed = Xinfang(XinfangConfig(dir=tmp_path / "petition"), AdapterContext("petition", http, clock))
        unit = FileDrop(FileDropConfig(dir=tmp_path / "tax"), AdapterContext("tax", http, clock))
        registry = Registry({"petition": feed}, {"tax": unit})
        metrics = Metrics()
        built = Exchange(tmp_path, ledger, feed, unit, metrics)
        for loop in folder_loops(registry, ledger.service, Heartbeats(clock, metrics), metrics, "p1"):
            built.loops[loop.name] = loop
        yield built
