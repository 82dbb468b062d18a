"""The page ``--help`` shows: in Chinese, no line cut off, every choice, range and default written out.

Owns: the layout of the page, and wrapping Chinese. Must not: describe a command in other words than its own help.
"""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from rich.cells import cell_len
from typer.core import TyperCommand, TyperGroup

_WIDEST = 100
_INDENT = 2
_LEFT = 26
"""Cells for names; a longer one has its text on the next line."""
_OWN = {
    "help": "显示本页。",
    "install_completion": "给当前的命令行装上 Tab 补全。",
    "show_completion": "打印 Tab 补全的脚本。",
}
_PIECES = re.compile(r"(?:[!-~]+|[^\n])[，。；：、！？）》”…〕,.;:!?)]*")

Row = tuple[str, str]


class ChineseCommand(TyperCommand):
    """A command whose help is such a page."""

    def get_help(self, ctx: Any) -> str:
        """Return the page."""
        return page(self, ctx)


class ChinesePages(TyperGroup):
    """A group whose help is such a page."""

    def get_help(self, ctx: Any) -> str:
        """Return the page."""
        return page(self, ctx)


def page(command: Any, ctx: Any) -> str:
    """Return a command's page, as wide as the terminal but no wider than a person reads."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    shown = [each for each in command.get_params(ctx) if not getattr(each, "hidden", False)]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name != "argument"]
    groups = getattr(command, "commands", {})
    commands = [(name, (each.help or "").partition("\n")[0]) for name, each in groups.items() if not each.hidden]
    return "\n".join(
        [
            *_wrapped(f"用法：{' '.join(_usage(ctx, arguments, options, groups))}", width, 0),
            "",
            *_wrapped(inspect.cleandoc(command.help or ""), width, 0),
            *_section("参数", [(_argument(each), _told(each)) for each in arguments], width),
            *_section("选项", [(_option(each), _told(each)) for each in options], width),
            *_section("命令", commands, width),
            *_examples(command.epilog),
        ]
    )


def _usage(ctx: Any, arguments: Iterable[Any], options: Iterable[Any], groups: Any) -> Iterator[str]:
    yield ctx.command_path
    yield from (_option(each) for each in options if each.required)
    yield "[选项]"
    yield from (_argument(each) if each.required else f"[{_argument(each)}]" for each in arguments)
    if groups:
        yield "命令 …"


def _section(title: str, rows: list[Row], width: int) -> Iterator[str]:
    if not rows:
        return
    left = min(max(cell_len(name) for name, _ in rows), _LEFT)
    yield from ("", f"{title}：")
    for name, text in rows:
        lines = [*_wrapped(text, width, _INDENT + left + 2)]
        if cell_len(name) > left:
            yield " " * _INDENT + name
        elif lines:
            yield " " * _INDENT + name + " " * (left - cell_len(name)) + lines.pop(0)[_INDENT + left :]
        yield from lines


def _examples(epilog: str | None) -> Iterator[str]:
    if epilog:
        yield ""
        yield from (line if line.endswith("：") else " " * _INDENT + line for line in epilog.split("\n") if line)


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    """Break a text into lines; Chinese breaks anywhere but before punctuation, a word of letters nowhere."""
    line, used = "", indent
    for paragraph in filter(None, text.split("\n")):
        for piece in _PIECES.findall(paragraph):
            cells = cell_len(piece)
            if used + cells > width and line.strip():
                yield " " * indent + line.rstrip()
                line, used = "", indent
            if line or not piece.isspace():
                line, used = line + piece, used + cells
        yield " " * indent + line.rstrip()
        line, used = "", indent


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper()
    return f"{name}…" if parameter.nargs == -1 else name


def _option(parameter: Any) -> str:
    names = "、".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} <{parameter.metavar or _kind(parameter.type_descriptor)}>"


def _kind(told: Any) -> str:
    if told.is_path:
        return "路径"
    return "数" if told.annotation in (int, float) else "值"


def _told(parameter: Any) -> str:
    """What a parameter is, which values it takes, and what it is without."""
    choices = parameter.type_descriptor.choices if parameter.type_descriptor.is_choice else ()
    notes = [
        f"可写 {'、'.join(map(_plain, choices))}" if choices else "",
        _bounds(parameter.min, parameter.max),
        "可写几次" if parameter.multiple else "",
        f"环境变量 {parameter.envvar}" if isinstance(parameter.envvar, str) else "",
        "必填" if parameter.required else _default(parameter.default),
    ]
    text = _OWN.get(parameter.name) or parameter.help or ""
    return text + "".join(f"〔{note}〕" for note in notes if note)


def _bounds(low: Any, high: Any) -> str:
    if low is not None and high is not None:
        return f"{low} 到 {high}"
    return f"不小于 {low}" if low is not None else f"不大于 {high}" if high is not None else ""


def _default(value: Any) -> str:
    if value is None or isinstance(value, bool) or callable(value) or not str(_plain(value)):
        return ""
    return f"缺省 {_plain(value)}"


def _plain(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)
