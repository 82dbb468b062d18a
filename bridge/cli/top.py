"""``bridge top``: the county at work, on a terminal.

Owns: looking again and again until Ctrl-C. Must not: decide what is shown (:mod:`bridge.cli.top_view` does).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, AsJson, Config, print_json

if TYPE_CHECKING:
    from bridge.cli.top_view import Sight
    from bridge.store.store import Store


def top(
    once: Annotated[bool, typer.Option("--once", help="只看一次就退出。")] = False,
    every: Annotated[float, typer.Option(min=0.2, max=60, help="几秒看一次。")] = 2.0,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """实时看全县：案件与外发队列、每分钟登记与送达、最先到期的时限、在运行的进程。只读；Ctrl-C 退出。"""
    if once or as_json:
        _once(config, as_json=as_json)
    else:
        _live(config, every)


def _once(config: Path, *, as_json: bool) -> None:
    from bridge.cli import top_view
    from bridge.cli.ledger import with_store

    sight = with_store(config, _look)
    if as_json:
        print_json(top_view.as_json(sight))
    else:
        typer.echo("\n".join(top_view.lines(sight)))


def _live(config: Path, every: float) -> None:
    from rich.live import Live
    from rich.text import Text

    from bridge.cli import top_view
    from bridge.cli.ledger import with_store
    from bridge.clock import SystemClock

    async def show(store: Store) -> None:
        before: Sight | None = None
        with Live(screen=True, auto_refresh=False) as screen:
            while True:
                now = await _look(store)
                screen.update(Text("\n".join(top_view.lines(now, before))), refresh=True)
                before = now
                await SystemClock().sleep(every)

    with_store(config, show)


async def _look(store: Store) -> Sight:
    from bridge.cli.top_view import look
    from bridge.clock import SystemClock

    wall = SystemClock().wall()
    return await store.read(lambda tx: look(tx, store, wall))
