"""The demo from start to end: set up, play, judge, show; then random tickets until Ctrl-C.

Owns: the order of things and the exit status. Must not: know what a story is made of.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from typing import NoReturn

from rich.console import Console

from bridge.demo.crowd import Crowd
from bridge.demo.lookout import places
from bridge.demo.player import Player, Run, runs_of
from bridge.demo.stories import CLOSES, CRASHES, OPENS, STORIES
from bridge.demo.story import instant
from bridge.demo.verdict import differences
from bridge.demo.view import Screen, results
from bridge.demo.words import STATES
from bridge.demo.world import World
from bridge.testing.counterparts.ledger import Json
from bridge.testing.process import free_port

SEED = 140525

Judged = tuple[Run, Json, list[str]]


def run_demo(*, once: bool = False, tickets: int = 0, speed: float = 600.0, port: int = 8080) -> int:
    """Play every story; return 0 only if each ended as it says.

    Without ``once`` random tickets follow until Ctrl-C, ``speed`` business seconds to a second.
    """
    console = Console()
    began = time.monotonic()
    with _ended_by_signal(), World(instant(OPENS), _usable(console, port)) as world:
        console.print(f"网桥已就绪:{world.county.site.url}(SQLite,数据在 {world.directory})", soft_wrap=True)
        for line in places(world.county.site.url, world.directory):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
        judged = _perform(console, world)
        if tickets:
            _feed(console, world, tickets)
        console.print(f"用时 {time.monotonic() - began:.0f} 秒")
        if not once:
            _go_on(console, world, speed)
    return 1 if any(found for _, _, found in judged) else 0


def _perform(console: Console, world: World) -> list[Judged]:
    """Play and judge the stories and show what became of them."""
    runs = runs_of(STORIES)
    with Screen(console, runs, world.now) as screen:
        Player(world, runs, screen).play(instant(CLOSES), instant(CRASHES))
    judged = [_judge(world, run) for run in runs]
    console.print(results(judged))
    for run, _, found in judged:
        for line in found:
            console.print(f"✗ {run.story.id} {run.story.name}:{line}", style="red", markup=False, soft_wrap=True)
    _count(console, world, judged)
    return judged


def _judge(world: World, run: Run) -> Judged:
    """Compare a story's case with its outcome; a case that was never opened is a difference too."""
    if not run.case_id:
        return run, {}, [*run.problems, "没有立案"]
    case = world.case(run.case_id)
    return run, case, differences(run, case)


def _count(console: Console, world: World, judged: Sequence[Judged]) -> None:
    """Print the counts."""
    kinds = world.heard
    good = sum(not found for _, _, found in judged)
    console.print(
        f"{good}/{len(judged)} 个故事如期;步骤 {sum(run.done for run, _, _ in judged)},"
        f"派单 {kinds['assignment.dispatched']},催办 {kinds['assignment.reminder']},升级 {kinds['assignment.escalated']},"
        f"答复 {kinds['ticket.replied']},回推共 {sum(n for kind, n in kinds.items() if kind.startswith('ticket.'))}",
        soft_wrap=True,
    )


def _feed(console: Console, world: World, tickets: int) -> None:
    """Feed extra tickets and print what became of them."""
    states = Crowd(world, SEED).all_at_once(tickets)
    told = ",".join(f"{STATES[state]} {number}" for state, number in states.items())
    console.print(f"另送随机工单 {tickets} 张:{told}", soft_wrap=True)


def _go_on(console: Console, world: World, speed: float) -> None:
    """Feed random tickets until Ctrl-C, and say where to look."""
    url = world.county.site.url
    console.print(f"健康 {url}/readyz   指标 {url}/metrics   案件 {url}/v1/cases", soft_wrap=True)
    console.print(f"令牌(只读):curl -H 'Authorization: Bearer {world.token('auditor')}' {url}/v1/cases", soft_wrap=True)
    console.print("继续送随机工单,按 Ctrl-C 结束。")
    with contextlib.suppress(KeyboardInterrupt), Screen(console, (), world.now) as screen:
        Crowd(world, SEED).for_ever(speed, screen)


def _usable(console: Console, port: int) -> int:
    """Return ``port`` if nobody listens on it, else another one, saying so."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            other = free_port()
            console.print(f"端口 {port} 已被占用,改用 {other}(可用 --port 指定)", style="yellow")
            return other
    return port


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does, so that every process it started is ended too."""

    def end(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
