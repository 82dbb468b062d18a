"""A page as a script: its shell blocks in order, its edits of files, and what it says one should see.

Owns: reading a page and turning it into one bash script. Must not: know what the page is about.

The page's conventions: ``sh`` blocks are typed; "在 `FILE` 的 `LINE` 一行之后加入：" puts the next block into a file;
every line of a ``text`` block must appear in what the step before it printed.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

_STEP = re.compile(
    r"(?:在 `(?P<file>[^`]+)` 的 `(?P<after>[^`]+)` 一行之后加入：\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Step:
    """Commands, and the lines they must print."""

    script: str
    expected: list[str] = field(default_factory=list)


def steps(page: Path) -> list[Step]:
    """Return the page's steps in order."""
    found: list[Step] = []
    for match in _STEP.finditer(page.read_text(encoding="utf-8")):
        if match["file"]:
            found.append(Step(_insertion(match["file"], match["after"], match["text"])))
        elif match["kind"] == "sh":
            found.append(Step(match["text"]))
        elif match["kind"] == "text":
            found[-1].expected += match["text"].splitlines()
    return found


def _insertion(file: str, after: str, text: str) -> str:
    """Return what an editor does: the lines go in after the line named."""
    edit = (
        "import sys; file, after, text = sys.argv[1:]; lines = open(file, encoding='utf-8').read().split('\\n'); "
        "at = lines.index(after); lines[at + 1 : at + 1] = text.rstrip('\\n').split('\\n'); "
        "open(file, 'w', encoding='utf-8').write('\\n'.join(lines))"
    )
    return f"python -c {shlex.quote(edit)} {shlex.quote(file)} {shlex.quote(after)} {shlex.quote(text)}\n"


def script(page: Path, *, instead: dict[str, str]) -> str:
    """Return the page as one script that says before each step which it is; ``instead`` replaces what a test cannot do."""
    parts = ["set -e", "exec 2>&1"]
    for number, step in enumerate(steps(page)):
        text = step.script
        for old, new in instead.items():
            text = text.replace(old, new)
        parts.append(f"printf '\\n@@ {number}\\n'\n{text}")
    return "\n".join(parts)


def missing(page: Path, transcript: str) -> list[str]:
    """Return what the page promises and the transcript does not show, with the step's number."""
    shown = dict(re.findall(r"^@@ (\d+)\n(.*?)(?=^@@ |\Z)", transcript, re.MULTILINE | re.DOTALL))
    return [
        f"step {number}: {line}"
        for number, step in enumerate(steps(page))
        for line in step.expected
        if line not in shown.get(str(number), "")
    ]
