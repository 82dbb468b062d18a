"""The reference of commands, from the command tree itself.

Owns: :func:`page`. Must not: describe a command in other words than its own help.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from bridge.cli import app
from bridge.cli.examples import EXAMPLES

_HEAD = """\
# 命令

由程序自己的帮助生成。每个命令都可加 `--config`（缺省 `./bridge.toml`，或环境变量 `BRIDGE_CONFIG`），列表类命令可加 `--json`。
退出状态：0 完成，1 所核对的不成立，2 用法或配置不对；错误写在标准错误。
"""


def page() -> str:
    """Return the whole page (Markdown)."""
    return _HEAD + "".join(_section(path, command) for path, command in commands(get_command(app)))


def commands(group: Any, path: tuple[str, ...] = ("bridge",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with the words that call it, groups before what they hold."""
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


def _section(path: tuple[str, ...], command: Any) -> str:
    level = "##" if len(path) == 2 else "###"  # noqa: PLR2004 - bridge and one word: a command of the first level
    help_text = (command.help or "").strip()
    rows = [_row(parameter) for parameter in getattr(command, "params", ()) if _is_shown(parameter)]
    table = "| 参数 | 说明 |\n|---|---|\n" + "".join(rows) if rows else ""
    examples = "\n".join(EXAMPLES.get(" ".join(path[1:]), ()))
    shown = f"```sh\n{examples}\n```\n\n" if examples else ""
    return f"\n{level} {' '.join(path)}\n\n{help_text}\n\n{shown}{table}"


def _is_shown(parameter: Any) -> bool:
    return parameter.name not in {"help", "config", "as_json", "install_completion", "show_completion"}


def _row(parameter: Any) -> str:
    names = (
        "、".join(f"`{name}`" for name in parameter.opts) if parameter.opts[0].startswith("-") else _argument(parameter)
    )
    return f"| {names} | {(getattr(parameter, 'help', None) or '').replace('|', '/')} |\n"


def _argument(parameter: Any) -> str:
    return f"`{(parameter.metavar or parameter.name).upper()}`"
