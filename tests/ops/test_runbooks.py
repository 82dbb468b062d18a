"""Every command a runbook tells to run exists, with its options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from bridge.cli import app
from tests.ops.watching import ROOT, RUNBOOKS, alerts

PAGES = [*sorted(RUNBOOKS.glob("*.md")), ROOT / "docs/howto/watch.zh-CN.md"]
FENCED = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(bridge [^`]+)`")
SECTIONS = ("意思", "影响谁", "看什么", "怎么做", "找谁")


def commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    lines = [line.strip() for block in FENCED.findall(text) for line in block.splitlines()]
    return [line for line in [*lines, *INLINE.findall(text)] if line.startswith("bridge ")]


def problem_of(line: str) -> str | None:
    """Say what is wrong with a command line of ours; None if it could be run."""
    node: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while words and hasattr(node, "commands"):
        if words[0] not in node.commands:
            return f"no command {words[0]}"
        node = node.commands[words.pop(0)]
    known = {option for parameter in node.params for option in parameter.opts}
    unknown = [word for word in words if word.startswith("--") and word not in known]
    return f"no option {unknown}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_commands_exist(page: Path) -> None:
    assert {line: wrong for line in commands(page) if (wrong := problem_of(line))} == {}


def test_a_command_that_does_not_exist_is_found() -> None:
    assert problem_of("bridge outbox list --state parked") is None
    assert problem_of("bridge outbox list --colour red") == "no option ['--colour']"
    assert problem_of("bridge outbox burn") == "no command burn"


@pytest.mark.parametrize("name", [rule.name for rule in alerts()])
def test_a_page_has_every_section(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}：")
    assert [section for section in SECTIONS if f"\n## {section}\n" not in text] == []
