"""``bridge outbox`` and ``bridge replay``: messages that wait for a person.

Owns: the commands, and which messages a person may mean. Must not: send anything itself; a message made ready is
sent by the worker, under its old key.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, print_rows, refuse
from bridge.core.vocabulary import OutboxState

if TYPE_CHECKING:
    from datetime import datetime

    from bridge.pipeline.service import Service, StoppedDecision
    from bridge.store.stopped import Choice

app = typer.Typer(help="待发件：列出、重发、改正文、作废、记为已另行送达。", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="消息的键。")]
Keys = Annotated[list[str] | None, typer.Argument(help="消息的键，可写几个；不写则按下面的条件选。")]
Reason = Annotated[str | None, typer.Option(help="搁置原因，如 shadow、rejected、unauthorized、uncertain。")]
Target = Annotated[str | None, typer.Option(help="单位或来源。")]
Type = Annotated[str | None, typer.Option("--type", help="消息类型，如 assignment.dispatched、ticket.replied。")]
Case = Annotated[str | None, typer.Option("--case", help="案件编号。")]
Since = Annotated[str | None, typer.Option(help="这一时刻（含）之后排队的，如 2026-03-02 或 2026-03-02 09:30。")]
Until = Annotated[str | None, typer.Option(help="这一时刻（含）之前排队的；只写日期即到当日终了。")]
Every = Annotated[bool, typer.Option("--all", help="不加条件，全部搁置的消息。")]
Nags = Annotated[bool, typer.Option("--nags", help="连同提醒、升级一起；缺省略过，过期的催促不再补发。")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只列出会动到哪些，不改任何东西。")]
Note = Annotated[str | None, typer.Option("--note", help="说明，记入案件历史。")]
_TITLES = {
    "key": "键",
    "kind": "去向",
    "target": "对方",
    "type": "类型",
    "case_id": "案件",
    "state": "状态",
    "attempts": "次数",
    "reason": "原因",
    "last_error": "最近一次失败",
    "due_at": "下次",
}
_BATCH = 100


@app.command(name="list")
def list_messages(
    state: Annotated[OutboxState | None, typer.Option(help="状态。")] = None,
    target: Target = None,
    reason: Reason = None,
    case: Case = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几件。")] = 50,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """列出待发件，新的在前；shadow 模式扣住的用 --reason shadow。"""
    from bridge.cli.ledger import with_store

    equal = {"state": state, "target": target, "reason": reason, "case_id": case}
    rows = with_store(config, lambda store: store.read(lambda tx: store.outbox.listing(tx, limit=limit, **equal)))
    print_rows(_TITLES, rows, as_json=as_json)


@app.command()
def retry(key: Key, note: Note = None, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """让搁置或结果不明的消息再发一次（键不变，对方据此去重）；成批重发用 bridge replay。"""
    from bridge.pipeline.stopped import resend

    _one(config, resend, key, note, "已排队重发", as_json=as_json)


@app.command()
def edit(
    key: Key,
    file: Annotated[
        str | None, typer.Option("--file", help="改好的正文（JSON）；- 表示标准输入。不写则打印现在的正文。")
    ] = None,
    note: Note = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """改正一件搁置的消息的正文：先打印出来改好，再用 --file 交回；改前改后都记入案件历史，改后用 retry 发出。"""
    from bridge.cli.ledger import operator, with_service
    from bridge.cli.options import read_input

    if file is None:
        typer.echo(with_service(config, lambda service: service.message_body(key)), nl=False)
        return
    text = read_input(file)
    changed = with_service(config, lambda service: service.edit_message(key, text, operator(), note))
    typer.echo(f"{key} 已改：{'、'.join(changed)}" if changed else f"{key} 没有改动")


@app.command()
def drop(
    keys: Keys = None,
    reason: Reason = None,
    target: Target = None,
    type_: Type = None,
    case: Case = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    dry_run: DryRun = False,
    note: Note = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """作废不再需要发出的消息。"""
    from bridge.pipeline.stopped import drop as decision

    choice = _choice(keys, reason, target, type_, case, since, until, every=every, nags=True)
    _many(config, decision, keys, choice, note, "已作废", dry_run=dry_run, as_json=as_json)


@app.command(name="by-hand")
def by_hand(
    keys: Keys = None,
    reason: Reason = None,
    target: Target = None,
    type_: Type = None,
    case: Case = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    dry_run: DryRun = False,
    note: Note = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """对方已由别的途径收到：不再外发，按已送达记账；答复按已答复办结。"""
    from bridge.pipeline.stopped import by_hand as decision

    choice = _choice(keys, reason, target, type_, case, since, until, every=every, nags=True)
    _many(config, decision, keys, choice, note, "已记为另行送达", dry_run=dry_run, as_json=as_json)


def replay(
    keys: Keys = None,
    reason: Reason = None,
    target: Target = None,
    type_: Type = None,
    case: Case = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    nags: Nags = False,
    again: Annotated[bool, typer.Option("--again", help="写了键的，已送达的也再发一次（对方把它丢了）。")] = False,
    dry_run: DryRun = False,
    note: Note = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """成批重发搁置、结果不明或 shadow 模式扣住的消息：按原因、对方、类型、案件或时间选；键不变，对方据此去重。"""
    from bridge.pipeline.stopped import resend, resend_delivered

    if again and not keys:
        raise refuse("--again 须写明键：已送达的消息不成批重发")
    choice = _choice(keys, reason, target, type_, case, since, until, every=every, nags=nags or type_ is not None)
    _many(
        config,
        resend_delivered if again else resend,
        keys,
        choice,
        note,
        "已排队重发",
        dry_run=dry_run,
        as_json=as_json,
    )


def _choice(
    keys: list[str] | None,
    reason: str | None,
    target: str | None,
    type_: str | None,
    case: str | None,
    since: str | None,
    until: str | None,
    *,
    every: bool,
    nags: bool,
) -> Choice:
    from bridge.store.stopped import Choice

    filters = (reason, target, type_, case, since, until)
    if bool(keys) + any(filters) + every != 1:
        raise refuse("请写明是哪些消息：写键，或用 --reason、--target、--type、--case、--since、--until 选，或 --all")
    return Choice(reason, target, type_, case, _instant("--since", since), _instant("--until", until), nags)


def _instant(option: str, text: str | None) -> datetime | None:
    from bridge.local_time import local_instant

    try:
        return None if text is None else local_instant(text, end_of_day=option == "--until")
    except ValueError as error:
        raise refuse(f"{option}：{error}") from None


def _one(config: Path, decision: StoppedDecision, key: str, note: str | None, done: str, *, as_json: bool) -> None:
    rows = _settled(config, decision, [key], note)
    if not rows:
        raise refuse(f"没有这件消息，或其状态不允许（正在发送、已送达、已作废，或不需要）：{key}", DOES_NOT_HOLD)
    if as_json:
        print_json({"key": key, "state": rows[0]["state"]})
    else:
        typer.echo(f"{key} {done}")


def _many(
    config: Path,
    decision: StoppedDecision,
    keys: list[str] | None,
    choice: Choice,
    note: str | None,
    done: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    if keys and len(keys) == 1 and not dry_run:
        _one(config, decision, keys[0], note, done, as_json=as_json)
        return
    from bridge.cli.ledger import with_service

    found = keys or with_service(config, lambda service: service.stopped(choice))
    rows = [] if dry_run else _settled(config, decision, found, note)
    if as_json:
        print_json({"found": found, "changed": [row["key"] for row in rows]})
        return
    for key in found if dry_run else [row["key"] for row in rows]:
        typer.echo(key)
    typer.echo(f"共 {len(found)} 件，未动（--dry-run）" if dry_run else f"{done} {len(rows)} 件")


def _settled(config: Path, decision: StoppedDecision, keys: list[str], note: str | None) -> list[dict[str, Any]]:
    from bridge.cli.ledger import operator, with_service

    async def work(service: Service) -> list[dict[str, Any]]:
        rows, waiting = [], iter(keys)
        while batch := list(islice(waiting, _BATCH)):
            rows += await service.settle_stopped(decision, batch, operator(), note)
        return rows

    return with_service(config, work)
