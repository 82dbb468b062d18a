"""The page on requirements names every requirement once, and only tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.acceptance.scenario.script import SHIPPED, read

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/requirements.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| R(\d+) \|[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
LAST = 38


def test_every_requirement_stands_there_once() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, LAST + 1))


def test_every_requirement_has_a_proof_or_a_reason() -> None:
    for number, proof in ROWS:
        assert "`" in proof or "out of our reach" in proof, f"R{number}"


def test_every_test_named_exists() -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE):
        assert name in _functions(ROOT / path), f"{path}::{name}"


def test_every_story_named_is_played() -> None:
    stories = {story.id for story in read(SHIPPED)}
    assert set(re.findall(r"`(S\d\d)`", PAGE)) <= stories


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
