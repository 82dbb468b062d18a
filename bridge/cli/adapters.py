"""``bridge adapters``: which adapters are installed, whether the configured ones can be built, and a new one to begin with.

Owns: the three commands. Must not: contact a counterpart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_rows, refuse, settings_of

app = typer.Typer(help="适配器：列出、检查、新建。", no_args_is_help=True)

_TITLES = {"name": "名称", "kinds": "用途", "keys": "配置键", "idempotent": "可重发", "problem": "问题"}
_CHECKED = {"kind": "用途", "name": "名称", "adapter": "适配器", "delivers": "外发"}


@app.command(name="list")
def list_adapters(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:  # noqa: ARG001
    """列出已安装的适配器及其配置键。"""
    from bridge.registry import installed

    rows = []
    for found in installed():
        classes = [cls for cls in (found.feed, found.unit) if cls is not None]
        kinds = [name for name, cls in (("上游", found.feed), ("单位", found.unit)) if cls is not None]
        keys = {key for cls in classes for key in cls.Config.model_fields}
        rows.append(
            {
                "name": found.name,
                "kinds": "、".join(kinds),
                "keys": " ".join(sorted(keys)),
                "idempotent": all(cls.capabilities.idempotent for cls in classes) if classes else None,
                "problem": found.problem,
            }
        )
    print_rows(_TITLES, rows, as_json=as_json)


@app.command()
def check(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """检查配置里的每个来源与渠道：适配器可用、键与密钥齐全、规则中确有该单位。"""
    from bridge.live_rules import load

    settings = settings_of(config)
    units = load(settings).policy.units
    channels = {unit.channel for unit in units.values()}
    orphans = sorted(set(settings.channels) - channels)
    rows = [_row("来源", name, feed.adapter, feed.config, "push_url") for name, feed in settings.feeds.items()]
    rows += [_row("渠道", name, each.adapter, each.config, "url") for name, each in settings.channels.items()]
    print_rows(_CHECKED, rows, as_json=as_json)
    if orphans:
        raise refuse(f"规则中没有单位使用这些渠道：{'、'.join(orphans)}", DOES_NOT_HOLD)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="文件名（小写字母、数字、下划线），也是 bridge.toml 里的 adapter")],
    kind: Annotated[str, typer.Option(help="unit（单位渠道）或 feed（上游）")] = "unit",
    folder: Annotated[Path, typer.Option(help="写到哪个目录")] = Path("adapters"),
    config: Config = DEFAULT_CONFIG,  # noqa: ARG001 - every command takes it
) -> None:
    """新建一个适配器的骨架；写法见 docs/howto/add-an-adapter.md。"""
    from bridge.cli.skeleton import KINDS, is_name, write_skeleton

    if not is_name(name):
        raise refuse("名称应为小写字母开头的小写字母、数字和下划线")
    if kind not in KINDS:
        raise refuse(f"--kind 应为 {'、'.join(KINDS)} 之一")
    if not folder.is_dir():
        raise refuse(f"目录 {folder} 不存在")
    try:
        typer.echo(str(write_skeleton(folder, name, kind)))
    except FileExistsError as error:
        raise refuse(f"{error.filename} 已存在，没有改动", DOES_NOT_HOLD) from None


def _row(kind: str, name: str, adapter: str, config: object, address_key: str) -> dict[str, str]:
    from bridge.settings import host_of

    address, directory = getattr(config, address_key, None), getattr(config, "dir", None)
    if directory is not None:
        delivers = str(directory)
    elif address:
        delivers = host_of(address)
    else:
        delivers = "由对方拉取" if hasattr(config, address_key) else "本机"
    return {"kind": kind, "name": name, "adapter": adapter, "delivers": delivers}
