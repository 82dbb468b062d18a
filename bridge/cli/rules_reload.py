"""``bridge rules reload``: check the rules file with its own tests, then tell the running daemon.

Owns: refusing a file that would be refused anyway, before anybody is signalled. Must not: swap rules itself.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import typer

from bridge.cli.options import DOES_NOT_HOLD, print_json, settings_of
from bridge.cli.rules_shared import AsJson, Config


def reload(config: Config = Path("bridge.toml"), as_json: AsJson = False) -> None:
    """让运行中的守护进程立即换上改好的规则；文件有错时什么都不换，退出状态为 1。"""
    from bridge.errors import ConfigError
    from bridge.pid_file import running
    from bridge.rules.reload import load_tested

    settings = settings_of(config)
    try:
        rules = load_tested(settings.rules)
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(problem.located(error.file), err=True)
        raise typer.Exit(DOES_NOT_HOLD) from None
    number = running(settings.folder)
    if number is None:
        typer.echo(f"{settings.folder} 没有在本机运行的守护进程；规则无误（版本 {rules.hash}），启动时会读取", err=True)
        raise typer.Exit(DOES_NOT_HOLD)
    os.kill(number, signal.SIGHUP)
    if as_json:
        print_json({"pid": number, "hash": rules.hash})
    else:
        typer.echo(f"已通知守护进程 {number} 换上规则版本 {rules.hash}")
