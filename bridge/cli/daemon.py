"""``bridge serve``, ``bridge demo``, ``bridge init``: the daemon, its demonstration, its folder.

Owns: their options. Must not: hold what the daemon does.
"""

from __future__ import annotations

import asyncio
import gc
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, Config, RulesFile, refuse, settings_of
from bridge.os_errors import worded

Roles = Annotated[str, typer.Option(help="本进程担任的角色，逗号分隔：web、worker、clock、feeds。")]
LogFormat = Annotated[str | None, typer.Option("--log-format", help="日志格式：json 或 console。")]


def serve(
    config: Config = DEFAULT_CONFIG,
    rules: RulesFile = None,
    roles: Roles = "web,worker,clock,feeds",
    log_format: LogFormat = None,
) -> None:
    """启动守护进程，直到收到 SIGTERM 或 Ctrl-C。"""
    gc.disable()  # until it has started: almost all that is made meanwhile stays for good
    from bridge.app import ROLES
    from bridge.app import serve as run

    wanted = [role.strip() for role in roles.split(",") if role.strip()]
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        raise refuse(f"--roles 只能取 {'、'.join(ROLES)}")
    if log_format not in {None, "json", "console"}:
        raise refuse("--log-format 只能取 json 或 console")
    settings = settings_of(config, rules)
    if log_format:
        settings = settings.with_log_format(log_format)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(run(settings, wanted))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop where its package is installed (extra ``fast``)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def demo(
    once: Annotated[bool, typer.Option("--once", help="演完全部故事即退出；全部符合预期时退出状态为 0。")] = False,
    tickets: Annotated[int, typer.Option(min=0, help="另外随机来的工单件数。")] = 0,
    speed: Annotated[float, typer.Option(min=1, help="业务时钟每秒走多少秒。")] = 600.0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="监听端口。")] = 8080,
    config: Config = DEFAULT_CONFIG,  # noqa: ARG001 - every command takes --config; the demo makes its own
) -> None:
    """演示：真实守护进程与模拟的热线、单位，在本机演完一件件工单。"""
    from bridge.demo.run import run_demo

    raise typer.Exit(run_demo(once=once, tickets=tickets, speed=speed, port=port))


def init(
    directory: Annotated[Path, typer.Argument(help="要建立的文件夹。")],
    config: Config = DEFAULT_CONFIG,  # noqa: ARG001 - every command takes --config; this one writes DIR/bridge.toml
) -> None:
    """建立运行文件夹：带说明的 bridge.toml、密钥文件与签名密钥（仅本人可读）、规则文件。"""
    from bridge.cli.folder import create_folder

    try:
        written = create_folder(directory)
    except FileExistsError as error:
        raise refuse(f"{error.filename} 已存在，不覆盖；请换一个文件夹") from None
    except OSError as error:
        raise refuse(f"{error.filename or directory} 写不进去：{worded(error)}") from None
    for path in written:
        typer.echo(str(path))
    typer.echo(f"下一步：bridge serve --config {shlex.quote(str(directory / 'bridge.toml'))}", err=True)
