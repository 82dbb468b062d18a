"""What a person is told who typed a command wrongly: one Chinese line, and where the right way stands.

Owns: the words for the parser's complaints, exit status 2. Must not: know a command.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError

from bridge.cli.help_page import ChinesePages
from bridge.cli.options import DOES_NOT_HOLD, WRONG_USE

_QUOTED = r"'([^']*)'"
_SAYINGS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"No such command {_QUOTED}\.(?: Did you mean (.+)\?)?", lambda m: f"没有命令“{m[1]}”{_meant(m[2])}"),
    (r"No such option: (\S+)(?: \(Possible options: (.+)\))?", lambda m: f"没有选项 {m[1]}{_meant(m[2])}"),
    (r"Missing command\.", lambda _: "后面要写一个命令"),
    (r"Missing argument (\S+?)\.(?: Choose from:\s*(.+))?", lambda m: f"缺少参数 {_bare(m[1])}{_choices(m[2])}"),
    (r"Missing option (.+?)\.(?: Choose from:\s*(.+))?", lambda m: f"缺少选项 {_bare(m[1])}{_choices(m[2])}"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", lambda m: f"多写了参数：{m[1]}；含空格的请加引号"),
    (rf"Option {_QUOTED} does not take a value\.", lambda m: f"选项 {m[1]} 后面不带值"),
    (rf"Option {_QUOTED} requires an argument\.", lambda m: f"选项 {m[1]} 后面要写一个值"),
    (r"Invalid value: (.+)", lambda m: m[1]),
    (r"Invalid value for (.+?): (.+)", lambda m: f"{_bare(m[1])} {_wrong(m[2])}"),
)
_VALUES: tuple[tuple[str, str], ...] = (
    (r"(?:Value error, )?'.*' is not one of (.+?)\.", "应为 {} 之一"),
    (r"Input should be a valid integer.*", "应为整数"),
    (r"Input should be a valid number.*", "应为数字"),
    (r"Input should be greater than or equal to (.+)", "不能小于 {}"),
    (r"Input should be greater than (.+)", "应大于 {}"),
    (r"Input should be less than or equal to (.+)", "不能大于 {}"),
    (rf"(?i:file|path|directory) {_QUOTED} does not exist\.", "{} 不存在；请核对名称和所在的文件夹"),
    (rf"(?i:file|path) {_QUOTED} is a directory\.", "{} 是文件夹；请写到文件名为止"),
    (rf"(?i:directory|path) {_QUOTED} is a file\.", "{} 是文件，这里要一个文件夹"),
    (rf"(?i:file|path|directory) {_QUOTED} is not (?:readable|writable)\.", "{} 没有读写的权限；请检查属主和权限"),
)


class ChineseGroup(ChinesePages):
    """The command tree, which answers wrong use in Chinese."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run; on its own, end the process with its status."""
        run = partial(
            super().main,
            args,
            prog_name,
            complete_var,
            standalone_mode=False,
            windows_expand_args=windows_expand_args,
            **extra,
        )
        if not standalone_mode:
            return run()
        try:
            status = run()
        except NoArgsIsHelpError as error:
            typer.echo(error.format_message(), err=True)
            sys.exit(WRONG_USE)
        except UsageError as error:
            typer.echo(told(error), err=True)
            sys.exit(WRONG_USE)
        except typer.Abort:
            typer.echo("已取消", err=True)
            sys.exit(DOES_NOT_HOLD)
        sys.exit(status if isinstance(status, int) else 0)


def told(error: UsageError) -> str:
    """Say what is wrong, and which page explains the command."""
    said = " ".join(error.format_message().split())
    for saying, words in _SAYINGS:
        match = re.fullmatch(saying, said)
        if match:
            said = words(match)
            break
    return f"{said}\n用法见：{error.ctx.command_path} --help" if error.ctx else said


def _wrong(said: str) -> str:
    for saying, words in _VALUES:
        match = re.fullmatch(saying, said)
        if match:
            return words.format(*(group.replace("'", "").replace(", ", "、") for group in match.groups()))
    return said


def _bare(name: str) -> str:
    return name.replace("'", "")


def _meant(names: str | None) -> str:
    return f"；是不是 {names.replace(', ', '、').replace(chr(39), '')}？" if names else ""


def _choices(names: str | None) -> str:
    return f"，可写：{names.replace(', ', '、')}" if names else ""
