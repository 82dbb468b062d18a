"""A call that hangs is given up by whoever asked, not begun again, and answers the next one who asks."""

from __future__ import annotations

import asyncio

import pytest

from bridge.errors import Unavailable
from bridge.patience import Patience


class Ledger:
    """Answers with the number of times it was asked, once it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.let_go = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        await self.let_go.wait()
        return self.asked

    async def break_down(self) -> int:
        self.asked += 1
        await self.let_go.wait()
        raise ZeroDivisionError


async def test_a_hanging_call_is_waited_for_and_not_begun_again() -> None:
    ledger, patience = Ledger(), Patience[int](0.01)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await patience.wait_for(ledger.ask)
    assert ledger.asked == 1
    patience.seconds = 60
    waiting = asyncio.create_task(patience.wait_for(ledger.ask))
    ledger.let_go.set()
    assert await waiting == 1
    assert await patience.wait_for(ledger.ask) == 2


async def test_whoever_asks_meanwhile_gets_an_answer_of_his_own_and_an_error_is_told() -> None:
    ledger, patience = Ledger(), Patience[int](60)
    both = [asyncio.create_task(patience.wait_for(call)) for call in (ledger.break_down, ledger.ask)]
    ledger.let_go.set()
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(first, ZeroDivisionError)
    assert second == 2


async def test_an_error_nobody_waits_for_is_no_warning() -> None:
    ledger, patience = Ledger(), Patience[int](0.01)
    with pytest.raises(Unavailable):
        await patience.wait_for(ledger.break_down)
    ledger.let_go.set()
    patience.seconds = 60
    with pytest.raises(ZeroDivisionError):
        await patience.wait_for(ledger.ask)
