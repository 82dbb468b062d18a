"""``bridge adapters``: which adapters are installed, and whether the configured ones can be built.

Owns: the two commands. Must not: contact a counterpart.
"""

from __future__ import annotations

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_rows, refuse, settings_of

app = typer.Typer(help="适配器：列出、检查。", no_args_is_help=True)

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
    rows = [
        _row("来源", name, feed.adapter, getattr(feed.config, "push_url", None))
        for name, feed in settings.feeds.items()
    ]
    rows += [
        _row("渠道", name, each.adapter, getattr(each.config, "url", None)) for name, each in settings.channels.items()
    ]
    print_rows(_CHECKED, rows, as_json=as_json)
    if orphans:
        raise refuse(f"规则中没有单位使用这些渠道：{'、'.join(orphans)}", DOES_NOT_HOLD)


def _row(kind: str, name: str, adapter: str, address: str | None) -> dict[str, str]:
    from bridge.settings import host_of

    return {"kind": kind, "name": name, "adapter": adapter, "delivers": host_of(address) if address else "由对方拉取"}
