"""An entry that breaks the program is set aside alone, and a database that fails loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bridge.adapter import Entry
from bridge.errors import Unavailable
from bridge.feeds.taking import Outcome
from bridge.pipeline.inbound import Answer
from tests.feeds.conftest import Exchange, row


async def test_an_entry_nobody_can_take_is_refused_alone(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    taker = exchange.loops["feed:petition"].taker
    real = taker.accept

    async def accept(entry: Entry, key: str) -> Answer:
        if entry.line == 3:
            raise ZeroDivisionError
        return await real(entry, key)

    monkeypatch.setattr(taker, "accept", accept)
    exchange.letters("a.csv", row("XF1"), row("XF2"), row("XF3"))
    await exchange.poll()
    assert await exchange.known() == {"XF1", "XF3"}
    assert "程序错误" in (exchange.directory / "petition/bad/a.errors.csv").read_text(encoding="utf-8")


async def test_a_ledger_that_fails_in_the_middle_leaves_the_file(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = exchange.loops["feed:petition"]
    real = loop.taker.take
    calls: list[Any] = []

    async def take(entries: Sequence[Entry], key: str) -> list[Outcome]:
        calls.append(entries)
        if len(calls) == 2:
            raise Unavailable("full")
        return await real(entries, key)

    monkeypatch.setattr("bridge.feeds.loop.ENTRIES_AT_ONCE", 2)
    monkeypatch.setattr(loop.taker, "take", take)
    exchange.letters("a.csv", *(row(f"XF{number}") for number in range(5)))
    with pytest.raises(Unavailable):
        await loop.step()
    assert exchange.files("petition/in") == ["a.csv"]
    assert len(await exchange.cases()) == 2
    assert await loop.step() == 1
    assert len(await exchange.cases()) == 5
    first = await exchange.ledger.file((await exchange.case("XF0"))["id"])
    assert first.tickets[0].revision == 1
