"""What every command shares: the options, loading the settings, printing.

Owns: ``--config``, ``--json``, exit statuses. Must not: import the daemon before a command needs it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.os_errors import worded

if TYPE_CHECKING:
    from bridge.settings import Settings

DOES_NOT_HOLD = 1
WRONG_USE = 2
DEFAULT_CONFIG = Path("bridge.toml")

Config = Annotated[Path, typer.Option("--config", envvar="BRIDGE_CONFIG", readable=False, help="配置文件。")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出。")]
RulesFile = Annotated[Path | None, typer.Option("--rules", readable=False, help="规则文件，优先于配置里的 rules。")]


def settings_of(config: Path, rules: Path | None = None) -> Settings:
    """Load the settings. Raises ConfigError with every problem."""
    from bridge.settings_file import load_settings

    return load_settings(config, os.environ, rules)


def print_json(value: object) -> None:
    """Print one JSON document for a program."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def print_rows(titles: Mapping[str, str], rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print a listing: a table for people, a JSON array for programs."""
    if as_json:
        print_json([{name: row.get(name) for name in titles} for row in rows])
        return
    for line in aligned([list(titles.values()), *([row.get(name) for name in titles] for row in rows)]):
        typer.echo(line)


def aligned(cells: Sequence[Sequence[object]]) -> list[str]:
    """Lay cells out in columns, a Chinese character counting two; nothing is cut off."""
    from rich.cells import cell_len

    texts = [["" if cell is None else str(cell) for cell in line] for line in cells]
    widths = [max(cell_len(line[column]) for line in texts) for column in range(len(texts[0]))]
    return [
        "  ".join(text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in texts
    ]


def read_input(file: str) -> bytes:
    """Read a file a person names, ``-`` being standard input. Raises typer.Exit with the reason."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise refuse(f"{file} 读不出来：{worded(error)}") from None


def refuse(message: str, status: int = WRONG_USE) -> typer.Exit:
    """Say on stderr why a command cannot be done, and return what to raise."""
    typer.echo(message, err=True)
    return typer.Exit(status)
