"""A page as steps: its shell blocks in order, its edits of files, and what it says one should see.

Owns: reading a page, and typing it. Must not: know what the page is about.

The page's conventions: ``sh`` blocks are typed; "在 `FILE` 的 `LINE` 一行之后加入：" puts the next block into a file;
every line of a ``text`` block must appear in what the step before it printed. A ``bash`` block is not typed by a test;
the comment "不由测试执行：…" before it says why.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from typer.testing import CliRunner

from bridge.cli import app

_STEP = re.compile(
    r"(?:在 `(?P<file>[^`]+)` 的 `(?P<after>[^`]+)` 一行之后加入：\n\n)?^ *```(?P<kind>\w+)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_UNTYPED = re.compile(r"(?:^ *<!-- 不由测试执行：(?P<why>.+?) -->\n)?^ *```bash\n *(?P<first>.*)$", re.MULTILINE)
_OURS = re.compile(r"bridge [^|&;<>$`\\]+")
"""A line that is one command of ours and nothing of the shell's."""


@dataclass
class Step:
    """Commands, and the lines they must print."""

    script: str
    expected: list[str] = field(default_factory=list)


def steps(page: Path) -> list[Step]:
    """Return the page's steps in order."""
    found: list[Step] = []
    for match in _STEP.finditer(page.read_text(encoding="utf-8")):
        text = textwrap.dedent(match["text"])
        if match["file"]:
            found.append(Step(_insertion(match["file"], match["after"], _as_deep(match))))
        elif match["kind"] == "sh":
            found.append(Step(text))
        elif match["kind"] == "text":
            found[-1].expected += text.splitlines()
    return found


def untyped(page: Path) -> dict[str, str]:
    """Return the first line of every block no test types, with the page's reason, empty where it gives none."""
    text = page.read_text(encoding="utf-8")
    return {match["first"]: match["why"] or "" for match in _UNTYPED.finditer(text)}


def _as_deep(match: re.Match[str]) -> str:
    """Return a block's lines without the margin its fence stands at: what is left is the file's own indentation."""
    margin = len(match[0].splitlines()[-1]) - len("```")
    return "".join(line[margin:] for line in match["text"].splitlines(keepends=True))


def _insertion(file: str, after: str, text: str) -> str:
    """Return what an editor does: the lines go in after the line named."""
    edit = (
        "import sys; file, after, text = sys.argv[1:]; lines = open(file, encoding='utf-8').read().split('\\n'); "
        "at = lines.index(after); lines[at + 1 : at + 1] = text.rstrip('\\n').split('\\n'); "
        "open(file, 'w', encoding='utf-8').write('\\n'.join(lines))"
    )
    return f"python -c {shlex.quote(edit)} {shlex.quote(file)} {shlex.quote(after)} {shlex.quote(text)}\n"


def script(page: Path, *, instead: Mapping[str, str]) -> str:
    """Return the page as one script that says before each step which it is; ``instead`` replaces what a test cannot do."""
    parts = ["set -e", "exec 2>&1"]
    for number, step in enumerate(steps(page)):
        parts.append(f"printf '\\n@@ {number}\\n'\n{_replaced(step.script, instead)}")
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


def type_page(
    page: Path,
    folder: Path,
    environment: Mapping[str, str],
    instead: Mapping[str, str],
    before: Mapping[str, Callable[[], object]],
) -> list[str]:
    """Type a page in a folder, our own commands in this process; returns what it promises and did not show.

    ``before`` holds what a person's hand does before the step that begins with these words.

    Raises:
        AssertionError: a command ended with another status than 0.
    """
    lacking = []
    for number, step in enumerate(steps(page)):
        for words, hand in before.items():
            if step.script.startswith(words):
                hand()
        shown = _typed(_replaced(step.script, instead), folder, environment)
        expected = [_replaced(line, instead) for line in step.expected]
        lacking += [f"step {number}: {line}\n{shown}" for line in expected if line not in shown]
    return lacking


def _replaced(text: str, instead: Mapping[str, str]) -> str:
    for old, new in instead.items():
        text = text.replace(old, new)
    return text


def _typed(text: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Type a block: lines that are commands of ours in this process, what lies between them in a shell."""
    parts = groupby(text.splitlines(), key=lambda line: bool(_OURS.fullmatch(line)))
    return "".join(
        "".join(_invoked(line, environment) for line in lines) if ours else _shelled(lines, folder, environment)
        for ours, lines in parts
    )


def _shelled(lines: Iterable[str], folder: Path, environment: Mapping[str, str]) -> str:
    text = "\n".join(lines)
    done = subprocess.run(
        ["bash", "-ec", text], cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _invoked(line: str, environment: Mapping[str, str]) -> str:
    done = CliRunner().invoke(app, shlex.split(line)[1:], env=dict(environment))
    assert done.exit_code == 0, f"{line}\n{done.output}{done.exception!r}"
    return done.output
