"""The page that walks through the code names only what exists."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/one-ticket.md"
STEPS = re.findall(r"`([\w/]+)\.py:([\w.]+)`", PAGE.read_text(encoding="utf-8"))


def test_the_page_names_many_steps() -> None:
    assert len(STEPS) >= 25


@pytest.mark.parametrize(("module", "name"), STEPS)
def test_every_named_function_exists(module: str, name: str) -> None:
    found = reduce(getattr, name.split("."), importlib.import_module(module.replace("/", ".")))
    assert callable(found)
    assert (ROOT / f"{module}.py").is_file()
