"""``bridge tokens``: operators' tokens, while the daemon runs or not.

Owns: the three commands. Must not: print a token twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, print_rows, refuse
from bridge.core.civil import SHANGHAI
from bridge.core.operators import OperatorRole

if TYPE_CHECKING:
    from bridge.store.store import Store
    from bridge.store.tokens import StoredToken

app = typer.Typer(help="经办人员的访问令牌：签发、列出、吊销。", no_args_is_help=True)

MAX_DAYS = 3650
_TITLES = {
    "id": "编号",
    "name": "姓名",
    "role": "角色",
    "unit": "单位",
    "state": "状态",
    "created_at": "签发",
    "expires_at": "到期",
}


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="持有人。")],
    role: Annotated[OperatorRole, typer.Option(help="角色。")],
    unit: Annotated[str | None, typer.Option(help="经办员所在单位，例如 tax。")] = None,
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="有效天数。")] = 90,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """签发一个令牌；只显示这一次。持有人已有有效令牌的照样另发，并列出原有的。"""
    from bridge.cli.ledger import with_store
    from bridge.opening import system_ports
    from bridge.pipeline.tokens import Operator, issue, listed

    if role is OperatorRole.CLERK and not unit:
        raise refuse("经办员（clerk）须用 --unit 指明单位")
    _check_unit(unit, config)
    operator, ports = Operator(name, role.value, unit), system_ports()
    wall = ports.clock.wall()

    async def work(store: Store) -> tuple[str, list[StoredToken]]:
        others = [token for token in await listed(store) if token.name == name and _is_good(token, wall)]
        return await issue(store, ports, operator, days), others

    token, others = with_store(config, work)
    _tell_of_others(name, others)
    if as_json:
        also = [_row(other, wall) for other in others]
        print_json({"name": name, "role": role.value, "unit": unit, "token": token, "also_valid": also})
    else:
        typer.echo(token)


@app.command(name="list")
def list_tokens(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """列出全部令牌（不含令牌本身）。"""
    from bridge.cli.ledger import with_store
    from bridge.opening import system_ports
    from bridge.pipeline.tokens import listed

    wall = system_ports().clock.wall()
    rows = [_row(token, wall) for token in with_store(config, listed)]
    print_rows(_TITLES, rows, as_json=as_json)


@app.command()
def revoke(
    reference: Annotated[str, typer.Argument(help="令牌编号或持有人。")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """立即吊销；运行中的守护进程随即拒绝。"""
    from bridge.cli.ledger import with_store
    from bridge.opening import system_ports
    from bridge.pipeline.tokens import revoke as revoke_tokens

    async def work(store: Store) -> int:
        return await revoke_tokens(store, reference, system_ports().clock.wall())

    count = with_store(config, work)
    if not count:
        raise refuse(f"没有可吊销的令牌：{reference}", DOES_NOT_HOLD)
    if as_json:
        print_json({"revoked": count})
    else:
        typer.echo(f"已吊销 {count} 个")


def _check_unit(unit: str | None, config: Config) -> None:
    if unit is None:
        return
    from bridge.cli.options import settings_of
    from bridge.live_rules import load

    units = load(settings_of(config)).policy.units
    if unit not in units:
        raise refuse(f"规则中没有单位 {unit}；现有：{'、'.join(units)}")


def _is_good(token: StoredToken, wall: datetime) -> bool:
    return token.revoked_at is None and token.expires_at > wall


def _tell_of_others(name: str, others: Sequence[StoredToken]) -> None:
    """Say on stderr which tokens a person has already: they go on working until somebody revokes them."""
    if not others:
        return
    typer.echo(f"注意：{name} 原有 {len(others)} 个有效令牌，仍可使用：", err=True)
    for each in others:
        unit = f" {each.unit}" if each.unit else ""
        typer.echo(f"  {each.id}  {each.role}{unit}  {_shown(each.expires_at)} 到期", err=True)
    typer.echo("不再用的按编号吊销：bridge tokens revoke 编号（写姓名则连新签发的一起吊销）", err=True)


def _row(token: StoredToken, wall: datetime) -> dict[str, str | None]:
    state = "有效" if _is_good(token, wall) else "已吊销" if token.revoked_at else "已过期"
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "unit": token.unit,
        "state": state,
        "created_at": _shown(token.created_at),
        "expires_at": _shown(token.expires_at),
    }


def _shown(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).isoformat(timespec="seconds")
