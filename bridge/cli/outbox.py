"""``bridge outbox``: messages that wait for a person.

Owns: the three commands. Must not: send anything itself; a message made ready is sent by the worker, under its old key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, print_rows, refuse

if TYPE_CHECKING:
    from bridge.store.store import Store
    from bridge.store.writer import Tx

app = typer.Typer(help="待发件：列出、重发、作废。", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="消息的键。")]
_TITLES = {
    "key": "键",
    "kind": "去向",
    "target": "对方",
    "type": "类型",
    "state": "状态",
    "attempts": "次数",
    "reason": "原因",
    "last_error": "最近一次失败",
    "due_at": "下次",
}


@app.command(name="list")
def list_messages(
    state: Annotated[
        str | None, typer.Option(help="状态：ready、leased、delivered、parked、uncertain、cancelled。")
    ] = None,
    target: Annotated[str | None, typer.Option(help="单位或来源。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几件。")] = 50,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """列出待发件，新的在前。"""
    from bridge.cli.ledger import with_store

    async def work(store: Store) -> list[dict[str, Any]]:
        return await store.read(lambda tx: store.outbox.listing(tx, state=state, target=target, limit=limit))

    print_rows(_TITLES, with_store(config, work), as_json=as_json)


@app.command()
def retry(key: Key, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """让搁置或结果不明的消息再发一次（键不变，对方据此去重）。"""
    from bridge.app import system_ports
    from bridge.core.vocabulary import OutboxState

    wall = system_ports().clock.wall()
    states = [OutboxState.PARKED, OutboxState.UNCERTAIN]
    values = {"state": OutboxState.READY.value, "due_at": wall, "reason": None}
    _change(config, key, states, values, "已排队重发", as_json=as_json)


@app.command()
def drop(key: Key, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """作废一件不再需要发出的消息。"""
    from bridge.core.vocabulary import OutboxState

    states = [OutboxState.PARKED, OutboxState.UNCERTAIN, OutboxState.READY]
    values = {"state": OutboxState.CANCELLED.value, "due_at": None, "reason": "dropped"}
    _change(config, key, states, values, "已作废", as_json=as_json)


def _change(config: Config, key: str, states: list[Any], values: dict[str, Any], done: str, *, as_json: bool) -> None:
    from bridge.cli.ledger import with_store

    async def work(store: Store) -> bool:
        def unit(tx: Tx) -> bool:
            return store.outbox.change(tx, key, states, **values)

        return await store.write(unit)

    if not with_store(config, work):
        raise refuse(f"没有这件消息，或其状态不允许（正在发送、已送达、已作废，或不需要）：{key}", DOES_NOT_HOLD)
    if as_json:
        print_json({"key": key, "state": values["state"]})
    else:
        typer.echo(f"{key} {done}")
