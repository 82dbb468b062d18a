"""``bridge backfill`` and ``bridge reconcile``: what an upstream has given, beside what we have.

Owns: the wording of differences, the exit status. Must not: compare.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse

if TYPE_CHECKING:
    from datetime import datetime

    from bridge.feeds.reconcile import Difference
    from bridge.pipeline.service import Service
    from bridge.registry import Registry

Feed = Annotated[str | None, typer.Option(help="来源；只配了一个来源时可不写。")]
File = Annotated[
    Path | None,
    typer.Option(
        "--file", help="上游给的清单：每行一件（格式同推送），或信访导出的 CSV；不写则向上游查询、读交换目录的 done/。"
    ),
]
DAYS = 30
"""How far a reconciliation looks back unless told otherwise."""
WORDS = {
    "missing": "上游有、我方没有",
    "changed": "内容与上游不同",
    "unknown_upstream": "我方有、上游没有列出",
    "reply_missing": "我方已答复、上游没有收到",
    "unreadable": "读不出来",
}


def backfill(
    since: Annotated[str, typer.Option("--since", help="补收这一时刻（含）之后受理的工单，如 2026-03-02。")],
    feed: Feed = None,
    file: File = None,
    revise: Annotated[
        bool, typer.Option("--revise", help="内容与上游不同的，按上游的更新为新版；缺省只补缺的。")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """补收漏掉的工单：按工单号识别，已有的不动；退出状态 1 表示还有不一致。"""
    found = _compared(config, feed, file, since, take=True, revise=revise)
    if not as_json:
        typer.echo(f"上游列出 {found.listed} 件，补收 {len(found.taken)} 件" + _listing(found.taken))
    _tell(found, as_json=as_json)


def reconcile(
    since: Annotated[str | None, typer.Option("--since", help=f"对账从哪一天起；缺省 {DAYS} 天前。")] = None,
    feed: Feed = None,
    file: File = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """对账：上游给过的工单、收到的答复，与我方逐件核对；只看不改，有不一致以 1 退出。"""
    found = _compared(config, feed, file, since, take=False, revise=False)
    if not as_json:
        typer.echo(f"上游列出 {found.listed} 件")
    _tell(found, as_json=as_json)


def _compared(
    config: Path, feed: str | None, file: Path | None, since: str | None, *, take: bool, revise: bool
) -> Difference:
    from bridge.cli.ledger import with_feeds
    from bridge.feeds.reconcile import compare, pages

    async def work(service: Service, registry: Registry) -> Difference:
        name = _chosen(feed, registry)
        start = _instant(since) if since else service.runtime.now() - timedelta(days=DAYS)
        async with registry.feeds[name] as adapter:
            told = pages(adapter, start, file)
            return await compare(service, name, told, start, take=take, revise=revise)

    return with_feeds(config, work)


def _chosen(feed: str | None, registry: Registry) -> str:
    names = list(registry.feeds)
    if feed is None and len(names) == 1:
        return names[0]
    if feed not in names:
        raise refuse(f"请用 --feed 指明来源；有：{'、'.join(names) or '（没有配置）'}")
    return feed


def _instant(text: str) -> datetime:
    from bridge.local_time import local_instant

    try:
        return local_instant(text)
    except ValueError as error:
        raise refuse(f"--since：{error}") from None


def _listing(numbers: list[str]) -> str:
    return f"：{'、'.join(numbers)}" if numbers else ""


def _tell(found: Difference, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(found), "agrees": found.agrees})
    else:
        taken = set(found.taken)
        for name, words in WORDS.items():
            left = [each for each in getattr(found, name) if each not in taken]
            if left:
                typer.echo(f"{words} {len(left)} 件{_listing(left)}")
        typer.echo(
            "一致"
            if found.agrees
            else "有不一致，见上；缺的用 bridge backfill 补收，答复没收到的用 bridge replay 键 --again 重发"
        )
    if not found.agrees:
        raise typer.Exit(DOES_NOT_HOLD)
