"""Every shipped adapter, and an example outside the bridge, passes the public kit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from adapters.console import Console
from adapters.file_drop import FileDrop
from adapters.hotline_12345 import Hotline
from adapters.http_json import HttpJson
from adapters.xinfang import Xinfang
from bridge.testing.adapter_suite import CITIZEN, SECRET, BodySuite, FolderSuite, HttpSuite, message_to, ticket_body
from tests.adapters.example.county_form import CountyForm

RECEIPT = {"type": "progress", "text": f"已联系{CITIZEN[0]}，电话{CITIZEN[1]}", "signed_by": "王五"}


class TestHotlineOut(HttpSuite):
    adapter = Hotline

    def keys(self, url: str) -> dict[str, Any]:
        return {"push_url": url, "secrets": [SECRET]}


class TestHotlineIn(BodySuite):
    adapter = Hotline

    def keys(self) -> dict[str, Any]:
        return {"secrets": [SECRET]}

    def body(self) -> bytes:
        return json.dumps(ticket_body(), ensure_ascii=False).encode()


class TestHttpJsonOut(HttpSuite):
    adapter = HttpJson

    def keys(self, url: str) -> dict[str, Any]:
        return {"url": url, "secrets": [SECRET]}


class TestHttpJsonIn(BodySuite):
    adapter = HttpJson

    def keys(self) -> dict[str, Any]:
        return {"secrets": [SECRET]}

    def body(self) -> bytes:
        return json.dumps(RECEIPT, ensure_ascii=False).encode()


class TestXinfang(FolderSuite):
    adapter = Xinfang

    def keys(self, directory: Path) -> dict[str, Any]:
        return {"dir": directory}

    def file(self) -> tuple[str, bytes]:
        name, phone, identity = CITIZEN
        rows = [f"XF{n},2026-03-02,{name}反映少报基数,求决,{name},{phone},{identity}" for n in range(5)]
        return "a.csv", "\n".join(["xfjbh,xfrq,反映内容,xfmddm,姓名,联系电话,证件号码", *rows, ""]).encode()


class TestFileDrop(FolderSuite):
    adapter = FileDrop

    def keys(self, directory: Path) -> dict[str, Any]:
        return {"dir": directory}

    def file(self) -> tuple[str, bytes]:
        return "c01suitea1-1.json", json.dumps(RECEIPT, ensure_ascii=False).encode()


class TestExample(HttpSuite):
    """No key, so what got lost is uncertain; the kit asks for exactly that."""

    adapter = CountyForm

    def keys(self, url: str) -> dict[str, Any]:
        return {"url": url}


async def test_a_console_takes_everything_at_once() -> None:
    adapter = Console(Console.Config(), None)  # type: ignore[arg-type]
    await adapter.dispatch(message_to(adapter))
    assert adapter.delivers
