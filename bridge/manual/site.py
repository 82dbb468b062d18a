"""The hook of ``mkdocs.yml``: pages made from the code, and a table of contents made from the folders.

Owns: what the site holds besides ``docs/``. Must not: be imported by the bridge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from bridge.manual import commands, configuration

MADE: dict[str, Callable[[], str]] = {
    "reference/commands.zh-CN.md": commands.page,
    "reference/configuration.zh-CN.md": configuration.page,
}
SECTIONS = {
    "tutorial": "教程",
    "howto": "做法",
    "reference": "参考",
    "explanation": "解释",
    "runbooks": "处置手册",
    "adr": "设计决定",
}
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Make the table of contents: every page of every folder, Chinese ones first."""
    docs = Path(config["docs_dir"])
    nav: list[Any] = [{"首页": "index.md"}]
    nav += [{title: _pages(docs, folder)} for folder, title in SECTIONS.items() if _pages(docs, folder)]
    config["nav"] = nav
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made from the code."""
    for name, page in MADE.items():
        files.append(File.generated(config, name, content=page()))
    return files


def _pages(docs: Path, folder: str) -> list[dict[str, str]]:
    there = {path.relative_to(docs).as_posix(): path.read_text("utf-8") for path in (docs / folder).rglob("*.md")}
    there |= {name: page() for name, page in MADE.items() if name.startswith(f"{folder}/")}
    ordered = sorted(there, key=lambda name: (not name.endswith("index.md"), ".zh-CN." not in name, name))
    return [{_title(name, there[name]): name} for name in ordered]


def _title(name: str, text: str) -> str:
    found = _TITLE.search(text)
    return found[1].replace("`", "") if found else name
