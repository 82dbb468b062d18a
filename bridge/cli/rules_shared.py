"""What the ``bridge rules`` commands share: their options, finding and loading the rules file.

Owns: ``--rules`` before the configuration before the default. Must not: print results.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import AsJson, Config

if TYPE_CHECKING:
    from bridge.rules.compile import CompiledRules

__all__ = ["AsJson", "Config", "File", "RulesFile", "load_or_exit", "read_or_exit", "rules_path"]

File = Annotated[Path, typer.Argument(help="规则文件,如 routing_rules.yaml。")]
RulesFile = Annotated[Path | None, typer.Option("--rules", help="规则文件;缺省用配置里的 rules。")]


def rules_path(rules: Path | None, config: Path) -> Path:
    """``--rules``, else ``BRIDGE_RULES``, else the ``rules`` of the configuration, else ``routing_rules.yaml`` beside it."""
    if rules is not None:
        return rules
    name = os.environ.get("BRIDGE_RULES", "routing_rules.yaml")
    if "BRIDGE_RULES" not in os.environ and config.is_file():
        try:
            name = str(tomllib.loads(config.read_text(encoding="utf-8")).get("rules", name))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            typer.echo(f"{config}:1:1 -: 不是有效的TOML({error})", err=True)
            raise typer.Exit(1) from None
    return config.parent / name


def load_or_exit(path: Path) -> CompiledRules:
    """Load rules; print every problem and exit 1 if they cannot be used."""
    return read_or_exit(path)[0]


def read_or_exit(path: Path) -> tuple[CompiledRules, bytes]:
    """Load rules and return their text, too; print every problem and exit 1 if they cannot be used."""
    from bridge.errors import ConfigError
    from bridge.rules.load import read_source, rules_of

    try:
        name, data = read_source(path)
        return rules_of(data, name), data
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
