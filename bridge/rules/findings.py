"""Collects problems with their places in the file.

Owns: turning a path of the document into a problem; the check of one reference. Must not: know sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bridge.errors import Problem
from bridge.rules.messages import suggestion
from bridge.rules.yaml_reader import Path, YamlText, dotted


class Findings:
    """The problems found so far."""

    def __init__(self, source: YamlText) -> None:
        """Remember where everything stands."""
        self._source = source
        self.problems: list[Problem] = []

    def add(self, path: Path, message: str, *, key: bool = False) -> None:
        """Report a problem at a path; ``key`` points at the name instead of the value."""
        self.problems.append(Problem(dotted(path), message, *self._source.position(path, key=key)))

    def unquoted(self, path: Path) -> bool:
        """Whether a text stands in the file without quotes."""
        return path in self._source.plain

    def reference(self, path: Path, name: str, known: Iterable[str], what: str) -> bool:
        """Whether a name is known; reports it with the nearest one if not."""
        names = list(known)
        if name in names:
            return True
        self.add(path, f"没有{what}“{name}”{suggestion(name, names)}")
        return False

    def references(self, path: Path, names: Iterable[str], known: Iterable[str], what: str) -> None:
        """The same for a list; a name given twice is a problem too."""
        allowed, seen = list(known), set()
        for number, name in enumerate(names):
            self.reference((*path, number), name, allowed, what)
            if name in seen:
                self.add((*path, number), f"“{name}”在这里写了两次")
            seen.add(name)

    def unique(self, path: Path, ids: Iterable[str], what: str) -> None:
        """Ids of a list must differ."""
        first: dict[str, int] = {}
        for number, name in enumerate(ids):
            if name in first:
                line = self._source.position((*path, first[name], "id"))[0]
                self.add((*path, number, "id"), f"{what}代码“{name}”重复:第 {line} 行已经用过")
            first.setdefault(name, number)

    def missing(self, path: Path, wanted: Iterable[str], present: Mapping[str, object], what: str) -> None:
        """Names that must be there."""
        absent = [name for name in wanted if name not in present]
        if absent:
            self.add(path, f"缺少{what}:{'、'.join(absent)}", key=True)
