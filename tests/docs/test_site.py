"""The manual builds without a warning, loads nothing from elsewhere, and every command it names can be typed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.examples import EXAMPLES
from bridge.manual import commands, configuration
from bridge.testing.counterparts.control import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TREE: Any = get_command(app)
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(bridge [^`\n]+)`")
_CUT = re.compile(r"(?<!\S)(?:\||>|>>|<|&&|&|;)(?!\S).*")
_LOADED = re.compile(
    r"<(?:script|img|iframe)\b[^>]*?src=\"(https?:)?//|<link\b[^>]*?rel=\"stylesheet\"[^>]*?href=\"https?:"
)
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "README.zh-CN.md"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    target = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return target


def test_it_builds_strictly_and_stands_alone(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= len(list(DOCS.rglob("*.md")))
    for page in pages:
        assert not _LOADED.search(page.read_text(encoding="utf-8")), page


def test_the_reference_has_every_command_and_key(site: Path) -> None:
    text = (site / "reference/commands.zh-CN.html").read_text(encoding="utf-8")
    for path, _ in commands.commands(TREE):
        assert " ".join(path) in text
    assert set(configuration.keys()) == set(configuration.WORDS)


def typed(page: Path) -> Iterator[str]:
    """Yield every command line of ours on a page."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for kind, block in _FENCE.findall(text):
        for line in block.splitlines() if kind == "sh" else ():
            yield from re.findall(r"(?:^|[\s(]|/)(bridge (?!serve > ).*?)\)?$", line.partition(" #")[0].strip())
        if kind in {"", "bash"}:
            yield from re.findall(r"^ *(bridge .+?)(?: #.*)?$", block, re.MULTILINE)
    yield from _INLINE.findall(_FENCE.sub("", text))


def resolved(line: str) -> None:
    """Follow a command line through the tree; raises for a command or an option there is not."""
    words = shlex.split(_CUT.sub("", line.replace("…", "")), posix=True)[1:]
    command, path = TREE, ["bridge"]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        alternatives = re.split(r"[|/、]", words.pop(0))
        found = [command.commands.get(name) for name in alternatives]
        assert all(found), f"{line}: 没有 {' '.join([*path, *alternatives])}"
        command, path = found[0], [*path, alternatives[0]]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help"
    }
    used = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w=-]*", word)}
    assert used <= options, f"{line}: {used - options}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_named_can_be_typed(page: Path) -> None:
    for line in typed(page):
        resolved(line)


def test_every_command_has_examples_that_can_be_typed() -> None:
    leaves = {" ".join(path[1:]) for path, command in commands.commands(TREE) if not hasattr(command, "commands")}
    assert set(EXAMPLES) == leaves
    for name, lines in EXAMPLES.items():
        assert any(line.startswith(f"bridge {name}") for line in lines), name
        for line in lines:
            resolved(line)


def test_help_shows_them() -> None:
    shown = CliRunner().invoke(app, ["backup", "--help"]).stdout
    assert "bridge backup /mnt/backup --keep 14" in shown
    assert "例：" in shown


def test_a_wrong_command_would_be_found() -> None:
    for line in ("bridge backpu x", "bridge outbox list --sate parked", "bridge cases lsit"):
        with pytest.raises(AssertionError):
            resolved(line)


def test_a_fence_names_a_language_and_nothing_else() -> None:
    """The docs tool takes a fence with a second word for text, and the text after it for code."""
    odd = re.compile(r"^ *```\w+ ", re.MULTILINE)
    assert [page.name for page in DOCS.rglob("*.md") if odd.search(page.read_text(encoding="utf-8"))] == []


def test_what_belongs_to_a_list_item_is_indented_by_four() -> None:
    """The docs tool ends a list at a block that is indented by less, and numbers what follows from 1 again."""
    block = re.compile(r"^ {1,3}(?:```|\|)", re.MULTILINE)
    assert [page.name for page in DOCS.rglob("*.md") if block.search(page.read_text(encoding="utf-8"))] == []
