"""The Dockerfile as data: its stages and instructions, and the files the build may see.

Owns: reading both. Must not: build.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CONTINUED = re.compile(r"\\\n\s*")


@dataclass(frozen=True)
class Instruction:
    """One line: its word and the rest."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The exec form (`CMD ["bridge", …]`) as words."""
        found: list[str] = json.loads(self.rest[self.rest.index("[") :])
        return found


def instructions() -> list[list[Instruction]]:
    """Return the stages of the Dockerfile, each a list of instructions."""
    text = _CONTINUED.sub(" ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages: list[list[Instruction]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append(Instruction(word, rest.strip()))
    return stages


def context(target: Path) -> list[str]:
    """Copy what the build may see (``.dockerignore``, tracked files only) to a bare folder; returns the names."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name and _is_seen(name)]
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    return names


def _is_seen(name: str) -> bool:
    """Tell whether ``.dockerignore`` lets a file through; the last line that fits decides."""
    seen = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").rstrip("/")
        if fnmatch(name, pattern) or name.startswith(f"{pattern}/") or fnmatch(name, f"{pattern}/*"):
            seen = line.startswith("!")
    return seen
