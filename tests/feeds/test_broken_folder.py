"""A folder that is full, read-only or gone: every file stays, the reason is named, and all goes on afterwards."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import Any

import pytest

from bridge.adapter import OutboundMessage
from bridge.errors import DeliveryError, FailureReason, FolderTrouble
from bridge.loops import Heartbeats, repeat
from tests.feeds.conftest import Exchange, row

REASONS = [
    (errno.ENOSPC, "磁盘已满"),
    (errno.EDQUOT, "配额已满"),
    (errno.EROFS, "只读"),
    (errno.EACCES, "没有权限"),
    (errno.EIO, "磁盘读写出错"),
]


def fail(monkeypatch: pytest.MonkeyPatch, function: str, number: int) -> None:
    """Let the operating system refuse a call."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, function, refuse)


@pytest.mark.parametrize(("number", "reason"), REASONS)
@pytest.mark.parametrize("function", ["mkdir", "rename", "scandir"])
async def test_intake_stops_without_loss_and_goes_on(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, number: int, reason: str, function: str
) -> None:
    exchange.letters("a.csv", row("XF1"), row(""))
    await exchange.loops["channel:tax"].step()
    with monkeypatch.context() as broken:
        fail(broken, function, number)
        with pytest.raises(FolderTrouble, match=reason):
            await exchange.loops["feed:petition"].step()
    assert exchange.files("petition/in") == ["a.csv"]
    assert await exchange.poll() == 1
    assert await exchange.known() == {"XF1"}
    file = await exchange.ledger.file((await exchange.case("XF1"))["id"])
    assert file.tickets[0].revision == 1
    assert exchange.files("petition/bad") == ["a.errors.csv"]


@pytest.mark.parametrize(("number", "reason"), REASONS)
async def test_an_answer_that_cannot_be_written_is_tried_again(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    message = OutboundMessage("c1a1-dispatched-3", "assignment.dispatched", '{"name":"祁先生"}'.encode(), 1)
    with monkeypatch.context() as broken:
        fail(broken, "rename", number)
        with pytest.raises(DeliveryError, match=reason) as caught:
            await exchange.unit.dispatch(message)
    assert caught.value.reason is FailureReason.UNAVAILABLE
    assert "祁" not in str(caught.value)
    assert exchange.files("tax/out") == []
    await exchange.unit.dispatch(message)
    assert exchange.files("tax/out") == ["c1a1-3.json"]


async def test_one_file_nobody_may_read_does_not_hold_up_the_others(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.letters("a.csv", row("XF1"))
    exchange.letters("b.csv", row("XF2"))
    real = os.open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> int:
        if path == "a.csv":
            raise PermissionError(errno.EACCES, "denied")
        return real(path, *args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(os, "open", refuse)
        with pytest.raises(FolderTrouble, match="没有权限"):
            await exchange.loops["feed:petition"].step()
    assert exchange.files("petition/in") == ["a.csv"]
    assert await exchange.known() == {"XF2"}


async def test_trouble_is_logged_and_leaves_the_process_ready(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock, loop = exchange.ledger.clock, exchange.loops["feed:petition"]
    beats = Heartbeats(clock, exchange.metrics)
    fail(monkeypatch, "scandir", errno.EROFS)
    task = asyncio.create_task(repeat(loop.name, loop.step, clock, beats, every_seconds=1))
    while not clock.sleepers:
        await asyncio.to_thread(lambda: None)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert beats.lacking() == []
    assert loop.name in beats.last
    assert exchange.metrics.value("loop_last_success_timestamp_seconds", loop=loop.name) == 0
    assert "folder.trouble" in capsys.readouterr().out
