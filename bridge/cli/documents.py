"""``bridge schemas`` and ``bridge openapi``: what others build against, written from the models.

Owns: writing and checking the generated files. Must not: hold a schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, Config, print_json, refuse

Folder = Annotated[Path, typer.Option(help="写到哪个文件夹。")]


def schemas(
    check: Annotated[bool, typer.Option("--check", help="只核对，不写；有出入时退出状态为 1。")] = False,
    directory: Folder = Path("schemas"),
    config: Config = DEFAULT_CONFIG,  # noqa: ARG001 - every command takes --config
) -> None:
    """由模型生成各种正文与规则文件的 JSON Schema。"""
    from bridge.rules import schema as rules_schema
    from bridge.wire import schemas as wire_schemas

    wanted = {**wire_schemas.render(), **rules_schema.render()}
    if check:
        _compare(directory, wanted)
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(wanted.items()):
        (directory / name).write_text(text, encoding="utf-8")
        typer.echo(str(directory / name))


def openapi(config: Config = DEFAULT_CONFIG) -> None:  # noqa: ARG001 - every command takes --config
    """打印 HTTP 接口的 OpenAPI 3.1 文档。"""
    from bridge.web.openapi import document
    from bridge.web.routes import ROUTES

    print_json(document(ROUTES))


def _compare(directory: Path, wanted: dict[str, str]) -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.json")}
    stale = [f"{name} 与模型不符" for name in sorted(wanted) if found.get(name) != wanted[name]]
    stale += [f"{name} 是多余的" for name in sorted(found) if name not in wanted]
    if stale:
        raise refuse("\n".join([*stale, "请执行 bridge schemas 重新生成"]), DOES_NOT_HOLD)
    typer.echo(f"{directory}：{len(wanted)} 个文件与模型一致")
